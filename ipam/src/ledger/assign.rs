//! Giving addresses: one per family that the listed pools have, all or none.
//! Pure: first everything is chosen, then everything is taken.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use tartan_model::{
    Attachment, ClassId, Family, Generation, Pool, PoolName, Slot, SlotState,
};
use thiserror::Error;

use super::block::{OwnSlot, Proof};
use super::query::{Choice, Query};
use super::requested::Exclusion;
use super::{Group, Ledger};
use crate::boot_time::BootTime;
use crate::request::{AssignRequest, Assigned, Freshness, Want};

/// Names of pools, listed as people read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolNames(pub Vec<PoolName>);

impl fmt::Display for PoolNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{name}")?;
        }
        Ok(())
    }
}

/// Why no address was given. Nothing has changed then.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AssignError {
    /// Room must be claimed first; then ask again.
    #[error("no own block has room; {} to claim", .0.len())]
    NeedsBlock(Vec<Want>),
    /// Everything is in use or rests, and no block can be claimed.
    #[error(
        "no {family} address is left in pool {pools}: {resting} released and \
         still resting, {}", soonest.map_or_else(
            || "none of them free soon".to_owned(),
            |wait| format!("the first for {wait:?} more"))
    )]
    Exhausted {
        /// The pools tried, in order.
        pools: PoolNames,
        /// The family.
        family: Family,
        /// Addresses of own blocks that were released and rest.
        resting: usize,
        /// When the first of them can be had; none where nothing rests, or
        /// its release is not in the store yet.
        soonest: Option<Duration>,
    },
    /// The request lists no pool.
    #[error("no pool is named to take an address from")]
    NoPools,
    /// A listed pool does not exist.
    #[error("pool {0} does not exist")]
    UnknownPool(PoolName),
    /// A listed pool gives no new addresses.
    #[error("pool {0} is draining and gives no new addresses")]
    PoolDraining(PoolName),
    /// Another attachment has the requested address.
    #[error("requested address {ip} is in use by {by}")]
    RequestedInUse {
        /// The address.
        ip: IpAddr,
        /// Who has it.
        by: Attachment,
    },
    /// The requested address was another class's and has not rested.
    #[error(
        "requested address {ip} was released by class {class} and rests{}",
        remaining.map_or_else(
            || " until its release is published".to_owned(),
            |wait| format!(" for {wait:?} more"))
    )]
    RequestedResting {
        /// The address.
        ip: IpAddr,
        /// The class that had it.
        class: ClassId,
        /// How long it still rests; none before its release is in the store.
        remaining: Option<Duration>,
    },
    /// The requested address lies in none of the listed pools.
    #[error("requested address {ip} is in none of the pools {pools}")]
    RequestedOutsidePools {
        /// The address.
        ip: IpAddr,
        /// The listed pools.
        pools: PoolNames,
    },
    /// Nobody gets that address.
    #[error("requested address {ip} of pool {pool} is {why}")]
    RequestedExcluded {
        /// The address.
        ip: IpAddr,
        /// Its pool.
        pool: PoolName,
        /// What keeps it back.
        why: Exclusion,
    },
    /// More than one address of a family was requested.
    #[error("both {first} and {second} are requested: one per family is given")]
    RequestedTwice {
        /// The one.
        first: IpAddr,
        /// The other.
        second: IpAddr,
    },
    /// The block of the requested address serves another team.
    #[error("requested address {ip} is in a block of team {team}")]
    RequestedOfOtherTeam {
        /// The address.
        ip: IpAddr,
        /// The team, as a class.
        team: ClassId,
    },
    /// No block around the requested address can be had by this host.
    #[error(
        "requested address {ip} of pool {pool} is in no block that this host \
         can give from"
    )]
    RequestedUnclaimable {
        /// The address.
        ip: IpAddr,
        /// Its pool.
        pool: PoolName,
    },
    /// The attachment has addresses, but not the requested one.
    #[error("{ip} is requested, but the attachment has other addresses")]
    RequestedWhileHolding {
        /// The address.
        ip: IpAddr,
        /// What it has.
        holds: Vec<IpAddr>,
    },
    /// The attachment has addresses as another class.
    #[error("the attachment has its addresses as class {held}, not {asked}")]
    ClassChanged {
        /// The class it has.
        held: ClassId,
        /// The class asked for.
        asked: ClassId,
    },
    /// The attachment has addresses in a later life.
    #[error("the attachment lives on in generation {}", held.0)]
    StaleGeneration {
        /// The later generation.
        held: Generation,
    },
}

impl Ledger {
    /// Gives addresses to an attachment. Asked again for one that has some,
    /// the answer is the same again, with the later generation noted.
    pub fn assign(
        &mut self,
        request: &AssignRequest,
        now: BootTime,
    ) -> Result<Assigned, AssignError> {
        if let Some(addresses) = self.held_already(request)? {
            self.renew(&addresses, request.generation);
            let freshness = Freshness::Again;
            return Ok(Assigned { addresses, freshness });
        }
        let addresses = self.choose(request, now)?;
        for address in &addresses {
            self.give(*address, request, now);
        }
        let attachment = request.attachment.clone();
        self.held.insert(attachment, addresses.clone());
        Ok(Assigned { addresses, freshness: Freshness::New })
    }

    /// The blocks that [`Self::assign`] would ask for now.
    pub fn needs(&self, request: &AssignRequest, now: BootTime) -> Vec<Want> {
        match self.held_already(request) {
            Ok(None) => match self.choose(request, now) {
                Err(AssignError::NeedsBlock(wants)) => wants,
                Ok(_) | Err(_) => Vec::new(),
            },
            Ok(Some(_)) | Err(_) => Vec::new(),
        }
    }

