//! Addresses asked for by name: which of them can be given. Pure.

use std::fmt;
use std::net::IpAddr;

use tartan_model::{Affinity, Family, Span};

use super::Ledger;
use super::assign::AssignError;
use super::block::{OwnBlock, OwnSlot};
use super::query::{Choice, Demand, Place, Query};
use super::stock::GrantedPlace;

/// What keeps an address back from everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// The pool's network, broadcast or anycast address.
    OfThePool,
    /// The gateway, network or broadcast address of the subnet of its range.
    OfTheSubnet,
    /// It is reserved or excluded by name.
    Reserved,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OfThePool => "its network, broadcast or anycast address",
            Self::OfTheSubnet => {
                "the gateway, network or broadcast address of its range's \
                 subnet"
            }
            Self::Reserved => "reserved",
        })
    }
}

impl Ledger {
    /// Whether a requested address can be given, or its block be claimed.
    pub(super) fn weigh(
        &self,
        query: &Query<'_>,
        demand: &Demand<'_>,
        ip: IpAddr,
    ) -> Result<Choice, AssignError> {
        if let Some(own) = self.own_slot(ip).filter(|own| own.is_held()) {
            let by = own.slot.attachment.clone();
            return Err(AssignError::RequestedInUse { ip, by });
        }
        let Some(place) = demand.holding(ip) else {
            let pools = demand.pool_names();
            return Err(AssignError::RequestedOutsidePools { ip, pools });
        };
        let pool = place.pool;
        let granted = self.rules.granted(ip, &query.request.attachment);
        if granted == Some(GrantedPlace::Elsewhere)
            && !place.keeps_back(ip)
            && self.home_of(ip).is_none()
        {
            return Ok(Choice::Give(ip));
        }
        if (granted.is_none() || place.keeps_back(ip))
            && let Some(why) = self.exclusion(place, ip)
        {
            let pool = pool.name.clone();
            return Err(AssignError::RequestedExcluded { ip, pool, why });
        }
        let block = self.home_of(ip).and_then(|at| self.blocks.get(&at));
        let within = Some(Span::one(ip));
        match block {
            Some(block) => self.weigh_own(query, ip, block),
            None if query.may_claim(place, within) => {
                let (class, family) = (query.request.class, Family::of(ip));
                let want = self.want(pool, family, class, within);
                Ok(Choice::Claim(want))
            }
            None => Err(AssignError::RequestedUnclaimable {
                ip,
                pool: pool.name.clone(),
            }),
        }
    }

    fn exclusion(&self, place: &Place<'_>, ip: IpAddr) -> Option<Exclusion> {
        if place.pool.excludes(ip) {
            return Some(Exclusion::OfThePool);
        }
        if place.keeps_back(ip) {
            return Some(Exclusion::OfTheSubnet);
        }
        self.rules.reserved.contains(&ip).then_some(Exclusion::Reserved)
    }

    fn weigh_own(
        &self,
        query: &Query<'_>,
        ip: IpAddr,
        block: &OwnBlock,
    ) -> Result<Choice, AssignError> {
        if self.rules.open_pool(block).is_none() {
            let pool = block.pool().clone();
            return Err(AssignError::RequestedUnclaimable { ip, pool });
        }
        match block.affinity() {
            Affinity::Team(team)
                if team != query.request.class.team_class() =>
            {
                return Err(AssignError::RequestedOfOtherTeam { ip, team });
            }
            Affinity::Team(_) | Affinity::Any => {}
        }
        match block.slot(ip) {
            Some(slot) => self.weigh_resting(query, ip, slot),
            None => Ok(Choice::Give(ip)),
        }
    }

    /// The class that had an address may have it back at once: a container
    /// with a fixed address restarts. Another waits.
    fn weigh_resting(
        &self,
        query: &Query<'_>,
        ip: IpAddr,
        own: &OwnSlot,
    ) -> Result<Choice, AssignError> {
        let class = own.slot.class;
        let remaining =
            own.committed.map(|since| since.after(self.rest).since(query.now));
        let is_over = remaining.is_some_and(|wait| wait.is_zero());
        if class == query.request.class || is_over {
            return Ok(Choice::Give(ip));
        }
        Err(AssignError::RequestedResting { ip, class, remaining })
    }
}
