//! Whether a request could be served, without serving one (STATUS). Pure.

use std::collections::BTreeSet;

use tartan_model::{Family, Pool, PoolName, Ranges};

use super::assign::AssignError;
use super::query::{self, Demand, Place};
use super::{Group, Ledger};
use crate::boot_time::BootTime;

/// What an assignment would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prospect {
    /// Nothing: own blocks have an address of each family.
    Free,
    /// A block must be claimed first.
    Claim,
}

impl Ledger {
    /// Whether a container could get what it would be given from the listed
    /// pools, or from ranges in them, now: some own block has it, or a claim
    /// may yet find room. The error is the one that an assignment would
    /// answer.
    pub fn could_assign(
        &self,
        pools: &[PoolName],
        ranges: &Ranges,
        now: BootTime,
    ) -> Result<Prospect, AssignError> {
        let listed = self.listed(pools, ranges)?;
        let mut prospect = Prospect::Free;
        for demand in query::demands(&listed, ranges)? {
            if demand.places.iter().any(|p| self.has_free(p, now)) {
                continue;
            }
            if !demand.places.iter().any(|p| self.may_claim(p, now)) {
                return Err(self.nothing_left(&demand));
            }
            prospect = Prospect::Claim;
        }
        Ok(prospect)
    }

    fn nothing_left(&self, demand: &Demand<'_>) -> AssignError {
        let is_meant = |group: &Group| {
            let mut places = demand.places.iter();
            places.any(|place| group.is_of(place.pool, demand.family))
        };
        let shelves = self.shelves.iter().filter(|(g, _)| is_meant(g));
        AssignError::Exhausted {
            pools: demand.pool_names(),
            family: demand.family,
            within: demand.spans(),
            resting: shelves.map(|(_, shelf)| shelf.waiting(demand)).sum(),
            soonest: None,
        }
    }

    fn has_free(&self, place: &Place<'_>, now: BootTime) -> bool {
        let family = place.family;
        let of_pool =
            self.shelves.iter().filter(|(g, _)| g.is_of(place.pool, family));
        let mut shelves = of_pool.map(|(_, shelf)| shelf);
        shelves.any(|shelf| shelf.has_any(self.rest, now, place))
    }

    fn may_claim(&self, place: &Place<'_>, now: BootTime) -> bool {
        let is_meant = |group: &Group| group.is_of(place.pool, place.family);
        let groups: BTreeSet<&Group> =
            self.full.keys().map(|(g, _)| g).collect();
        let mut full = groups.into_iter().filter(|group| is_meant(group));
        !full.any(|group| self.is_full(group, place.span(), now))
    }
}

impl Group {
    fn is_of(&self, pool: &Pool, family: Family) -> bool {
        self.pool == pool.name && self.family == family
    }
}
