//! How a message to netfilter is written. Pure.
//!
//! `netlink-packet-core` has no nfnetlink; its form is a header, four bytes
//! (`struct nfgenmsg`, include/uapi/linux/netfilter/nfnetlink.h) and
//! attributes.

use netlink_packet_core::{NLM_F_ACK, NLM_F_REQUEST};

/// `NFNETLINK_V0`
const NFNETLINK_VERSION: u8 = 0;
/// `struct nlmsghdr`
const HEADER_BYTES: usize = 16;
/// `struct nlattr`
const ATTRIBUTE_BYTES: usize = 4;
/// `NLA_F_NESTED`, include/uapi/linux/netlink.h
const NESTED: u16 = 0x8000;

/// Attributes, one behind the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    bytes: Vec<u8>,
}

/// A message to a subsystem of netfilter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    kind: u16,
    flags: u16,
    family: u8,
    resource: u16,
    attributes: Attributes,
}

impl Attributes {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Attributes that were read.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec() }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds one whose value is `value` as it is.
    pub(crate) fn with(mut self, kind: u16, value: &[u8]) -> Self {
        // No caller writes more than 32 KiB into one.
        let length = (ATTRIBUTE_BYTES + value.len()) as u16;
        self.bytes.extend(length.to_ne_bytes());
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// Adds a text, which ends with a zero.
    pub(crate) fn text(self, kind: u16, text: &str) -> Self {
        let value = [text.as_bytes(), &[0]].concat();
        self.with(kind, &value)
    }

    /// Adds a number in network order, as nf_tables has them.
    pub(crate) fn number(self, kind: u16, number: u32) -> Self {
        self.with(kind, &number.to_be_bytes())
    }

    /// Adds a long number in network order.
    pub(crate) fn long(self, kind: u16, number: u64) -> Self {
        self.with(kind, &number.to_be_bytes())
    }

    /// Adds attributes within one.
    pub(crate) fn nested(self, kind: u16, inner: &Self) -> Self {
        self.with(kind | NESTED, &inner.bytes)
    }
}

impl Message {
    /// A request that is answered only where it is refused.
    pub(crate) fn new(
        (subsystem, kind): (u8, u8),
        family: u8,
        attributes: Attributes,
    ) -> Self {
        let kind = u16::from_be_bytes([subsystem, kind]);
        Self { kind, flags: NLM_F_REQUEST, family, resource: 0, attributes }
    }

    /// With these flags in place of others.
    pub(crate) fn flags(self, flags: u16) -> Self {
        Self { flags, ..self }
    }

    /// With these flags, and an answer also where it is done.
    pub(crate) fn acknowledged(self) -> Self {
        let flags = self.flags | NLM_F_ACK;
        Self { flags, ..self }
    }

    /// The begin or the end of a transaction of a subsystem
    /// (`NFNL_MSG_BATCH_BEGIN`, `NFNL_MSG_BATCH_END`).
    pub(crate) fn border(kind: u16, subsystem: u8) -> Self {
        Self {
            kind,
            flags: NLM_F_REQUEST,
            family: 0,
            resource: subsystem.into(),
            attributes: Attributes::new(),
        }
    }

    /// Writes it behind what is in `bytes`.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>, sequence: u32) {
        let length = HEADER_BYTES + 4 + self.attributes.len();
        bytes.extend((length as u32).to_ne_bytes());
        bytes.extend(self.kind.to_ne_bytes());
        bytes.extend(self.flags.to_ne_bytes());
        bytes.extend(sequence.to_ne_bytes());
        bytes.extend(0u32.to_ne_bytes());
        bytes.extend([self.family, NFNETLINK_VERSION]);
        bytes.extend(self.resource.to_be_bytes());
        bytes.extend(&self.attributes.bytes);
    }
}