    fn held_already(
        &self,
        request: &AssignRequest,
    ) -> Result<Option<Vec<IpAddr>>, AssignError> {
        let Some(holding) = self.by_attachment(&request.attachment) else {
            return Ok(None);
        };
        if holding.class != request.class {
            let (held, asked) = (holding.class, request.class);
            return Err(AssignError::ClassChanged { held, asked });
        }
        if holding.generation > request.generation {
            let held = holding.generation;
            return Err(AssignError::StaleGeneration { held });
        }
        let holds = holding.addresses;
        let other = request.requested.iter().find(|ip| !holds.contains(ip));
        if let Some(ip) = other.copied() {
            return Err(AssignError::RequestedWhileHolding { ip, holds });
        }
        Ok(Some(holds))
    }

    /// Notes a later generation of an attachment that keeps its addresses:
    /// a release that names the earlier one is stale from now on.
    pub(super) fn renew(
        &mut self,
        addresses: &[IpAddr],
        generation: Generation,
    ) {
        for address in addresses {
            let Some(own) = self.own_slot(*address) else { continue };
            let mut own = own.clone();
            own.proof = Proof::Living;
            if own.slot.generation == generation {
                self.put_quietly(*address, own);
            } else {
                own.slot.generation = generation;
                self.place(*address, own);
            }
        }
    }

    fn choose(
        &self,
        request: &AssignRequest,
        now: BootTime,
    ) -> Result<Vec<IpAddr>, AssignError> {
        let pools = self.listed(&request.pools)?;
        let query = Query { request, pools, now };
        let requested = query.requested()?;
        let (mut given, mut wants) = (Vec::new(), Vec::new());
        for family in Family::ALL {
            if query.pools_of(family).next().is_none() {
                continue;
            }
            let choice = match requested.get(&family) {
                Some((ip, pool)) => self.weigh(&query, *ip, pool)?,
                None => self.pick(&query, family)?,
            };
            match choice {
                Choice::Give(address) => given.push(address),
                Choice::Claim(want) => wants.push(want),
            }
        }
        match wants.is_empty() {
            true => Ok(given),
            false => Err(AssignError::NeedsBlock(wants)),
        }
    }

    pub(super) fn listed(
        &self,
        names: &[PoolName],
    ) -> Result<Vec<&Pool>, AssignError> {
        let mut pools = Vec::new();
        let mut seen = BTreeSet::new();
        for name in names.iter().filter(|name| seen.insert(*name)) {
            let Some(pool) = self.rules.pools.get(name) else {
                return Err(AssignError::UnknownPool(name.clone()));
            };
            if pool.draining {
                return Err(AssignError::PoolDraining(name.clone()));
            }
            pools.push(pool);
        }
        if pools.is_empty() {
            return Err(AssignError::NoPools);
        }
        Ok(pools)
    }

    /// The ledger's own choice of an address of a family: what is free, pool
    /// by pool, claiming before going on to the next; at the very last what
    /// the class itself gave up and has not rested.
    fn pick(
        &self,
        query: &Query<'_>,
        family: Family,
    ) -> Result<Choice, AssignError> {
        let class = query.request.class;
        for pool in query.pools_of(family) {
            if let Some(address) = self.next_of(pool, family, query) {
                return Ok(Choice::Give(address));
            }
            if query.may_claim(pool, family) {
                let want = self.want(pool, family, class, None);
                return Ok(Choice::Claim(want));
            }
        }
        let own = query
            .pools_of(family)
            .flat_map(|pool| Group::serving(pool, family, class))
            .filter_map(|group| self.shelves.get(&group)?.oldest_of(class))
            .min();
        match own {
            Some((_, address)) => Ok(Choice::Give(address)),
            None => Err(self.exhausted(query, family)),
        }
    }

    fn next_of(
        &self,
        pool: &Pool,
        family: Family,
        query: &Query<'_>,
    ) -> Option<IpAddr> {
        let class = query.request.class;
        Group::serving(pool, family, class)
            .into_iter()
            .filter_map(|group| self.shelves.get(&group))
            .filter_map(|shelf| shelf.next(class, self.rest, query.now))
            .min()
            .map(|(_, address)| address)
    }

    fn exhausted(&self, query: &Query<'_>, family: Family) -> AssignError {
        let class = query.request.class;
        let shelves: Vec<_> = query
            .pools_of(family)
            .flat_map(|pool| Group::serving(pool, family, class))
            .filter_map(|group| self.shelves.get(&group))
            .collect();
        AssignError::Exhausted {
            pools: query.pool_names(),
            family,
            resting: shelves.iter().map(|shelf| shelf.waiting()).sum(),
            soonest: shelves
                .iter()
                .filter_map(|s| s.soonest(class, self.rest, query.now))
                .min(),
        }
    }

    /// Takes a chosen address off its shelf and into its slot.
    fn give(
        &mut self,
        address: IpAddr,
        request: &AssignRequest,
        now: BootTime,
    ) {
        let slot = Slot {
            attachment: request.attachment.clone(),
            generation: request.generation,
            class: request.class,
            boot: self.boot.clone(),
            state: SlotState::Pending,
        };
        let proof = Proof::Living;
        let own =
            OwnSlot { slot, since: now, committed: None, version: 0, proof };
        self.place(address, own);
    }
}
