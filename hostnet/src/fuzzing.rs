//! What the fuzz targets may reach of this crate: the readers of the kernel's
//! answers. No promise to anybody else. Pure.

use std::net::IpAddr;

use netlink_packet_core::Emitable;

use crate::answer::{Answer, answers};
use crate::conntrack::Connection;
use crate::neighbour::read_address;
use crate::nft::seen;
use crate::nft::{ChainSeen, RuleSeen, Set};
use crate::{
    BlockPair, Class, Filter, Link, Malformed, Neighbour, Queue, Route, Rule,
};

/// What one item of an answer can be read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A link.
    Link(Link),
    /// An address, and its link's number.
    Address(u32, IpAddr),
    /// A route.
    Route(Route),
    /// A rule.
    Rule(Rule),
    /// A neighbour.
    Neighbour(Neighbour),
    /// The blocks of a link, and its number.
    Blocks(u32, BlockPair),
    /// A filter.
    Filter(Filter),
    /// A queue of a link.
    Queue(Queue),
    /// A class of a tree of queues.
    Class(Class),
}

/// What one item of netfilter's answers can be read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetfilterThing {
    /// The name of a table.
    Table(String),
    /// A chain.
    Chain(ChainSeen),
    /// A rule.
    Rule(RuleSeen),
    /// A set, and its table's name.
    Set(String, Set),
    /// So many elements of a set.
    Elements(usize),
    /// A connection.
    Connection(Connection),
}

/// Reads a datagram. Each item in it is read as each kind of thing, for
/// nothing but the question tells of which kind an answer is.
pub fn datagram(bytes: &[u8]) -> Vec<Result<Vec<Thing>, Malformed>> {
    answers(bytes)
        .map(|answer| match answer? {
            Answer::Verdict { .. } => Ok(Vec::new()),
            Answer::Item { payload, .. } => Ok(things(payload)),
        })
        .collect()
}

/// What the payload of an item can be read as.
pub fn things(payload: &[u8]) -> Vec<Thing> {
    let address = |(link, address)| Thing::Address(link, address);
    let blocks = |(link, pair)| Thing::Blocks(link, pair);
    let readings = [
        Link::read(payload).map(|link| Some(Thing::Link(link))),
        read_address(payload).map(|found| found.map(address)),
        Route::read(payload).map(|found| found.map(Thing::Route)),
        Rule::read(payload).map(|found| found.map(Thing::Rule)),
        Neighbour::read(payload).map(|found| found.map(Thing::Neighbour)),
        BlockPair::read(payload).map(|found| found.map(blocks)),
        Filter::read(payload).map(|found| found.map(Thing::Filter)),
        Queue::read(payload).map(|found| found.map(Thing::Queue)),
        Class::read(payload).map(|found| found.map(Thing::Class)),
    ];
    readings.into_iter().filter_map(|read| read.ok().flatten()).collect()
}

/// What the payload of an item of netfilter can be read as.
pub fn netfilter_things(payload: &[u8]) -> Vec<NetfilterThing> {
    use NetfilterThing as Is;
    let elements = seen::elements(payload, "elements");
    let readings = [
        seen::name(payload).map(|found| found.map(Is::Table)),
        seen::chain(payload).map(|found| found.map(Is::Chain)),
        seen::rule(payload).map(|found| found.map(Is::Rule)),
        seen::set(payload).map(|found| found.map(|(t, set)| Is::Set(t, set))),
        elements.map(|all| Some(Is::Elements(all.len()))),
        Connection::read(payload).map(|found| found.map(Is::Connection)),
    ];
    readings.into_iter().filter_map(|read| read.ok().flatten()).collect()
}

/// The same of each item in a datagram.
pub fn netfilter(datagram: &[u8]) -> Vec<NetfilterThing> {
    let items = answers(datagram).filter_map(|answer| match answer.ok()? {
        Answer::Item { payload, .. } => Some(netfilter_things(payload)),
        Answer::Verdict { .. } => None,
    });
    items.flatten().collect()
}

/// The payload by which a route is asked for.
pub fn write_route(route: &Route) -> Vec<u8> {
    written(&route.message())
}

/// The payload by which a rule is asked for.
pub fn write_rule(rule: &Rule) -> Vec<u8> {
    written(&rule.message())
}

fn written(message: &impl Emitable) -> Vec<u8> {
    let mut bytes = vec![0; message.buffer_len()];
    message.emit(&mut bytes);
    bytes
}
