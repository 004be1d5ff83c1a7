//! From what is and what should be to what differs. Pure.
//!
//! The order is that of repair: what leads packets to the programs before
//! what lets them pass, a link up before what can only be on a link that is
//! up. What lies on an interface that is down is gone with it: then the
//! interface alone is told of, and everything is put back.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::IpAddr;

use super::desired::{HostSide, InsideSide};
use super::kind::{Difference, Kind};

/// What differs on the host.
pub(crate) fn host_side(
    found: &HostSide,
    wanted: &HostSide,
) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut differ = |is_different: bool, kind, said: String| {
        if is_different {
            all.push(Difference::new(kind, said));
        }
    };
    let (f, w) = (found, wanted);
    let blocks = f.blocks.map_or("no clsact".to_owned(), |b| b.to_string());
    differ(f.entry != w.entry, Kind::MapEntry, entry(f));
    differ(f.blocks != w.blocks, Kind::Qdisc, blocks);
    differ(f.name != w.name, Kind::HostLinkName, format!("name {}", f.name));
    let alt_name = "without its alternative name".to_owned();
    differ(f.is_named != w.is_named, Kind::HostLinkAltName, alt_name);
    let group = format!("group {}", f.group);
    differ(f.group != w.group, Kind::HostLinkGroup, group);
    differ(f.mtu != w.mtu, Kind::HostLinkMtu, format!("mtu {}", f.mtu));
    let mac = format!("address {}", said(f.mac));
    differ(f.mac != w.mac, Kind::HostLinkMac, mac);
    differ(f.is_up != w.is_up, Kind::HostLink, "down".to_owned());
    if f.is_up {
        let neighbours = changed(&f.neighbours, &w.neighbours);
        if let Some((address, mac)) = neighbours {
            let text = format!("{address} at {}", said(mac));
            all.push(Difference::new(Kind::HostNeighbour, text));
        }
        if let Some((address, route)) = changed(&f.routes, &w.routes) {
            let text = match route {
                Some((link, protocol)) => {
                    format!("{address} by link {link}, protocol {protocol}")
                }
                None => format!("no route to {address}"),
            };
            all.push(Difference::new(Kind::HostRoute, text));
        }
    }
    all
}

fn entry(found: &HostSide) -> String {
    match &found.entry {
        Some(entry) => format!("class {}, {}", entry.class, entry.mac),
        None => "no whole entry".to_owned(),
    }
}

/// What differs in the container.
pub(crate) fn inside_side(
    found: &InsideSide,
    wanted: &InsideSide,
) -> Vec<Difference> {
    let mut all = Vec::new();
    if found.name != wanted.name {
        let said = format!("name {}", found.name);
        all.push(Difference::new(Kind::InsideName, said));
    }
    if found.mac != wanted.mac {
        let said = format!("address {}", said(found.mac));
        all.push(Difference::new(Kind::InsideMac, said));
    }
    if !found.is_up {
        all.push(Difference::new(Kind::InsideLink, "down"));
        return all;
    }
    let lacks: Vec<_> = wanted.addresses.difference(&found.addresses).collect();
    if !lacks.is_empty() {
        let said = format!("without {}", list(&lacks));
        all.push(Difference::new(Kind::InsideAddress, said));
    }
    if let Some((gateway, mac)) = changed(&found.gateways, &wanted.gateways) {
        let said = format!("gateway {gateway} at {}", said(mac));
        all.push(Difference::new(Kind::InsideNeighbour, said));
    }
    let stuck: Vec<_> = wanted.ways_out.difference(&found.ways_out).collect();
    if !stuck.is_empty() {
        let said = format!("no way out for {}", list(&stuck));
        all.push(Difference::new(Kind::InsideRoute, said));
    }
    all
}

fn list(addresses: &[&IpAddr]) -> String {
    let all: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    all.join(", ")
}

fn said(thing: Option<impl ToString>) -> String {
    thing.map_or("none".to_owned(), |thing| thing.to_string())
}

/// The first that is not as wanted.
fn changed<T: Copy + Eq + Debug>(
    found: &BTreeMap<IpAddr, Option<T>>,
    wanted: &BTreeMap<IpAddr, Option<T>>,
) -> Option<(IpAddr, Option<T>)> {
    wanted.iter().find_map(|(address, right)| {
        let there = found.get(address).copied().flatten();
        (there != *right).then_some((*address, there))
    })
}

#[cfg(test)]
mod tests;
