//! From what is and what should be to the steps between. Pure.
//!
//! The order, and why: the table first, for its guard must stand before a
//! link lets packets of 127.0.0.0/8 pass; then links; then tables of others.
//! A table that is not as this build makes it is replaced, with all that
//! belongs into it, in one transaction: no packet passes half a table.

use std::fmt;

use tartan_hostnet::nft::Element;
use tartan_model::Family;

use crate::nat::foreign::{Placed, Way};
use crate::nat::{Nat, TableState};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Make the whole table, in the place of one that is there.
    Make(Vec<Element>),
    /// Delete the table.
    Unmake,
    /// Change elements.
    Change {
        /// Those to go.
        remove: Vec<Element>,
        /// Those to come.
        add: Vec<Element>,
    },
    /// Let a link be reached by 127.0.0.1.
    Loopback(String),
    /// Delete a rule of ours in a table of others.
    Close {
        /// Of which family.
        family: Family,
        /// The rule.
        rule: Placed,
    },
    /// Put a rule of ours into a table of others.
    Open {
        /// Of which family.
        family: Family,
        /// Into which chain.
        chain: String,
        /// Which rule.
        way: Way,
    },
}

/// The steps from `observed` to `desired`, in order.
pub(super) fn between(observed: &Nat, desired: &Nat) -> Vec<Step> {
    let table = table(observed.table.as_ref(), desired.table.as_ref());
    let mut steps: Vec<Step> = table.into_iter().collect();
    let closed = desired.loopback.difference(&observed.loopback);
    steps.extend(closed.cloned().map(Step::Loopback));
    for (family, wanted) in &desired.foreign {
        let found = observed.foreign.get(family);
        let found = found.map(|found| found.rules.as_slice());
        foreign(*family, found.unwrap_or_default(), &wanted.rules, &mut steps);
    }
    steps
}

fn table(
    observed: Option<&TableState>,
    desired: Option<&TableState>,
) -> Option<Step> {
    let elements =
        |state: &TableState| state.elements.iter().cloned().collect();
    match (observed, desired) {
        (None, None) => None,
        (Some(_), None) => Some(Step::Unmake),
        (None, Some(wanted)) => Some(Step::Make(elements(wanted))),
        (Some(found), Some(wanted)) if found.skeleton != wanted.skeleton => {
            Some(Step::Make(elements(wanted)))
        }
        (Some(found), Some(wanted)) => {
            let without = |one: &TableState, other: &TableState| {
                one.elements.difference(&other.elements).cloned().collect()
            };
            let remove: Vec<_> = without(found, wanted);
            let add: Vec<_> = without(wanted, found);
            let is_same = remove.is_empty() && add.is_empty();
            (!is_same).then_some(Step::Change { remove, add })
        }
    }
}

/// The first of each rule stays where it belongs; what is there beside it
/// goes.
fn foreign(
    family: Family,
    found: &[Placed],
    wanted: &[Placed],
    steps: &mut Vec<Step>,
) {
    let mut missing: Vec<&Placed> = wanted.iter().collect();
    for rule in found {
        let place = missing
            .iter()
            .position(|w| w.chain == rule.chain && w.way == rule.way);
        match place {
            Some(place) => drop(missing.remove(place)),
            None => steps.push(Step::Close { family, rule: rule.clone() }),
        }
    }
    for rule in missing {
        let Some(way) = rule.way else { continue };
        let chain = rule.chain.clone();
        steps.push(Step::Open { family, chain, way });
    }
}

impl Step {
    /// What it does: done, to be done, and to what.
    pub(crate) fn words(&self) -> (&'static str, &'static str, String) {
        let elements = |count: usize| match count {
            1 => "1 element".to_owned(),
            count => format!("{count} elements"),
        };
        match self {
            Self::Make(all) => {
                let count = elements(all.len());
                ("made", "make", format!("table inet tartan with {count}"))
            }
            Self::Unmake => {
                ("deleted", "delete", "table inet tartan".to_owned())
            }
            Self::Change { remove, add } => {
                let (gone, new) = (elements(remove.len()), elements(add.len()));
                let object = format!("translation: {gone} gone, {new} new");
                ("changed", "change", object)
            }
            Self::Loopback(link) => {
                ("opened", "open", format!("link {link} to 127.0.0.1"))
            }
            Self::Close { family, rule } => {
                let chain = &rule.chain;
                ("took", "take", format!("an {family} rule out of {chain}"))
            }
            Self::Open { family, chain, .. } => {
                ("put", "put", format!("an {family} rule into {chain}"))
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, present, object) = self.words();
        write!(f, "{present} {object}")
    }
}

#[cfg(test)]
mod tests;
