//! The ledger's own choice of an address for one demand. Pure.

use std::net::IpAddr;

use super::assign::AssignError;
use super::query::{Choice, Demand, Place, Query};
use super::shelf::Shelf;
use super::{Group, Ledger};

impl Ledger {
    /// What is free, place by place, claiming before going on to the next; at
    /// the very last what the class itself gave up and has not rested.
    pub(super) fn pick(
        &self,
        query: &Query<'_>,
        demand: &Demand<'_>,
    ) -> Result<Choice, AssignError> {
        let class = query.request.class;
        for place in &demand.places {
            if let Some(address) = self.next_of(place, query) {
                return Ok(Choice::Give(address));
            }
            let within = place.span();
            if query.may_claim(place, within) {
                let want = self.want(place.pool, place.family, class, within);
                return Ok(Choice::Claim(want));
            }
        }
        let own = demand.places.iter().flat_map(|place| {
            let shelves = self.serving(place, query);
            shelves.filter_map(|shelf| shelf.oldest_of(class, place))
        });
        match own.min() {
            Some((_, address)) => Ok(Choice::Give(address)),
            None => Err(self.exhausted(query, demand)),
        }
    }

    fn next_of(&self, place: &Place<'_>, query: &Query<'_>) -> Option<IpAddr> {
        let class = query.request.class;
        self.serving(place, query)
            .filter_map(|shelf| shelf.next(class, self.rest, query.now, place))
            .min()
            .map(|(_, address)| address)
    }

    fn serving(
        &self,
        place: &Place<'_>,
        query: &Query<'_>,
    ) -> impl Iterator<Item = &Shelf> {
        let class = query.request.class;
        Group::serving(place.pool, place.family, class)
            .into_iter()
            .filter_map(|group| self.shelves.get(&group))
    }

    fn exhausted(&self, query: &Query<'_>, demand: &Demand<'_>) -> AssignError {
        let class = query.request.class;
        let soonest = demand.places.iter().flat_map(|place| {
            let shelves = self.serving(place, query);
            shelves.filter_map(|shelf| {
                shelf.soonest(class, self.rest, query.now, place)
            })
        });
        // Two ranges of one pool have the same shelves: each counts once.
        let mut groups = Vec::new();
        for place in &demand.places {
            for group in Group::serving(place.pool, place.family, class) {
                if !groups.contains(&group) {
                    groups.push(group);
                }
            }
        }
        let shelves = groups.iter().filter_map(|g| self.shelves.get(g));
        AssignError::Exhausted {
            pools: demand.pool_names(),
            family: demand.family,
            within: demand.spans(),
            resting: shelves.map(|shelf| shelf.waiting(demand)).sum(),
            soonest: soonest.min(),
        }
    }
}
