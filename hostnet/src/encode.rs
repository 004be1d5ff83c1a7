//! How a change is written as a netlink message. Pure.

use std::os::fd::RawFd;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_ECHO, NLM_F_EXCL,
    NLM_F_REPLACE, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage,
    NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::link::{
    AfSpecInet6, AfSpecUnspec, In6AddrGenMode, InfoData, InfoKind, InfoVeth,
    LinkAttribute, LinkFlags, LinkInfo, LinkMessage, Prop,
};

use crate::filter::clsact_message;
use crate::link::VethEnd;
use crate::neighbour::{address_message, neighbour_message};
use crate::operation::{LinkChange, LinkRef, Operation};

const NEW: u16 = NLM_F_CREATE | NLM_F_EXCL;
const PUT: u16 = NLM_F_CREATE | NLM_F_REPLACE;

/// What the kernel shall answer to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Nothing, unless it refuses.
    Refusal,
    /// That it is done, or a refusal.
    Verdict,
    /// The same, and the thing it is about. tc tells a thing that was asked
    /// for only to those who listen to changes, unless told to echo.
    Echo,
    /// All things of a kind.
    Dump,
}

impl Reply {
    fn flags(self) -> u16 {
        match self {
            Self::Refusal => NLM_F_REQUEST,
            Self::Verdict => NLM_F_REQUEST | NLM_F_ACK,
            Self::Echo => NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO,
            Self::Dump => NLM_F_REQUEST | NLM_F_DUMP,
        }
    }
}

/// Writes a message behind those in `bytes`.
pub(crate) fn write(
    bytes: &mut Vec<u8>,
    (message, flags): (Message, u16),
    sequence: u32,
    reply: Reply,
) {
    let mut header = NetlinkHeader::default();
    header.flags = flags | reply.flags();
    header.sequence_number = sequence;
    let payload = NetlinkPayload::InnerMessage(message);
    let mut message = NetlinkMessage::new(header, payload);
    message.finalize();
    let start = bytes.len();
    let end = start + message.buffer_len();
    bytes.resize(end.next_multiple_of(4), 0);
    if let Some(room) = bytes.get_mut(start..end) {
        message.serialize(room);
    }
}

/// The message that asks for a change, and its flags.
pub(crate) fn change(operation: &Operation) -> (Message, u16) {
    use Operation as Op;
    match operation {
        Op::AddVeth { index, group, host, container, netns } => {
            let mut message = veth_end(host);
            message.header.index = *index;
            message.attributes.push(LinkAttribute::Group(*group));
            message.attributes.push(veth_peer(container, *netns));
            (Message::NewLink(message), NEW | NLM_F_ECHO)
        }
        Op::AddAltName { link, name } => {
            (Message::NewLinkProp(alt_name(link, name)), NEW | NLM_F_APPEND)
        }
        Op::SetLink { index, change } => {
            (Message::SetLink(link_change(*index, change)), 0)
        }
        Op::DeleteLink { index } => (Message::DelLink(link(*index)), 0),
        Op::DeleteGroup { group } => {
            let mut message = LinkMessage::default();
            message.attributes.push(LinkAttribute::Group(group.get()));
            (Message::DelLink(message), 0)
        }
        Op::AddIfb { index, name } => {
            (Message::NewLink(ifb(*index, name)), NEW)
        }
        Op::Tc(change) => change.message(),
        Op::DeleteClsact { index } => {
            (Message::DelQueueDiscipline(clsact_message(*index)), 0)
        }
        Op::AddRoute(route) => (Message::NewRoute(route.message()), NEW),
        Op::ReplaceRoute(route) => (Message::NewRoute(route.message()), PUT),
        Op::DeleteRoute(route) => (Message::DelRoute(route.message()), 0),
        Op::AddRule(rule) => (Message::NewRule(rule.message()), NEW),
        Op::DeleteRule(rule) => (Message::DelRule(rule.message()), 0),
        Op::AddAddress { index, address } => {
            (Message::NewAddress(address_message(*index, *address)), NEW)
        }
        Op::DeleteAddress { index, address } => {
            (Message::DelAddress(address_message(*index, *address)), 0)
        }
        Op::SetNeighbour { index, address, mac } => {
            let message = neighbour_message(*index, *address, *mac);
            (Message::NewNeighbour(message), PUT)
        }
    }
}

/// An ifb of one queue, whichever the packets come from.
fn ifb(index: u32, name: &str) -> LinkMessage {
    let mut message = link(index);
    message.attributes = vec![
        LinkAttribute::IfName(name.to_owned()),
        LinkAttribute::NumTxQueues(1),
        LinkAttribute::NumRxQueues(1),
        LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Ifb)]),
    ];
    message
}

fn link(index: u32) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = index;
    message
}

fn veth_end(end: &VethEnd) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.attributes = vec![
        LinkAttribute::IfName(end.name.clone()),
        LinkAttribute::Address(end.mac.0.to_vec()),
        LinkAttribute::Mtu(end.mtu),
        // One queue each way: more are made for each CPU and carry nothing.
        LinkAttribute::NumTxQueues(1),
        LinkAttribute::NumRxQueues(1),
    ];
    message
}

fn veth_peer(end: &VethEnd, netns: Option<RawFd>) -> LinkAttribute {
    let mut peer = veth_end(end);
    peer.attributes.extend(netns.map(LinkAttribute::NetNsFd));
    LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Veth),
        LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(peer))),
    ])
}

fn alt_name(found_by: &LinkRef, name: &str) -> LinkMessage {
    let mut message = match found_by {
        LinkRef::Index(index) => link(*index),
        LinkRef::Name(name) => {
            let mut message = LinkMessage::default();
            message.attributes.push(LinkAttribute::IfName(name.clone()));
            message
        }
    };
    let names = vec![Prop::AltIfName(name.into())];
    message.attributes.push(LinkAttribute::PropList(names));
    message
}

fn link_change(index: u32, change: &LinkChange) -> LinkMessage {
    let mut message = link(index);
    match change {
        LinkChange::Up => {
            message.header.flags = LinkFlags::Up;
            message.header.change_mask = LinkFlags::Up;
        }
        LinkChange::Down => message.header.change_mask = LinkFlags::Up,
        LinkChange::NoLinkLocal => message.attributes.push(no_link_local()),
        LinkChange::Name(name) => {
            message.attributes.push(LinkAttribute::IfName(name.clone()));
        }
        LinkChange::Group(group) => {
            message.attributes.push(LinkAttribute::Group(*group));
        }
        LinkChange::Mac(mac) => {
            message.attributes.push(LinkAttribute::Address(mac.0.to_vec()));
        }
        LinkChange::Mtu(bytes) => {
            message.attributes.push(LinkAttribute::Mtu(*bytes));
        }
    }
    message
}

fn no_link_local() -> LinkAttribute {
    let mode = AfSpecInet6::AddrGenMode(In6AddrGenMode::None);
    LinkAttribute::AfSpecUnspec(vec![AfSpecUnspec::Inet6(vec![mode])])
}

#[cfg(test)]
mod tests;
