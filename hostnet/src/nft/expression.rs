//! What a rule does, step by step: each expression loads, compares or acts.
//! Pure.
//!
//! Numbers are those of include/uapi/linux/netfilter/nf_tables.h, Linux 6.18.

use tartan_model::Family;

use crate::netfilter::Attributes;
use crate::nft::table::data_value;

/// A register of four bytes: the kernel has sixteen. Longer values take those
/// behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register(pub u8);

/// One step of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Loads what is known beside the packet.
    Meta(Meta, Register),
    /// Loads a part of the packet.
    Load(PacketField, Register),
    /// Loads the kind of the destination: `RTN_LOCAL` where it is this host.
    DestinationKind(Register),
    /// Goes on only where it is so.
    Compare(Comparison, Register, Vec<u8>),
    /// Goes on only where the value is in the set.
    In(&'static str, Register),
    /// Goes on only where the value is in the map; loads what it leads to.
    Map(&'static str, Register, Register),
    /// Counts.
    Count,
    /// Translates the destination.
    TranslateDestination(NatTarget),
    /// Translates the source to an address of the link by which it leaves.
    Masquerade,
    /// Ends the rule.
    Verdict(Verdict),
    /// Does nothing: a comment, in the form of iptables.
    IptablesComment(String),
}

/// What is known beside the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meta {
    /// Name of the link by which it came.
    InName,
    /// Name of the link by which it goes.
    OutName,
    /// IPv4 or IPv6.
    Family,
    /// The protocol above IP.
    Protocol,
}

/// A part of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketField {
    /// Its source address.
    Source(Family),
    /// Its destination address.
    Destination(Family),
    /// The first byte of its IPv4 source address.
    SourceStart,
    /// The first byte of its IPv4 destination address.
    DestinationStart,
    /// Its destination port.
    DestinationPort,
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// They are equal, as far as the given one goes.
    Equal,
}

/// Where to a destination is translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NatTarget {
    /// Of which family it is.
    pub family: Family,
    /// Where the address is.
    pub address: Register,
    /// Where the port is.
    pub port: Register,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It passes this chain's hook.
    Accept,
    /// It is dropped.
    Drop,
    /// The next rules of this chain do not see it.
    Return,
}

/// `struct xt_comment_info`: the match `comment` of iptables.
const XT_COMMENT_BYTES: usize = 256;
/// `NFT_REG32_00`
const FIRST_REGISTER: u8 = 8;

impl Register {
    /// As the kernel shows it: the first of four by the number of the old,
    /// longer registers.
    fn number(self) -> u32 {
        let Self(number) = self;
        let whole = number.is_multiple_of(4);
        u32::from(if whole { 1 + number / 4 } else { FIRST_REGISTER + number })
    }
}

impl Expression {
    /// Its name in the kernel.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Meta(..) => "meta",
            Self::Load(..) => "payload",
            Self::DestinationKind(_) => "fib",
            Self::Compare(..) => "cmp",
            Self::In(..) | Self::Map(..) => "lookup",
            Self::Count => "counter",
            Self::TranslateDestination(_) => "nat",
            Self::Masquerade => "masq",
            Self::Verdict(_) => "immediate",
            Self::IptablesComment(_) => "match",
        }
    }

    /// What the kernel has of it.
    pub(crate) fn data(&self) -> Attributes {
        let all = Attributes::new();
        match self {
            Self::Meta(meta, to) => {
                all.number(1, to.number()).number(2, meta.number())
            }
            Self::Load(field, to) => field.load(*to),
            Self::DestinationKind(to) => {
                // NFT_FIB_RESULT_ADDRTYPE of NFTA_FIB_F_DADDR
                all.number(1, to.number()).number(2, 3).number(3, 2)
            }
            Self::Compare(Comparison::Equal, from, value) => all
                .number(1, from.number())
                .number(2, 0)
                .nested(3, &data_value(value)),
            Self::In(set, from) => all.text(1, set).number(2, from.number()),
            Self::Map(set, from, to) => {
                all.text(1, set).number(2, from.number()).number(3, to.number())
            }
            Self::Count => all.long(1, 0).long(2, 0),
            Self::TranslateDestination(target) => target.data(),
            Self::Masquerade => all,
            Self::Verdict(verdict) => verdict.data(),
            Self::IptablesComment(comment) => {
                let mut info = comment.clone().into_bytes();
                info.resize(XT_COMMENT_BYTES, 0);
                all.text(1, "comment").number(2, 0).with(3, &info)
            }
        }
    }

    /// A whole rule as the kernel has it.
    pub(crate) fn list(all: &[Self]) -> Attributes {
        all.iter().fold(Attributes::new(), |list, one| {
            let data = one.data();
            let one = Attributes::new().text(1, one.name());
            list.nested(1, &one.nested(2, &data))
        })
    }
}

impl Meta {
    fn number(self) -> u32 {
        match self {
            Self::InName => 6,
            Self::OutName => 7,
            Self::Family => 15,
            Self::Protocol => 16,
        }
    }
}

impl PacketField {
    fn load(self, to: Register) -> Attributes {
        // NFT_PAYLOAD_NETWORK_HEADER, NFT_PAYLOAD_TRANSPORT_HEADER
        let (base, offset, length) = match self {
            Self::Source(Family::V4) => (1, 12, 4),
            Self::Destination(Family::V4) => (1, 16, 4),
            Self::Source(Family::V6) => (1, 8, 16),
            Self::Destination(Family::V6) => (1, 24, 16),
            Self::SourceStart => (1, 12, 1),
            Self::DestinationStart => (1, 16, 1),
            Self::DestinationPort => (2, 2, 2),
        };
        Attributes::new()
            .number(1, to.number())
            .number(2, base)
            .number(3, offset)
            .number(4, length)
    }
}

impl NatTarget {
    fn data(self) -> Attributes {
        let family = match self.family {
            Family::V4 => 2,
            Family::V6 => 10,
        };
        Attributes::new()
            .number(1, 1) // NFT_NAT_DNAT
            .number(2, family)
            .number(3, self.address.number())
            .number(5, self.port.number())
    }
}

impl Verdict {
    fn data(self) -> Attributes {
        let code: i32 = match self {
            Self::Drop => 0,
            Self::Accept => 1,
            Self::Return => -5,
        };
        let code = Attributes::new().number(1, code.cast_unsigned());
        let verdict = Attributes::new().nested(2, &code);
        Attributes::new().number(1, 0).nested(2, &verdict)
    }
}
