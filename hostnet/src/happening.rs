//! What a message of a [`Monitor`](crate::Monitor) says, as far as anybody
//! here acts on it. Pure; never panics, whatever the bytes are.
//!
//! Events come by the thousand on a busy host, most of them about things that
//! are not ours: of each no more is read than tells whose it is.

use std::net::IpAddr;

use netlink_packet_core::NetlinkBuffer;
use netlink_packet_route::neighbour::NeighbourHeader;
use netlink_packet_route::route::RouteHeader;
use netlink_packet_route::tc::TcHeader;
use tartan_model::Family;

use crate::answer::{Malformed, split};
use crate::attributes::{address, attributes, number, text};
use crate::filter::BlockPair;
use crate::link::Link;
use crate::neighbour::{Neighbour, read_address};

/// include/uapi/linux/rtnetlink.h
const NEWLINK: u16 = 16;
const DELLINK: u16 = 17;
const NEWADDR: u16 = 20;
const DELADDR: u16 = 21;
const NEWROUTE: u16 = 24;
const DELROUTE: u16 = 25;
const NEWNEIGH: u16 = 28;
const DELNEIGH: u16 = 29;
const NEWRULE: u16 = 32;
const DELRULE: u16 = 33;
const NEWQDISC: u16 = 36;
const DELQDISC: u16 = 37;
const NEWTFILTER: u16 = 44;
const DELTFILTER: u16 = 45;
const NEWNETCONF: u16 = 80;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const TCA_KIND: u16 = 1;
/// include/uapi/linux/if_link.h
const IFLA_NEW_NETNSID: u16 = 45;
/// include/uapi/linux/fib_rules.h
const FRA_PROTOCOL: u16 = 21;
/// `struct nlmsghdr`, `struct ifinfomsg`, `struct rtmsg`, `struct
/// fib_rule_hdr`, `struct tcmsg`.
const MESSAGE_HEADER_BYTES: usize = 16;
const LINK_HEADER_BYTES: usize = 16;
const ROUTE_HEADER_BYTES: usize = 12;
const RULE_HEADER_BYTES: usize = 12;
const TC_HEADER_BYTES: usize = 20;

/// Whether a thing is there after what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It came, or is another than before.
    Is,
    /// It went.
    Gone,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// To a link.
    Link {
        /// Whether it is still there.
        change: Change,
        /// The link, as it is now or was at last.
        link: Box<Link>,
        /// True where it went to another namespace.
        has_moved: bool,
    },
    /// To an address of a link.
    Address {
        /// Whether it is still there.
        change: Change,
        /// The link.
        link: u32,
        /// The address.
        address: IpAddr,
    },
    /// To a route.
    Route {
        /// Whether it is still there.
        change: Change,
        /// Who made it.
        protocol: u8,
        /// Through which link; none where it has several, or none.
        link: Option<u32>,
        /// The single address that it leads to.
        to_address: Option<IpAddr>,
        /// True where it leads everywhere.
        is_default: bool,
    },
    /// To a neighbour.
    Neighbour {
        /// Whether it is still there.
        change: Change,
        /// The neighbour.
        neighbour: Neighbour,
    },
    /// To a rule.
    Rule {
        /// Whether it is still there.
        change: Change,
        /// Who made it.
        protocol: u8,
    },
    /// To a qdisc of a link.
    Qdisc {
        /// Whether it is still there.
        change: Change,
        /// The link.
        link: u32,
        /// True for `clsact`.
        is_clsact: bool,
        /// The blocks that it looks into.
        blocks: Option<BlockPair>,
    },
    /// To a filter of a shared block.
    Filter {
        /// The block.
        block: u32,
    },
    /// To a setting such as forwarding.
    Setting,
}

/// What the messages of a datagram say. What is of no interest is left out,
/// and what cannot be read is too.
pub fn happenings(mut datagram: &[u8]) -> impl Iterator<Item = Happening> {
    std::iter::from_fn(move || {
        loop {
            let (message, rest) = split(datagram)?;
            datagram = rest;
            if let Ok(Some(happening)) = read(message) {
                return Some(happening);
            }
        }
    })
}

/// True where all messages of a datagram tell of what the socket with this
/// number asked for.
pub fn is_sent_by(mut datagram: &[u8], port: u32) -> bool {
    let mut is_any = false;
    while let Some((message, rest)) = split(datagram) {
        datagram = rest;
        is_any = true;
        if NetlinkBuffer::new(message).port_number() != port {
            return false;
        }
    }
    is_any
}

