//! What an attachment has in the kernel, at each of its ends. Acts, by
//! reading only, and only what is the attachment's own: nothing here walks
//! over what others have.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tartan_agent_api::record::Record;
use tartan_ebpf::MapError;
use tartan_hostnet::{Link, ROUTE_PROTOCOL, ReadError, Route, Rtnl, Rule};
use thiserror::Error;

use super::desired::{HostSide, InsideSide};
use super::enter::Entered;
use crate::attach::{shape, wire};
use crate::host::Host;

/// The kernel could not be read.
#[derive(Debug, Error)]
pub(crate) enum ObserveError {
    #[error("cannot read links, routes and neighbours")]
    Netlink(#[from] ReadError),
    #[error("cannot read the kernel's maps")]
    Maps(#[from] MapError),
}

/// The link of the host's end, whatever somebody called it or put it into;
/// none where it is gone, or on its way out.
pub(crate) fn host_link(
    rtnl: &mut Rtnl,
    record: &Record,
) -> Result<Option<Link>, ReadError> {
    let alt_name = wire::alt_name(&record.attachment, record.generation());
    let name = &record.attached.host_link;
    let is_it = |link: &Link| {
        (link.name == *name || link.is_called(&alt_name))
            && link.group != wire::GROUP_REAP.get()
    };
    Ok(rtnl.link(record.host_index)?.filter(is_it))
}

/// Reads the host's end, behind `link`.
pub(crate) fn host_side(
    host: &Host,
    rtnl: &mut Rtnl,
    record: &Record,
    link: Link,
) -> Result<HostSide, ObserveError> {
    let index = record.host_index;
    let alt_name = wire::alt_name(&record.attachment, record.generation());
    let (mut routes, mut neighbours) = (BTreeMap::new(), BTreeMap::new());
    for address in record.addresses() {
        routes.insert(address, route(rtnl, index, address)?);
        let found = rtnl.neighbour(index, address)?;
        let found = found.filter(|it| it.is_permanent);
        neighbours.insert(address, found.and_then(|it| it.mac));
    }
    let wanted = shape::entry(record);
    let entry = match host.dataplane.holds(index, &wanted)? {
        true => Some(wanted),
        false => host.dataplane.endpoint(index)?.filter(|e| *e != wanted),
    };
    Ok(HostSide {
        is_named: link.is_called(&alt_name),
        name: link.name,
        is_up: link.is_up,
        mtu: link.mtu,
        mac: link.mac,
        group: link.group,
        blocks: rtnl.blocks(index)?,
        entry,
        routes,
        neighbours,
    })
}

/// The route by which an address is reached. What seems to be another's is
/// looked for once more among ours: a rule of others may have led to theirs,
/// which is no drift.
fn route(
    rtnl: &mut Rtnl,
    index: u32,
    address: IpAddr,
) -> Result<Option<(u32, u8)>, ReadError> {
    let is_of = |route: &Route| {
        route.destination.length() == tartan_model::Family::of(address).bits()
            && route.destination.first() == address
    };
    let is_ours = |route: &Route| {
        is_of(route) && route.link == index && route.protocol == ROUTE_PROTOCOL
    };
    let found = rtnl.route_to(address)?;
    let ours = Some((index, ROUTE_PROTOCOL));
    if found.as_ref().is_some_and(is_ours)
        || rtnl.routes(ROUTE_PROTOCOL)?.iter().any(is_ours)
    {
        return Ok(ours);
    }
    Ok(found.filter(is_of).map(|route| (route.link, route.protocol)))
}

/// Reads the container's end; none where it is not there.
pub(crate) fn inside_side(
    entered: &mut Entered,
    record: &Record,
) -> Result<Option<InsideSide>, ReadError> {
    let (rtnl, index) = (&mut entered.rtnl, entered.index);
    let Some(link) = rtnl.link(index)? else { return Ok(None) };
    // Another's link can have the number where ours has gone.
    if link.peer_index != Some(record.host_index) {
        return Ok(None);
    }
    let present: BTreeSet<_> = rtnl.addresses(index)?.into_iter().collect();
    let mut gateways = BTreeMap::new();
    for address in record.addresses() {
        let gateway = wire::gateway(address);
        let found = rtnl.neighbour(index, gateway)?;
        let found = found.filter(|it| it.is_permanent);
        gateways.insert(gateway, found.and_then(|it| it.mac));
    }
    Ok(Some(InsideSide {
        name: link.name,
        is_up: link.is_up,
        mac: link.mac,
        addresses: record
            .addresses()
            .filter(|address| present.contains(address))
            .collect(),
        ways_out: ways_out_of(rtnl, index, record)?,
        gateways,
    }))
}

/// The addresses that have a way out: the container's first one, or one of
/// the attachment's own, which is a waiting route, a table and a rule.
pub(crate) fn ways_out_of(
    rtnl: &mut Rtnl,
    index: u32,
    record: &Record,
) -> Result<BTreeSet<IpAddr>, ReadError> {
    let routes = rtnl.default_routes(index, ROUTE_PROTOCOL)?;
    let own = wire::own_ways_out(record, index);
    let mut rules: Option<Vec<Rule>> = None;
    let mut found = BTreeSet::new();
    for (way_out, rule) in own {
        let is_to = |r: &&Route| r.next_hop == way_out.next_hop;
        let table = way_out.table;
        let mut main = routes
            .iter()
            .filter(is_to)
            .filter(|route| route.table == Route::MAIN_TABLE);
        let is_first = main.clone().any(|r| r.metric != Some(table));
        let is_waiting = main.any(|r| r.metric == Some(table))
            && routes.iter().filter(is_to).any(|r| r.table == table);
        if !is_first && is_waiting && rules.is_none() {
            rules = Some(rtnl.rules(ROUTE_PROTOCOL)?);
        }
        let has_rule = rules.as_ref().is_some_and(|all| all.contains(&rule));
        if is_first || (is_waiting && has_rule) {
            found.insert(rule.from);
        }
    }
    Ok(found)
}
