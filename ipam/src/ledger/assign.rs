//! Giving addresses: one per family that the listed pools have, or one per set
//! of ranges, all or none.
//! Pure: first everything is chosen, then everything is taken.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use tartan_model::{
    Attachment, ClassId, Family, Generation, Pool, PoolName, Prefix, Range,
    Ranges, Slot, SlotState, Span,
};
use thiserror::Error;

use super::Ledger;
use super::block::{OwnSlot, Proof};
use super::query::{Choice, Query};
use super::requested::Exclusion;
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

/// Parts of pools, as people read them behind what they restrict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spans(pub Vec<Span>);

impl fmt::Display for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, span) in self.0.iter().enumerate() {
            let before = if at == 0 { " within" } else { "," };
            write!(f, "{before} {span}")?;
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
        "no {family} address is left{within} in pool {pools}: {resting} \
         released and still resting, {}", soonest.map_or_else(
            || "none of them free soon".to_owned(),
            |wait| format!("the first for {wait:?} more"))
    )]
    Exhausted {
        /// The pools tried, in order.
        pools: PoolNames,
        /// The family.
        family: Family,
        /// The ranges that it was to be of.
        within: Spans,
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
    /// The requested address lies in none of the ranges.
    #[error("requested address {ip} is in none of the ranges{within}")]
    RequestedOutsideRanges {
        /// The address.
        ip: IpAddr,
        /// The ranges.
        within: Spans,
    },
    /// A range lies in no pool that may serve.
    #[error(
        "range {span} of subnet {subnet} is not inside a pool{}",
        if pools.0.is_empty() { String::new() } else { format!(" of {pools}") }
    )]
    RangeOutsidePools {
        /// The range.
        span: Span,
        /// The subnet it is of.
        subnet: Prefix,
        /// The pools that may serve.
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
    /// More than one address of a family, or of a set of ranges, was
    /// requested.
    #[error(
        "both {first} and {second} are requested: one per family, or per set \
         of ranges, is given"
    )]
    RequestedTwice {
        /// The one.
        first: IpAddr,
        /// The other.
        second: IpAddr,
    },
    /// A container has the address that is the gateway of a range.
    #[error("gateway {gateway} of the range is the address of {by}")]
    GatewayInUse {
        /// The gateway.
        gateway: IpAddr,
        /// Who has it.
        by: Attachment,
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
        let gateways = gateways(request, &addresses);
        if let Some((gateway, by)) = self.holder_of(&gateways) {
            return Err(AssignError::GatewayInUse { gateway, by });
        }
        for address in &addresses {
            self.give(*address, request, now);
        }
        for gateway in gateways {
            self.keep_gateway(gateway);
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
        let pools = self.listed(&request.pools, &request.ranges)?;
        let query = Query { request, pools, now };
        let (mut given, mut wants) = (Vec::new(), Vec::new());
        for demand in query.demands()? {
            let choice = match demand.requested {
                Some(ip) => self.weigh(&query, &demand, ip)?,
                None => self.pick(&query, &demand)?,
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

    /// The pools of these names; where none is named, those in which ranges
    /// lie.
    pub(super) fn listed(
        &self,
        names: &[PoolName],
        ranges: &Ranges,
    ) -> Result<Vec<&Pool>, AssignError> {
        if names.is_empty() && !ranges.is_empty() {
            return self.around(ranges);
        }
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

    fn around(&self, ranges: &Ranges) -> Result<Vec<&Pool>, AssignError> {
        let is_around = |pool: &&Pool| {
            ranges.all().any(|range| {
                let cidr = pool.cidr(range.family());
                cidr.is_some_and(|cidr| range.span().is_within(cidr))
            })
        };
        let pools: Vec<_> = self.rules.pools.values().collect();
        let pools: Vec<_> = pools.into_iter().filter(is_around).collect();
        match pools.iter().find(|pool| pool.draining) {
            Some(pool) => Err(AssignError::PoolDraining(pool.name.clone())),
            None => Ok(pools),
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
            netns_cookie: request.netns_cookie,
        };
        let proof = Proof::Living;
        let own =
            OwnSlot { slot, since: now, committed: None, version: 0, proof };
        self.place(address, own);
    }
}

/// The gateways by which a link of another plugin's leads out of its subnets:
/// somebody has them on that link. Our own links need none.
fn gateways(request: &AssignRequest, addresses: &[IpAddr]) -> Vec<IpAddr> {
    if request.netns_cookie.is_none() {
        return Vec::new();
    }
    let ranges = addresses.iter().filter_map(|ip| request.ranges.giving(*ip));
    ranges.map(Range::gateway).collect()
}
