//! What an attachment looks like in the kernel: builds the batches. Pure.
//!
//! ```text
//!   container's netns                     host's netns
//!   eth0  10.77.0.5/32  fd00:77::5/128    ttXXXXXXXXXXXXX  (no address)
//!    default via 169.254.1.1, fe80::1      10.77.0.5/32, fd00:77::5/128 dev
//!    both permanent neighbours             both permanent neighbours
//!         +------------- veth pair -------------+
//! ```
//!
//! No proxy ARP and no shared link layer: each end knows the other's MAC
//! address from the start, so that nothing is ever asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;

use tartan_agent_api::plugin::Given;
use tartan_agent_api::record::Record;
use tartan_hostnet::{
    Batch, BatchError, BlockPair, NetNs, Operation, Route, Rule, VethEnd,
    VethSpec,
};
use tartan_model::{AttachMode, Attachment, Generation, Mac};

use crate::attach::shaping;

/// Next hop of every container for IPv4: link-local (RFC 3927), the same on
/// every host, so that a container may move.
pub(crate) const GATEWAY_4: IpAddr = IpAddr::V4(Ipv4Addr::new(169, 254, 1, 1));
/// Next hop of every container for IPv6.
pub(crate) const GATEWAY_6: IpAddr =
    IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1));
/// MAC address of every host's end: locally administered, the same on every
/// host, so that a container's neighbour entry stays true wherever it runs.
pub(crate) const HOST_MAC: Mac = Mac([0x02, b't', b'a', b'r', b't', b'n']);

/// The shared tc blocks of our links: "ta" as a number, and the next. Block
/// numbers are per network namespace.
pub(crate) const BLOCKS: BlockPair =
    BlockPair { ingress: 0x7461, egress: 0x7462 };

/// Group of our links that live. Groups are only ever numbers (ip-link(8)):
/// these are "tart" and what follows.
pub(crate) const GROUP_LIVE: u32 = 0x7461_7274;
/// Group of our links that wait for the reaper: the list that survives a
/// crash of the agent is kept by the kernel.
pub(crate) const GROUP_REAP: NonZeroU32 = NonZeroU32::new(0x7461_7275).unwrap();

/// Number of the table of the first link that a container could have, "ta"
/// and zeros: far from tables that people number, and every link's fits.
const TABLE_BASE: u32 = 0x7461_0000;
/// When a container's rules are asked: before the main table (32766) and
/// after the local one (0), with room on both sides for others'.
const RULE_PRIORITY: u32 = 1000;

/// Longest alternative name (ALTIFNAMSIZ, include/uapi/linux/if.h, less the
/// terminating zero).
const ALT_NAME_MAX_BYTES: usize = 127;

/// The gateway of an address's family.
pub(crate) fn gateway(address: IpAddr) -> IpAddr {
    if address.is_ipv4() { GATEWAY_4 } else { GATEWAY_6 }
}

/// The alternative name by which a host's end tells whose it is:
/// `tartan,GENERATION,NETWORK,CONTAINER,INTERFACE`. Where that is too long
/// for the kernel, the generation alone: the store's slot knows the rest.
pub(crate) fn alt_name(attachment: &Attachment, life: Generation) -> String {
    let whole = format!("tartan,{:013x},{attachment}", life.0);
    if whole.len() <= ALT_NAME_MAX_BYTES {
        return whole;
    }
    format!("tartan,{:013x}", life.0)
}

/// Reads an alternative name of ours: the generation, and the attachment
/// where it fitted. Any program of the host can name a link, and ours are
/// taken away when nobody has them: so only what [`alt_name`] writes is ours.
pub(crate) fn read_alt_name(
    name: &str,
) -> Option<(Generation, Option<Attachment>)> {
    let ours = name.strip_prefix("tartan,")?;
    let (life, attachment) = match ours.split_once(',') {
        Some((life, text)) => (life, Some(text.parse().ok()?)),
        None => (ours, None),
    };
    let number = u64::from_str_radix(life, 16).ok()?;
    (life == format!("{number:013x}"))
        .then_some((Generation(number), attachment))
        .filter(|(life, _)| life.0 <= Generation::MAX)
}

/// The veth pair: both ends down, the qdisc with the shared blocks on ours,
/// and the limit of what goes out by it.
pub(crate) fn links<'ns>(record: &Record, netns: &'ns NetNs) -> Batch<'ns> {
    let attached = &record.attached;
    let index = record.host_index;
    let mut batch = Batch::new();
    batch.veth(&VethSpec {
        index,
        group: GROUP_LIVE,
        host: VethEnd {
            name: attached.host_link.clone(),
            mac: attached.host_mac,
            mtu: attached.mtu,
        },
        container: VethEnd {
            name: record.attachment.interface().to_string(),
            mac: attached.mac,
            mtu: attached.mtu,
        },
        netns: Some(netns),
    });
    batch.alt_name(index, &alt_name(&record.attachment, attached.generation));
    if record.attach == AttachMode::SharedBlock {
        batch.clsact(index, BLOCKS);
    }
    if let Some(limit) = record.limits.to_container {
        batch.shaper(index, shaping::shaper(limit, attached.mtu));
    }
    batch
}

/// The container's end: up, addresses, way out.
pub(crate) fn container_side(record: &Record) -> Batch<'static> {
    let attached = &record.attached;
    let index = record.container_index;
    let mut batch = Batch::new();
    batch.up(index);
    for Given { address, gateway, .. } in &attached.addresses {
        batch.address(index, *address);
        batch.neighbour(index, *gateway, attached.host_mac);
        if let Some(way_out) = Route::default_via(*gateway, index) {
            batch.route(&way_out);
        }
    }
    batch
}

