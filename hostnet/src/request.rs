//! What is asked of the kernel without changing it. Pure.

use std::fmt;
use std::net::IpAddr;

use netlink_packet_core::DefaultNla;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkMessage};
use netlink_packet_route::neighbour::{NeighbourAttribute, NeighbourMessage};
use netlink_packet_route::nsid::{NsidAttribute, NsidMessage};
use netlink_packet_route::route::{
    RouteAttribute, RouteFlags, RouteMessage, RouteProtocol,
};
use netlink_packet_route::rule::RuleMessage;
use netlink_packet_route::tc::{TcHandle, TcMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage as Message};
use tartan_model::Family;

use crate::encode::Reply;
use crate::filter::{FilterPlace, place_message};
use crate::route::family_of;

/// include/uapi/linux/if_link.h
const IFLA_ALT_IFNAME: u16 = 53;

/// What is read. Its `Display` is the thing read, for errors.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// Every link.
    Links,
    /// The link of this number.
    Link(u32),
    /// The link that goes by this name, its own or another.
    LinkNamed(String),
    /// The addresses of a link.
    Addresses(Family, u32),
    /// The routes made by a protocol, in all tables.
    Routes(Family, u8),
    /// The route by which an address is reached.
    RouteTo(IpAddr),
    /// The route of a link to everywhere, made by a protocol, in a table.
    DefaultRoutes {
        /// Which family.
        family: Family,
        /// The link.
        link: u32,
        /// Who made it.
        protocol: u8,
    },
    /// Every rule.
    Rules(Family),
    /// The neighbours behind a link.
    Neighbours(Family, u32),
    /// One neighbour behind a link.
    Neighbour(u32, IpAddr),
    /// The number of a process's network namespace.
    NetnsIdOf(u32),
    /// The blocks that a link's packets are judged by.
    Blocks(u32),
    /// The filters that are somewhere.
    Filters(FilterPlace),
    /// Every queue of every link.
    Queues,
    /// The classes of a link.
    Classes(u32),
}

impl Question {
    /// The message that asks it, and how it is answered.
    pub(crate) fn message(&self) -> (Message, Reply) {
        match self {
            Self::Links => (links(), Reply::Dump),
            Self::Link(index) => (one_link(*index, None), Reply::Verdict),
            Self::LinkNamed(name) => (one_link(0, Some(name)), Reply::Verdict),
            Self::Addresses(family, link) => {
                let mut message = AddressMessage::default();
                message.header.family = number_of(*family);
                message.header.index = *link;
                (Message::GetAddress(message), Reply::Dump)
            }
            Self::Routes(family, protocol) => {
                let mut message = RouteMessage::default();
                message.header.address_family = number_of(*family);
                message.header.protocol = RouteProtocol::Other(*protocol);
                (Message::GetRoute(message), Reply::Dump)
            }
            Self::RouteTo(address) => (route_to(*address), Reply::Verdict),
            Self::DefaultRoutes { family, link, protocol } => {
                let mut message = RouteMessage::default();
                message.header.address_family = number_of(*family);
                message.header.protocol = RouteProtocol::Other(*protocol);
                message.attributes.push(RouteAttribute::Oif(*link));
                (Message::GetRoute(message), Reply::Dump)
            }
            Self::Rules(family) => {
                let mut message = RuleMessage::default();
                message.header.family = number_of(*family);
                (Message::GetRule(message), Reply::Dump)
            }
            Self::Neighbours(family, link) => {
                (neighbours(*family, *link), Reply::Dump)
            }
            Self::Neighbour(link, address) => {
                (neighbour(*link, *address), Reply::Verdict)
            }
            Self::NetnsIdOf(process) => {
                let mut message = NsidMessage::default();
                message.attributes.push(NsidAttribute::Pid(*process));
                (Message::GetNsId(message), Reply::Verdict)
            }
            Self::Blocks(link) => {
                let mut message = TcMessage::with_index(link.cast_signed());
                message.header.parent = TcHandle::CLSACT;
                (Message::GetQueueDiscipline(message), Reply::Echo)
            }
            Self::Filters(place) => {
                let message = place_message(*place);
                (Message::GetTrafficFilter(message), Reply::Dump)
            }
            Self::Queues => {
                let message = TcMessage::default();
                (Message::GetQueueDiscipline(message), Reply::Dump)
            }
            Self::Classes(link) => {
                let message = TcMessage::with_index(link.cast_signed());
                (Message::GetTrafficClass(message), Reply::Dump)
            }
        }
    }
}

fn neighbours(family: Family, link: u32) -> Message {
    let mut message = NeighbourMessage::default();
    message.header.family = number_of(family);
    message.attributes.push(NeighbourAttribute::IfIndex(link));
    Message::GetNeighbour(message)
}

fn neighbour(link: u32, address: IpAddr) -> Message {
    let mut message = NeighbourMessage::default();
    message.header.family = family_of(address);
    message.header.ifindex = link;
    let it = NeighbourAttribute::Destination(address.into());
    message.attributes.push(it);
    Message::GetNeighbour(message)
}

/// Counters make up half of a link's description, and nobody here reads them.
fn links() -> Message {
    let mut message = LinkMessage::default();
    let mask = LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]);
    message.attributes.push(mask);
    Message::GetLink(message)
}

fn one_link(index: u32, name: Option<&str>) -> Message {
    let mut message = LinkMessage::default();
    message.header.index = index;
    let mask = LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]);
    message.attributes.push(mask);
    // This attribute finds names of both kinds, and takes long ones.
    message.attributes.extend(name.map(|name| {
        let text = [name.as_bytes(), b"\0"].concat();
        LinkAttribute::Other(DefaultNla::new(IFLA_ALT_IFNAME, text))
    }));
    Message::GetLink(message)
}

/// The entry of the routing table itself, not what becomes of a packet.
fn route_to(address: IpAddr) -> Message {
    let mut message = RouteMessage::default();
    message.header.address_family = family_of(address);
    message.header.destination_prefix_length = Family::of(address).bits();
    message.header.flags = RouteFlags::FibMatch;
    message.attributes.push(RouteAttribute::Destination(address.into()));
    Message::GetRoute(message)
}

fn number_of(family: Family) -> AddressFamily {
    match family {
        Family::V4 => AddressFamily::Inet,
        Family::V6 => AddressFamily::Inet6,
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Links => f.write_str("links"),
            Self::Link(index) => write!(f, "link {index}"),
            Self::LinkNamed(name) => write!(f, "link {name}"),
            Self::Addresses(family, link) => {
                write!(f, "{family} addresses of link {link}")
            }
            Self::Routes(family, protocol) => {
                write!(f, "{family} routes of protocol {protocol}")
            }
            Self::RouteTo(address) => write!(f, "the route to {address}"),
            Self::DefaultRoutes { family, link, .. } => {
                write!(f, "{family} ways out by link {link}")
            }
            Self::Rules(family) => write!(f, "{family} rules"),
            Self::Neighbours(family, link) => {
                write!(f, "{family} neighbours of link {link}")
            }
            Self::Neighbour(link, address) => {
                write!(f, "neighbour {address} behind link {link}")
            }
            Self::NetnsIdOf(process) => {
                write!(f, "the network namespace of process {process}")
            }
            Self::Blocks(link) => write!(f, "tc blocks of link {link}"),
            Self::Filters(place) => write!(f, "filters of {place}"),
            Self::Queues => f.write_str("queues"),
            Self::Classes(link) => write!(f, "classes of link {link}"),
        }
    }
}
