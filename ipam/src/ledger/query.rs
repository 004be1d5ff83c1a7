//! A request with its pools found, and what can be decided for one family of
//! it. Pure.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tartan_model::{Family, Pool};

use super::assign::{AssignError, PoolNames};
use crate::boot_time::BootTime;
use crate::request::{AssignRequest, Want};

/// What is decided for one family.
pub(super) enum Choice {
    Give(IpAddr),
    Claim(Want),
}

/// A request with its pools found.
pub(super) struct Query<'a> {
    pub(super) request: &'a AssignRequest,
    pub(super) pools: Vec<&'a Pool>,
    pub(super) now: BootTime,
}

impl<'a> Query<'a> {
    pub(super) fn pool_names(&self) -> PoolNames {
        PoolNames(self.request.pools.clone())
    }

    /// The listed pools that have a prefix of a family.
    pub(super) fn pools_of(
        &self,
        family: Family,
    ) -> impl Iterator<Item = &'a Pool> {
        let pools = self.pools.iter().copied();
        pools.filter(move |pool| pool.cidr(family).is_some())
    }

    pub(super) fn may_claim(&self, pool: &Pool, family: Family) -> bool {
        let place = (pool.name.clone(), family);
        !self.request.unclaimable.contains(&place)
    }

    /// The requested addresses by family, each with the listed pool that
    /// holds it.
    pub(super) fn requested(
        &self,
    ) -> Result<BTreeMap<Family, (IpAddr, &'a Pool)>, AssignError> {
        let mut found = BTreeMap::new();
        for ip in self.request.requested.iter().copied() {
            let Some(pool) = self.pool_holding(ip) else {
                let pools = self.pool_names();
                return Err(AssignError::RequestedOutsidePools { ip, pools });
            };
            let before = found.insert(Family::of(ip), (ip, pool));
            if let Some((first, _)) = before {
                let second = ip;
                return Err(AssignError::RequestedTwice { first, second });
            }
        }
        Ok(found)
    }

    fn pool_holding(&self, ip: IpAddr) -> Option<&'a Pool> {
        self.pools.iter().copied().find(|pool| {
            pool.cidr(Family::of(ip)).is_some_and(|cidr| cidr.contains(ip))
        })
    }
}
