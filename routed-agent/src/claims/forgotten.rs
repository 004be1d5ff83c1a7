//! Which claims a store lacks that this host has, and what to make of each.
//! Pure.

use std::collections::BTreeSet;

use tartan_ipam::Claimed;
use tartan_model::{Epoch, Prefix};

/// A claim of this host that the store does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Forgotten {
    /// It holds: nobody but this host gives it up. To be made again.
    Ours(Claimed),
    /// It was of another epoch: the operator has taken it away.
    Void(Prefix),
}

/// The claims to make again: of those `held`, and of those `remembered` from
/// before a restored store, the ones that are not among those `found` in it.
/// What is remembered counts whatever its epoch: a restored store has
/// forgotten epochs as well.
pub(super) fn forgotten(
    held: &[Claimed],
    remembered: &[Claimed],
    found: &[Claimed],
    epoch: Epoch,
) -> Vec<Forgotten> {
    let known: BTreeSet<Prefix> = prefixes(found);
    let kept: BTreeSet<Prefix> = prefixes(remembered);
    let lacking = |claim: &&Claimed| !known.contains(&claim.prefix);
    let of_held = held.iter().filter(lacking).map(|claim| {
        let is_ours =
            claim.record.epoch == epoch || kept.contains(&claim.prefix);
        match is_ours {
            true => Forgotten::Ours(claim.clone()),
            false => Forgotten::Void(claim.prefix),
        }
    });
    let here = prefixes(held);
    let others = remembered
        .iter()
        .filter(lacking)
        .filter(|claim| !here.contains(&claim.prefix))
        .cloned()
        .map(Forgotten::Ours);
    of_held.chain(others).collect()
}

fn prefixes(claims: &[Claimed]) -> BTreeSet<Prefix> {
    claims.iter().map(|claim| claim.prefix).collect()
}

#[cfg(test)]
mod tests;
