//! Whether a request could be served, without serving one (STATUS). Pure.

use tartan_model::{Family, Pool, PoolName};

use super::assign::{AssignError, PoolNames};
use super::{Group, Ledger};
use crate::boot_time::BootTime;

impl Ledger {
    /// Whether a container could get an address of each family from the
    /// listed pools now: some own block has one, or a claim may yet find
    /// room. The error is the one that an assignment would answer.
    pub fn could_assign(
        &self,
        pools: &[PoolName],
        now: BootTime,
    ) -> Result<(), AssignError> {
        let listed = self.listed(pools)?;
        for family in Family::ALL {
            let mut having =
                listed.iter().filter(|p| p.cidr(family).is_some()).peekable();
            let is_wanted = having.peek().is_some();
            if is_wanted && !having.any(|p| self.has_room(p, family, now)) {
                return Err(AssignError::Exhausted {
                    pools: PoolNames(pools.to_vec()),
                    family,
                    resting: self.resting().count(),
                    soonest: None,
                });
            }
        }
        Ok(())
    }

    fn has_room(&self, pool: &Pool, family: Family, now: BootTime) -> bool {
        let is_of =
            |group: &Group| group.pool == pool.name && group.family == family;
        let mut shelves = self.shelves.iter().filter(|(g, _)| is_of(g));
        let has_free =
            shelves.any(|(_, shelf)| shelf.available(self.rest, now, 1) > 0);
        has_free || !self.full.keys().any(|g| is_of(g) && self.is_full(g, now))
    }
}