fn read(message: &[u8]) -> Result<Option<Happening>, Malformed> {
    let payload =
        message.get(MESSAGE_HEADER_BYTES..).ok_or(Malformed::Header)?;
    let change = |gone: u16, kind: u16| {
        if kind == gone { Change::Gone } else { Change::Is }
    };
    match NetlinkBuffer::new(message).message_type() {
        kind @ (NEWLINK | DELLINK) => link(change(DELLINK, kind), payload),
        kind @ (NEWADDR | DELADDR) => {
            let change = change(DELADDR, kind);
            Ok(read_address(payload)?.map(|(link, address)| {
                Happening::Address { change, link, address }
            }))
        }
        kind @ (NEWROUTE | DELROUTE) => route(change(DELROUTE, kind), payload),
        kind @ (NEWNEIGH | DELNEIGH) => {
            neighbour(change(DELNEIGH, kind), payload)
        }
        kind @ (NEWRULE | DELRULE) => rule(change(DELRULE, kind), payload),
        kind @ (NEWQDISC | DELQDISC) => qdisc(change(DELQDISC, kind), payload),
        NEWTFILTER | DELTFILTER => filter(payload),
        NEWNETCONF => Ok(Some(Happening::Setting)),
        _ => Ok(None),
    }
}

fn link(
    change: Change,
    payload: &[u8],
) -> Result<Option<Happening>, Malformed> {
    let link = Box::new(Link::read(payload)?);
    let has_moved = change == Change::Gone
        && attributes(payload, LINK_HEADER_BYTES)?
            .iter()
            .any(|(kind, _)| *kind == IFLA_NEW_NETNSID);
    Ok(Some(Happening::Link { change, link, has_moved }))
}

fn route(
    change: Change,
    payload: &[u8],
) -> Result<Option<Happening>, Malformed> {
    let header = RouteHeader::parse(payload).map_err(|_| Malformed::Header)?;
    let (mut to, mut link) = (None, None);
    for (kind, value) in attributes(payload, ROUTE_HEADER_BYTES)? {
        match kind {
            RTA_DST => to = address(value).ok(),
            RTA_OIF => link = Some(number(value)?),
            _ => {}
        }
    }
    let length = header.destination_prefix_length;
    let is_single = |to: &IpAddr| Family::of(*to).bits() == length;
    Ok(Some(Happening::Route {
        change,
        protocol: header.protocol.into(),
        link,
        to_address: to.filter(is_single),
        is_default: length == 0,
    }))
}

/// Most neighbours of a host are learnt and forgotten all the time; only what
/// has a link and an address is told.
fn neighbour(
    change: Change,
    payload: &[u8],
) -> Result<Option<Happening>, Malformed> {
    NeighbourHeader::parse(payload).map_err(|_| Malformed::Header)?;
    let found = Neighbour::read(payload)?;
    Ok(found.map(|neighbour| Happening::Neighbour { change, neighbour }))
}

fn rule(
    change: Change,
    payload: &[u8],
) -> Result<Option<Happening>, Malformed> {
    let found = attributes(payload, RULE_HEADER_BYTES)?;
    let protocol = found
        .iter()
        .find(|(kind, _)| *kind == FRA_PROTOCOL)
        .and_then(|(_, value)| value.first().copied());
    let protocol = protocol.unwrap_or_default();
    Ok(Some(Happening::Rule { change, protocol }))
}

fn qdisc(
    change: Change,
    payload: &[u8],
) -> Result<Option<Happening>, Malformed> {
    let header = TcHeader::parse(payload).map_err(|_| Malformed::Header)?;
    let found = attributes(payload, TC_HEADER_BYTES)?;
    let is_clsact = found
        .iter()
        .any(|(kind, name)| *kind == TCA_KIND && text(name) == "clsact");
    let blocks = BlockPair::read(payload)?.map(|(_, blocks)| blocks);
    let link = header.index.cast_unsigned();
    Ok(Some(Happening::Qdisc { change, link, is_clsact, blocks }))
}

fn filter(payload: &[u8]) -> Result<Option<Happening>, Malformed> {
    let header = TcHeader::parse(payload).map_err(|_| Malformed::Header)?;
    let is_block =
        header.index == TcHeader::TCM_IFINDEX_MAGIC_BLOCK.cast_signed();
    let block = header.parent.into();
    Ok(is_block.then_some(Happening::Filter { block }))
}

#[cfg(test)]
mod tests;
