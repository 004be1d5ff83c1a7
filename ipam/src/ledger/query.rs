//! A request with its pools found: what is to be given, each from where. Pure.

use std::net::IpAddr;

use tartan_model::{Family, Pool, Range, Ranges, Span};

use super::assign::{AssignError, PoolNames, Spans};
use crate::boot_time::BootTime;
use crate::request::{AssignRequest, Room, Want};

/// What is decided for one demand.
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

/// One address to give.
pub(super) struct Demand<'a> {
    pub(super) family: Family,
    /// From where, the preferred first.
    pub(super) places: Vec<Place<'a>>,
    /// The one, where it is asked for by name.
    pub(super) requested: Option<IpAddr>,
}

/// A pool, or a range in it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) pool: &'a Pool,
    pub(super) family: Family,
    range: Option<&'a Range>,
}

impl Place<'_> {
    /// The addresses that it is restricted to.
    pub(super) fn span(&self) -> Option<Span> {
        self.range.map(Range::span)
    }

    /// True for an address that it may give, as far as the request goes.
    pub(super) fn gives(&self, address: IpAddr) -> bool {
        self.range.is_none_or(|range| range.gives(address))
    }

    /// True for the gateway, network and broadcast address of its subnet.
    pub(super) fn keeps_back(&self, address: IpAddr) -> bool {
        self.range.is_some_and(|range| range.keeps_back(address))
    }

    fn holds(&self, address: IpAddr) -> bool {
        match self.range {
            Some(range) => range.span().contains(address),
            None => {
                self.pool.cidr(self.family).is_some_and(|c| c.contains(address))
            }
        }
    }

    /// Where to claim a block for it.
    pub(super) fn room(&self, within: Option<Span>) -> Room {
        let pool = self.pool.name.clone();
        Room { pool, family: self.family, within }
    }
}

impl<'a> Demand<'a> {
    pub(super) fn pool_names(&self) -> PoolNames {
        let mut names = Vec::new();
        for place in &self.places {
            if !names.contains(&place.pool.name) {
                names.push(place.pool.name.clone());
            }
        }
        PoolNames(names)
    }

    pub(super) fn spans(&self) -> Spans {
        Spans(self.places.iter().filter_map(Place::span).collect())
    }

    /// The place that holds an address.
    pub(super) fn holding(&self, address: IpAddr) -> Option<&Place<'a>> {
        self.places.iter().find(|place| place.holds(address))
    }
}

impl<'a> Query<'a> {
    pub(super) fn may_claim(
        &self,
        place: &Place<'_>,
        within: Option<Span>,
    ) -> bool {
        !self.request.unclaimable.contains(&place.room(within))
    }

    /// What is to be given, IPv4 first, or in the order of the ranges. Every
    /// requested address is in it.
    pub(super) fn demands(&self) -> Result<Vec<Demand<'a>>, AssignError> {
        let mut all = demands(&self.pools, &self.request.ranges)?;
        for ip in self.request.requested.iter().copied() {
            let demand = all.iter_mut().find(|d| d.holding(ip).is_some());
            let Some(demand) = demand else { return Err(self.outside(ip)) };
            if let Some(first) = demand.requested.replace(ip) {
                let second = ip;
                return Err(AssignError::RequestedTwice { first, second });
            }
        }
        Ok(all)
    }

    fn outside(&self, ip: IpAddr) -> AssignError {
        let ranges = &self.request.ranges;
        if ranges.is_empty() {
            let pools = PoolNames(self.request.pools.clone());
            return AssignError::RequestedOutsidePools { ip, pools };
        }
        let within = Spans(ranges.all().map(Range::span).collect());
        AssignError::RequestedOutsideRanges { ip, within }
    }
}

/// One demand for each set of ranges, or for each family of the pools.
pub(super) fn demands<'a>(
    pools: &[&'a Pool],
    ranges: &'a Ranges,
) -> Result<Vec<Demand<'a>>, AssignError> {
    if !ranges.is_empty() {
        return ranges.sets().map(|set| of_set(pools, set)).collect();
    }
    let of_family = |family| {
        let having = pools.iter().filter(move |p| p.cidr(family).is_some());
        let place = |pool: &&'a Pool| Place { pool, family, range: None };
        let places: Vec<_> = having.map(place).collect();
        let demand = Demand { family, places, requested: None };
        (!demand.places.is_empty()).then_some(demand)
    };
    Ok(Family::ALL.into_iter().filter_map(of_family).collect())
}

fn of_set<'a>(
    pools: &[&'a Pool],
    set: &'a [Range],
) -> Result<Demand<'a>, AssignError> {
    let mut places = Vec::new();
    for range in set {
        let family = range.family();
        let around = |pool: &&&Pool| {
            pool.cidr(family).is_some_and(|c| range.span().is_within(c))
        };
        let Some(pool) = pools.iter().find(around) else {
            let names = pools.iter().map(|pool| pool.name.clone()).collect();
            return Err(AssignError::RangeOutsidePools {
                span: range.span(),
                subnet: range.subnet(),
                pools: PoolNames(names),
            });
        };
        places.push(Place { pool, family, range: Some(range) });
    }
    let family = set.first().map_or(Family::V4, Range::family);
    Ok(Demand { family, places, requested: None })
}