/// The ways out that were refused because the container has one already, as
/// with its second attachment; the error itself where anything else was.
pub(crate) fn taken_ways_out(
    error: BatchError,
) -> Result<Vec<Route>, BatchError> {
    let mut taken = Vec::new();
    for failure in error.failures() {
        let Operation::AddRoute(route) = &failure.operation else {
            return Err(error);
        };
        if !failure.is_exists() || route.destination.length() > 0 {
            return Err(error);
        }
        taken.push(route.clone());
    }
    if taken.is_empty() { Err(error) } else { Ok(taken) }
}

/// The ways out, asked for once more.
pub(crate) fn ways_out(wanted: &[Route]) -> Batch<'static> {
    let mut batch = Batch::new();
    for way_out in wanted {
        batch.route(way_out);
    }
    batch
}

/// The way out of an attachment that is not its container's first. What has
/// one of its addresses for its sender leaves by its own link, by a rule and
/// a table of its own: elsewhere it would be a spoofed address. In the main
/// table it waits until those before it are gone.
pub(crate) fn second_way_out(
    record: &Record,
    taken: &[Route],
) -> Batch<'static> {
    let mut batch = Batch::new();
    for (way_out, rule) in own_ways_out(record, record.container_index) {
        let table = way_out.table;
        for main in taken.iter().filter(|t| t.next_hop == way_out.next_hop) {
            batch.route(&Route { metric: Some(table), ..main.clone() });
            batch.route(&way_out);
            batch.rule(&rule);
        }
    }
    batch
}

/// For each address its way out in a table of the attachment's own, and the
/// rule that leads there. `index` is that of the container's end.
pub(crate) fn own_ways_out(
    record: &Record,
    index: u32,
) -> impl Iterator<Item = (Route, Rule)> {
    let table = TABLE_BASE.saturating_add(index);
    record.attached.addresses.iter().filter_map(move |given| {
        let main = Route::default_via(given.gateway, index)?;
        let rule = Rule::new(given.address, table, RULE_PRIORITY);
        Some((Route { table, ..main }, rule))
    })
}

/// The host's end: up, the container's addresses behind it.
pub(crate) fn host_side(record: &Record) -> Batch<'static> {
    let index = record.host_index;
    let mut batch = Batch::new();
    batch.no_link_local(index);
    batch.up(index);
    for address in record.addresses() {
        batch.neighbour(index, address, record.mac());
        batch.route(&Route::to_address(address, index));
    }
    batch
}

/// The host's end once more, over what may be there of it: drift is mended
/// without a moment in which what is right is absent.
pub(crate) fn rewire(record: &Record) -> Batch<'static> {
    let index = record.host_index;
    let mut batch = Batch::new();
    batch.up(index);
    for address in record.addresses() {
        batch.neighbour(index, address, record.mac());
        batch.replace_route(&Route::to_address(address, index));
    }
    batch
}

/// The container's end once more, but for its ways out. What is there
/// already is refused, and that is well.
pub(crate) fn furnish_again(record: &Record, index: u32) -> Batch<'static> {
    let attached = &record.attached;
    let mut batch = Batch::new();
    for Given { address, gateway, .. } in &attached.addresses {
        batch.address(index, *address);
        batch.neighbour(index, *gateway, attached.host_mac);
    }
    batch
}

/// The way out of one address once more: as the container's first, and what
/// takes its place where the container has another.
pub(crate) fn way_out_again(
    record: &Record,
    index: u32,
    given: &Given,
) -> (Batch<'static>, Batch<'static>) {
    let (mut first, mut second) = (Batch::new(), Batch::new());
    if let Some(main) = Route::default_via(given.gateway, index) {
        first.route(&main);
        for (way_out, rule) in own_ways_out(record, index)
            .filter(|(_, rule)| rule.from == given.address)
        {
            let waiting = Route { metric: Some(way_out.table), ..main.clone() };
            second.route(&waiting).route(&way_out).rule(&rule);
        }
    }
    (first, second)
}

/// The host's end on its way out: its routes gone, itself on the reaper's
/// list. It is not set down: that waits for an RCU grace period, and nothing
/// passes any more, for its class is gone.
pub(crate) fn unwire(record: &Record) -> Batch<'static> {
    let index = record.host_index;
    let mut batch = Batch::new();
    batch.group(index, GROUP_REAP.get());
    for address in record.addresses() {
        batch.delete_route(&Route::to_address(address, index));
    }
    batch
}

/// A host's end of which nothing is known but its index, on the reaper's
/// list.
pub(crate) fn retire(index: u32) -> Batch<'static> {
    let mut batch = Batch::new();
    batch.group(index, GROUP_REAP.get());
    batch
}

/// The container's end on its way out: its name, its addresses and its way
/// out are free at once, though the link itself waits for the reaper. An ADD
/// that comes sooner finds nothing in its way. Without this, all but a rule
/// goes with the link; the rule leads to an empty table then, and on.
pub(crate) fn vacate(record: &Record) -> Batch<'static> {
    let index = record.container_index;
    let mut batch = Batch::new();
    for Given { address, gateway, .. } in &record.attached.addresses {
        if let Some(way_out) = Route::default_via(*gateway, index) {
            batch.delete_route(&way_out);
        }
        batch.delete_address(index, *address);
    }
    for (way_out, rule) in own_ways_out(record, index) {
        batch.delete_route(&way_out).delete_rule(&rule);
    }
    batch.rename(index, &record.attached.host_link);
    batch
}

#[cfg(test)]
mod tests;
