//! Queues that let packets pass at a rate: what one is, how it is written and
//! read. Pure.
//!
//! A token bucket (`tbf`) at the root of a link shapes what goes out by it.
//! Where many share one link, its root is a tree (`htb`) with a class for each
//! and a queue of bytes (`bfifo`) behind each class.

use std::fmt;

use netlink_packet_core::DefaultNla;
use netlink_packet_route::tc::{TcAttribute, TcHandle, TcHeader, TcMessage};

use crate::answer::Malformed;
use crate::attributes::{attributes, number, text};
use crate::filter::BlockPair;

/// include/uapi/linux/rtnetlink.h
const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
/// include/uapi/linux/pkt_sched.h
const TCA_TBF_PARMS: u16 = 1;
const TCA_TBF_RATE64: u16 = 4;
const TCA_TBF_BURST: u16 = 6;
const TCA_HTB_PARMS: u16 = 1;
const TCA_HTB_INIT: u16 = 2;
const TCA_HTB_RATE64: u16 = 6;
const TCA_HTB_CEIL64: u16 = 7;
/// `TC_LINKLAYER_ETHERNET`: the kernel then needs no table of times.
const ETHERNET: u8 = 1;
/// `HTB_VER >> 16` of net/sched/sch_htb.c.
const HTB_VERSION: u32 = 3;
/// What a class sends in its turn. It matters where classes borrow, which
/// ours do not; unsaid, the kernel derives one and warns of it.
const QUANTUM_BYTES: u32 = 16 << 10;
/// A tick of the packet scheduler (`PSCHED_SHIFT` of
/// include/net/pkt_sched.h: 6).
const TICK_NANOSECONDS: u128 = 64;
/// `struct tcmsg`.
const HEADER_BYTES: usize = 20;

/// How a queue lets packets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shaper {
    /// Bytes per second.
    pub rate: u64,
    /// Bytes that may pass at once after a pause.
    pub burst: u32,
    /// Bytes that may wait.
    pub queue: u32,
}

/// What the kernel says of a [`Shaper`]: its burst it tells as a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pace {
    /// Bytes per second.
    pub rate: u64,
    /// Bytes that may wait.
    pub queue: u32,
}

/// A queue found at a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The link.
    pub link: u32,
    /// What it is at: [`Queue::ROOT`], or a class.
    pub parent: u32,
    /// Its number.
    pub handle: u32,
    /// What it is.
    pub kind: QueueKind,
}

/// What a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueKind {
    /// `tbf`
    TokenBucket(Pace),
    /// `htb`
    Classes,
    /// `clsact`, with the blocks that it looks into.
    Clsact(Option<BlockPair>),
    /// `bfifo`, with the bytes that may wait.
    Bytes(u32),
    /// Another.
    Other,
}

/// A class of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// Its number, the tree's in the upper half.
    pub id: u32,
    /// Bytes per second.
    pub rate: u64,
}

impl Shaper {
    /// As the kernel will tell it.
    pub fn pace(&self) -> Pace {
        Pace { rate: self.rate, queue: self.queue }
    }

    /// The time in which the burst passes, in ticks.
    fn ticks(&self) -> u32 {
        let nanoseconds = u128::from(self.burst) * 1_000_000_000
            / u128::from(self.rate.max(1));
        u32::try_from(nanoseconds / TICK_NANOSECONDS).unwrap_or(u32::MAX)
    }

    /// `struct tc_ratespec`.
    fn rate_bytes(&self) -> [u8; 12] {
        let rate = u32::try_from(self.rate).unwrap_or(u32::MAX);
        let mut spec = [0; 12];
        let (head, tail) = spec.split_at_mut(8);
        if let Some(layer) = head.get_mut(1) {
            *layer = ETHERNET;
        }
        tail.copy_from_slice(&rate.to_ne_bytes());
        spec
    }
}

impl fmt::Display for Shaper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rate, burst, queue } = self;
        write!(f, "{rate} bytes/s, burst {burst}, queue {queue}")
    }
}

/// The head of a message about a queue or a class.
pub(crate) fn queue_message(link: u32, parent: u32, kind: &str) -> TcMessage {
    let mut message = TcMessage::with_index(link.cast_signed());
    message.header.parent = parent.into();
    if !kind.is_empty() {
        message.attributes.push(TcAttribute::Kind(kind.into()));
    }
    message
}

/// A token bucket at the root of a link.
pub(crate) fn token_bucket(link: u32, shaper: &Shaper) -> TcMessage {
    let mut parameters = shaper.rate_bytes().to_vec();
    parameters.extend([0; 12]); // no peak rate
    for word in [shaper.queue, shaper.ticks(), 0] {
        parameters.extend(word.to_ne_bytes());
    }
    let mut message = queue_message(link, Queue::ROOT, "tbf");
    message.attributes.push(options(&[
        (TCA_TBF_PARMS, &parameters),
        (TCA_TBF_RATE64, &shaper.rate.to_ne_bytes()),
        (TCA_TBF_BURST, &shaper.burst.to_ne_bytes()),
    ]));
    message
}

/// A tree at the root of a link. What is of no class passes unshaped.
pub(crate) fn tree(link: u32, handle: u16) -> TcMessage {
    let words = [HTB_VERSION, 10, 0, 0, 0].map(u32::to_ne_bytes);
    let mut message = queue_message(link, Queue::ROOT, "htb");
    message.header.handle = TcHandle { major: handle, minor: 0 };
    message.attributes.push(options(&[(TCA_HTB_INIT, words.as_flattened())]));
    message
}

