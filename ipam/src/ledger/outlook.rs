//! Whether a request could be served, without serving one (STATUS). Pure.

use tartan_model::{Family, Pool, PoolName};

use super::assign::{AssignError, PoolNames};
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
    /// Whether a container could get an address of each family from the
    /// listed pools now: some own block has one, or a claim may yet find
    /// room. The error is the one that an assignment would answer.
    pub fn could_assign(
        &self,
        pools: &[PoolName],
        now: BootTime,
    ) -> Result<Prospect, AssignError> {
        let listed = self.listed(pools)?;
        let mut prospect = Prospect::Free;
        for family in Family::ALL {
            let mut having =
                listed.iter().filter(|p| p.cidr(family).is_some()).peekable();
            if having.peek().is_none()
                || having.clone().any(|p| self.has_free(p, family, now))
            {
                continue;
            }
            if having.any(|p| self.may_claim(p, family, now)) {
                prospect = Prospect::Claim;
                continue;
            }
            return Err(AssignError::Exhausted {
                pools: PoolNames(pools.to_vec()),
                family,
                resting: self.resting().count(),
                soonest: None,
            });
        }
        Ok(prospect)
    }

    fn has_free(&self, pool: &Pool, family: Family, now: BootTime) -> bool {
        let of_pool =
            self.shelves.iter().filter(|(g, _)| g.is_of(pool, family));
        let mut shelves = of_pool.map(|(_, shelf)| shelf);
        shelves.any(|shelf| shelf.available(self.rest, now, 1) > 0)
    }

    fn may_claim(&self, pool: &Pool, family: Family, now: BootTime) -> bool {
        let mut full = self.full.keys().filter(|g| g.is_of(pool, family));
        !full.any(|group| self.is_full(group, now))
    }
}

impl Group {
    fn is_of(&self, pool: &Pool, family: Family) -> bool {
        self.pool == pool.name && self.family == family
    }
}
