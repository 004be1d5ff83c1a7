//! The parts of a table, as values. Pure.
//!
//! Numbers are those of include/uapi/linux/netfilter/nf_tables.h; the numbers
//! of types are those by which `nft` shows a set (nftables,
//! include/datatype.h).

use std::net::IpAddr;

use tartan_model::Family;

use crate::netfilter::Attributes;
use crate::nft::Expression;

/// A table by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Which packets it sees.
    pub family: TableFamily,
    /// Its name.
    pub name: String,
}

/// Which packets a table sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFamily {
    /// IPv4 and IPv6.
    Inet,
    /// IPv4 (`ip`) or IPv6 (`ip6`).
    Of(Family),
}

/// A chain of rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// Where packets come to it; none where others jump to it.
    pub base: Option<BaseChain>,
}

/// Where packets come to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaseChain {
    /// What it may do.
    pub kind: ChainKind,
    /// At which point of a packet's way.
    pub hook: Hook,
    /// Lower ones come first.
    pub priority: i32,
    /// What becomes of a packet behind the last rule.
    pub policy: Policy,
}

/// What a base chain may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChainKind {
    /// Let pass and drop.
    Filter,
    /// Translate the first packet of a connection.
    Nat,
}

/// A point of a packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// It came by a link.
    Prerouting,
    /// It is for this host.
    Input,
    /// It goes on.
    Forward,
    /// This host sends it.
    Output,
    /// It leaves.
    Postrouting,
}

/// What becomes of a packet that no rule judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// It passes.
    Accept,
    /// It is dropped.
    Drop,
}

/// A set of keys, or a map from keys to data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Set {
    /// Its name.
    pub name: String,
    /// What a key is made of.
    pub key: Vec<Field>,
    /// What a key leads to; empty in a set.
    pub data: Vec<Field>,
    /// True where keys are the ends of ranges.
    pub is_interval: bool,
}

/// A part of a key or of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// An address.
    Address(Family),
    /// The number of a protocol.
    Protocol,
    /// A port.
    Port,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its chain.
    pub chain: String,
    /// What is shown with it; at most 100 bytes.
    pub comment: Option<String>,
    /// What it does.
    pub expressions: Vec<Expression>,
}

/// An element of a set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element {
    /// The set's name.
    pub set: &'static str,
    /// Its key; in a set of ranges, where one begins or where it has ended.
    pub key: Vec<u8>,
    /// What the key leads to.
    pub data: Vec<u8>,
    /// True where a range has ended.
    pub is_end: bool,
}

impl TableFamily {
    /// `NFPROTO_*`, include/uapi/linux/netfilter.h
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Inet => 1,
            Self::Of(Family::V4) => 2,
            Self::Of(Family::V6) => 10,
        }
    }

    /// As `nft` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inet => "inet",
            Self::Of(Family::V4) => "ip",
            Self::Of(Family::V6) => "ip6",
        }
    }
}

impl ChainKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Nat => "nat",
        }
    }
}

impl Hook {
    /// `NF_INET_*`
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Prerouting => 0,
            Self::Input => 1,
            Self::Forward => 2,
            Self::Output => 3,
            Self::Postrouting => 4,
        }
    }

    pub(crate) fn of(number: u32) -> Option<Self> {
        [
            Self::Prerouting,
            Self::Input,
            Self::Forward,
            Self::Output,
            Self::Postrouting,
        ]
        .into_iter()
        .find(|hook| hook.number() == number)
    }
}

impl Policy {
    /// `NF_DROP`, `NF_ACCEPT`
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Drop => 0,
            Self::Accept => 1,
        }
    }
}

impl Field {
    /// Bytes that it takes: each part begins at a register of its own.
    pub(crate) fn room(self) -> u32 {
        match self {
            Self::Address(Family::V6) => 16,
            Self::Address(Family::V4) | Self::Protocol | Self::Port => 4,
        }
    }

    fn type_number(self) -> u32 {
        match self {
            Self::Address(Family::V4) => 7,
            Self::Address(Family::V6) => 8,
            Self::Protocol => 12,
            Self::Port => 13,
        }
    }

    /// A key's or data's type: that of each part in six bits.
    pub(crate) fn types(fields: &[Self]) -> u32 {
        fields.iter().fold(0, |sum, field| sum << 6 | field.type_number())
    }

    /// Bytes of a whole key. One that is a port or a protocol alone would
    /// take less, and there is none.
    pub(crate) fn length(fields: &[Self]) -> u32 {
        fields.iter().map(|field| field.room()).sum()
    }
}

impl Element {
    /// An element of a set.
    pub fn of(set: &'static str, key: Vec<u8>) -> Self {
        Self { set, key, data: Vec::new(), is_end: false }
    }

    pub(crate) fn attributes(&self) -> Attributes {
        let mut all = Attributes::new().nested(KEY, &data_value(&self.key));
        if !self.data.is_empty() {
            all = all.nested(DATA, &data_value(&self.data));
        }
        if self.is_end {
            all = all.number(FLAGS, INTERVAL_END);
        }
        all
    }
}

/// `NFTA_SET_ELEM_*`
pub(crate) const KEY: u16 = 1;
pub(crate) const DATA: u16 = 2;
pub(crate) const FLAGS: u16 = 3;
pub(crate) const INTERVAL_END: u32 = 1;
/// `NFTA_DATA_VALUE`
pub(crate) const VALUE: u16 = 1;

/// A value as the kernel has it in elements and comparisons.
pub(crate) fn data_value(value: &[u8]) -> Attributes {
    Attributes::new().with(VALUE, value)
}

/// A key's or data's parts, each filled up to its registers.
pub fn parts(parts: &[&[u8]]) -> Vec<u8> {
    let mut all = Vec::new();
    for part in parts {
        all.extend_from_slice(part);
        all.resize(all.len().next_multiple_of(4), 0);
    }
    all
}

/// The bytes of an address in network order.
pub fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}
