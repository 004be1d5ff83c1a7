//! What the kernel has of translation. Acts, by reading only.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use tartan_hostnet::nft::{Element, Nft, RuleSeen, TableSeen};
use tartan_hostnet::{Forwarding, NetfilterError, loopback_routing};
use tartan_model::Family;

use crate::nat::foreign::{
    self, DOCKER_USER, FORWARD, Foreign, MARK, Placed, Way,
};
use crate::nat::skeleton::{set_names, table};
use crate::nat::{Held, Nat, Skeleton, TableState};

/// Reads our table, the links that `held` speaks of, and tables of others.
pub(super) fn observe(
    nft: &mut Nft,
    held: &[Held],
) -> Result<Nat, NetfilterError> {
    let mut foreign = BTreeMap::new();
    for family in Family::ALL {
        foreign.insert(family, observe_foreign(nft, family)?);
    }
    let wanted = held.iter().filter(|held| held.is_at_loopback());
    let links = wanted.map(|held| held.link.clone());
    let is_on = |link: &String| match loopback_routing(link) {
        Ok(found) => found == Forwarding::On,
        // A link that is gone needs nothing.
        Err(error) => error.is_absent(),
    };
    Ok(Nat {
        table: observe_table(nft)?,
        loopback: links.filter(is_on).collect(),
        foreign,
    })
}

/// True where all of these elements are in our table.
pub(super) fn has(
    nft: &mut Nft,
    wanted: &[Element],
) -> Result<bool, NetfilterError> {
    let sets: BTreeSet<&'static str> = wanted.iter().map(|e| e.set).collect();
    let mut found = BTreeSet::new();
    for set in sets {
        match nft.elements(&table(), set) {
            Ok(elements) => found.extend(elements),
            Err(error) if error.is_absent() => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(wanted.iter().all(|element| found.contains(element)))
}

/// Everything in the sets of our table; nothing where it is not there.
pub(super) fn elements(
    nft: &mut Nft,
) -> Result<BTreeSet<Element>, NetfilterError> {
    let table = observe_table(nft)?;
    Ok(table.map(|table| table.elements).unwrap_or_default())
}

fn observe_table(nft: &mut Nft) -> Result<Option<TableState>, NetfilterError> {
    let Some(seen) = nft.table(&table())? else { return Ok(None) };
    let known: BTreeSet<_> =
        seen.sets.iter().map(|set| set.name.clone()).collect();
    let mut elements = BTreeSet::new();
    for set in set_names().filter(|name| known.contains(*name)) {
        let found = nft.elements(&table(), set)?;
        elements.extend(found.into_iter().filter(|one| !is_lowest_end(one)));
    }
    Ok(Some(TableState { skeleton: skeleton(seen), elements }))
}

/// `nft` marks that no range holds the lowest address; we do not.
fn is_lowest_end(element: &Element) -> bool {
    element.is_end && element.key.iter().all(|byte| *byte == 0)
}

fn skeleton(seen: TableSeen) -> Skeleton {
    let mut rules: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rule in seen.rules {
        // One without a comment is not ours, and is seen as such.
        let comment = rule.comment.unwrap_or_default();
        rules.entry(rule.chain).or_default().push(comment);
    }
    Skeleton {
        chains: seen.chains.into_iter().map(|seen| seen.chain).collect(),
        sets: seen.sets.into_iter().collect(),
        rules,
    }
}

fn observe_foreign(
    nft: &mut Nft,
    family: Family,
) -> Result<Foreign, NetfilterError> {
    let filter = foreign::filter(family);
    let chains = nft.chains(&filter)?;
    let chains: Vec<_> = chains.into_iter().map(|seen| seen.chain).collect();
    let mut rules = Vec::new();
    for name in [DOCKER_USER, FORWARD] {
        if chains.iter().any(|chain| chain.name == name) {
            let found = nft.rules_of(&filter, name)?;
            rules.extend(found.iter().filter_map(ours));
        }
    }
    let place = foreign::place(&chains);
    Ok(Foreign { place, rules, is_legacy: has_legacy_filter(family) })
}

fn ours(rule: &RuleSeen) -> Option<Placed> {
    let is_ours = rule.iptables_comment().is_some_and(|said| said == MARK);
    let does = |way: &Way| rule.does(&way.expressions());
    is_ours.then(|| Placed {
        chain: rule.chain.clone(),
        handle: rule.handle,
        way: Way::ALL.into_iter().find(does),
    })
}

/// True where iptables-legacy has filtered something here since the host's
/// start. The file is that of the thread's network namespace.
fn has_legacy_filter(family: Family) -> bool {
    let name = match family {
        Family::V4 => "ip_tables_names",
        Family::V6 => "ip6_tables_names",
    };
    let path = format!("/proc/thread-self/net/{name}");
    let names = fs::read_to_string(path).unwrap_or_default();
    names.lines().any(|line| line == "filter")
}