/// A class of a tree, which borrows from nobody.
pub(crate) fn class(link: u32, id: u32, shaper: &Shaper) -> TcMessage {
    let mut parameters = shaper.rate_bytes().repeat(2);
    let ticks = shaper.ticks();
    for word in [ticks, ticks, QUANTUM_BYTES, 0, 0] {
        parameters.extend(word.to_ne_bytes());
    }
    let rate = shaper.rate.to_ne_bytes();
    let mut message = class_message(link, id);
    message.attributes.push(TcAttribute::Kind("htb".into()));
    message.attributes.push(options(&[
        (TCA_HTB_PARMS, &parameters),
        (TCA_HTB_RATE64, &rate),
        (TCA_HTB_CEIL64, &rate),
    ]));
    message
}

/// The head of a message about a class.
pub(crate) fn class_message(link: u32, id: u32) -> TcMessage {
    let mut message = queue_message(link, id & 0xffff_0000, "");
    message.header.handle = id.into();
    message
}

/// The queue behind a class.
pub(crate) fn waiting_room(link: u32, class: u32, bytes: u32) -> TcMessage {
    let mut message = queue_message(link, class, "bfifo");
    let limit = bytes.to_ne_bytes().to_vec();
    let nla = DefaultNla::new(TCA_OPTIONS, limit);
    message.attributes.push(TcAttribute::Other(nla));
    message
}

fn options(attributes: &[(u16, &[u8])]) -> TcAttribute {
    TcAttribute::Other(DefaultNla::new(TCA_OPTIONS, nested(attributes)))
}

/// Attributes one behind the other, as they are within another one.
pub(crate) fn nested(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (kind, value) in attributes {
        // None of ours is longer than a few dozen bytes.
        let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
        bytes.extend(length.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(*value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

impl Queue {
    /// `TC_H_ROOT`: at the link itself.
    pub const ROOT: u32 = u32::MAX;

    /// Reads the payload of an RTM_NEWQDISC.
    pub(crate) fn read(payload: &[u8]) -> Result<Option<Self>, Malformed> {
        let header = TcHeader::parse(payload).map_err(|_| Malformed::Header)?;
        let (kind, options) = kind_and_options(payload)?;
        let kind = match kind.as_str() {
            "tbf" => QueueKind::TokenBucket(read_token_bucket(options)?),
            "htb" => QueueKind::Classes,
            "clsact" => {
                let found = BlockPair::read(payload)?;
                QueueKind::Clsact(found.map(|(_, blocks)| blocks))
            }
            "bfifo" => QueueKind::Bytes(word(options, 0)?),
            _ => QueueKind::Other,
        };
        Ok(Some(Self {
            link: header.index.cast_unsigned(),
            parent: header.parent.into(),
            handle: header.handle.into(),
            kind,
        }))
    }
}

impl Class {
    /// Reads the payload of an RTM_NEWTCLASS; none for a class of another
    /// kind of tree.
    pub(crate) fn read(payload: &[u8]) -> Result<Option<Self>, Malformed> {
        let header = TcHeader::parse(payload).map_err(|_| Malformed::Header)?;
        let (kind, options) = kind_and_options(payload)?;
        if kind != "htb" {
            return Ok(None);
        }
        let (_, rate) =
            parameters_and_rate(options, TCA_HTB_PARMS, TCA_HTB_RATE64)?;
        Ok(Some(Self { id: header.handle.into(), rate }))
    }
}

fn kind_and_options(payload: &[u8]) -> Result<(String, &[u8]), Malformed> {
    let (mut kind, mut options) = (String::new(), [].as_slice());
    for (attribute, value) in attributes(payload, HEADER_BYTES)? {
        match attribute {
            TCA_KIND => kind = text(value),
            TCA_OPTIONS => options = value,
            _ => {}
        }
    }
    Ok((kind, options))
}

fn read_token_bucket(options: &[u8]) -> Result<Pace, Malformed> {
    let (parameters, rate) =
        parameters_and_rate(options, TCA_TBF_PARMS, TCA_TBF_RATE64)?;
    // Behind the rate and the peak rate.
    Ok(Pace { rate, queue: word(parameters, 24)? })
}

/// The struct of parameters, and the rate at its beginning: a number of 64
/// bits beside it where it does not fit there.
fn parameters_and_rate(
    options: &[u8],
    parameters_at: u16,
    rate_at: u16,
) -> Result<(&[u8], u64), Malformed> {
    let (mut parameters, mut large) = ([].as_slice(), None);
    for (kind, value) in attributes(options, 0)? {
        if kind == parameters_at {
            parameters = value;
        } else if kind == rate_at {
            let value = value.try_into().map_err(|_| Malformed::Attribute)?;
            large = Some(u64::from_ne_bytes(value));
        }
    }
    let rate = u64::from(word(parameters, 8)?);
    Ok((parameters, large.unwrap_or(rate)))
}

fn word(bytes: &[u8], at: usize) -> Result<u32, Malformed> {
    number(bytes.get(at..at + 4).ok_or(Malformed::Attribute)?)
}

#[cfg(test)]
mod tests;
