//! What this host should have of netfilter. Pure.

use std::collections::BTreeSet;

use tartan_hostnet::nft::Element;
use tartan_model::{Pool, Prefix};

use crate::config::ForeignForward;
use crate::nat::elements::of_prefixes;
use crate::nat::foreign::Foreign;
use crate::nat::skeleton::skeleton;
use crate::nat::{Held, Nat, TableState};
use crate::registry::Snapshot;

/// What should be, for those who ask and the pools as they are. Our table
/// where somebody needs it; one that is there already stays. What others have
/// of forwarding is as it was observed.
pub(super) fn desired(
    held: &[Held],
    registry: &Snapshot,
    observed: &Nat,
    setting: ForeignForward,
) -> Nat {
    let pools = elements_of_pools(registry);
    let leaves = registry.pools.values().any(|pool| pool.nat_outgoing);
    let is_needed = !held.is_empty() || leaves || observed.table.is_some();
    let elements = held.iter().flat_map(Held::elements).chain(pools);
    let table = is_needed.then(|| TableState {
        skeleton: skeleton(),
        elements: elements.collect(),
    });
    let at_loopback = held.iter().filter(|held| held.is_at_loopback());
    let foreign = observed.foreign.iter().map(|(family, found)| {
        let none = Foreign { rules: Vec::new(), ..found.clone() };
        let wanted = match setting {
            ForeignForward::Accept => found.wanted(),
            ForeignForward::Leave => none,
        };
        (*family, wanted)
    });
    Nat {
        table,
        loopback: at_loopback.map(|held| held.link.clone()).collect(),
        foreign: foreign.collect(),
    }
}

/// Nothing of ours.
pub(super) fn nothing(observed: &Nat) -> Nat {
    let foreign = observed.foreign.iter().map(|(family, found)| {
        (*family, Foreign { rules: Vec::new(), ..found.clone() })
    });
    Nat { table: None, loopback: BTreeSet::new(), foreign: foreign.collect() }
}

fn elements_of_pools(registry: &Snapshot) -> Vec<Element> {
    let cidrs = |wanted: fn(&&Pool) -> bool| -> Vec<Prefix> {
        let pools = registry.pools.values().filter(wanted);
        pools.flat_map(|pool| pool.cidrs.iter().copied()).collect()
    };
    let inside = of_prefixes(&cidrs(|_| true), |names| names.inside);
    let leaving = cidrs(|pool| pool.nat_outgoing);
    let leaving = of_prefixes(&leaving, |names| names.pools_leaving);
    inside.into_iter().chain(leaving).collect()
}

#[cfg(test)]
mod tests;
