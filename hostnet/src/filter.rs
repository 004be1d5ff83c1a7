//! Shared tc blocks and the programs in them. Pure.
//!
//! A block is a number that qdiscs of many links look into. It lives as long
//! as one does: keep one bound, and its programs stay when no container is.

use std::fmt;
use std::os::fd::BorrowedFd;

use netlink_packet_core::DefaultNla;
use netlink_packet_route::tc::{
    TcAttribute, TcBpfFlags, TcFilterBpf, TcFilterBpfOption, TcHandle,
    TcHeader, TcMessage, TcOption,
};

use crate::answer::Malformed;
use crate::attributes::{attributes, number, text};

/// include/uapi/linux/rtnetlink.h
const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
const TCA_INGRESS_BLOCK: u16 = 13;
const TCA_EGRESS_BLOCK: u16 = 14;
/// include/uapi/linux/pkt_cls.h
const TCA_BPF_NAME: u16 = 7;
const TCA_BPF_FLAGS: u16 = 8;
const TCA_BPF_TAG: u16 = 10;
const TCA_BPF_ID: u16 = 11;
/// `ETH_P_ALL` in network order, as the lower half of tcm_info wants it.
const ANY_PROTOCOL: u16 = 0x0003_u16.to_be();
/// `struct tcmsg`.
const HEADER_BYTES: usize = 20;

/// The two blocks that a link's packets are judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockPair {
    /// The block for packets that come from the link.
    pub ingress: u32,
    /// The block for packets that go out by it.
    pub egress: u32,
}

/// A program to put into a block.
#[derive(Clone, Copy, Debug)]
pub struct FilterSpec<'a> {
    /// Priority: lower ones are asked first.
    pub priority: u16,
    /// Handle within the priority; not 0.
    pub handle: u32,
    /// The name that `tc filter show` prints.
    pub name: &'a str,
    /// The program (BPF_PROG_TYPE_SCHED_CLS); it says itself what becomes of
    /// the packet (direct action).
    pub program: BorrowedFd<'a>,
}

/// A filter found in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Priority: lower ones are asked first.
    pub priority: u16,
    /// Handle within the priority.
    pub handle: u32,
    /// `bpf`, `flower`, ...
    pub kind: String,
    /// The name it was given.
    pub name: Option<String>,
    /// The kernel's number of its program.
    pub program_id: Option<u32>,
    /// The tag of its program: a digest of its instructions.
    pub program_tag: Option<[u8; 8]>,
    /// True where the program says what becomes of the packet.
    pub is_direct_action: bool,
}

impl fmt::Display for BlockPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ingress block {}, egress {}", self.ingress, self.egress)
    }
}

impl BlockPair {
    /// The message that gives a link a clsact qdisc bound to both.
    pub(crate) fn message(self, link: u32) -> TcMessage {
        let mut message = TcMessage::with_index(link.cast_signed());
        message.header.parent = TcHandle::CLSACT;
        message.header.handle = TcHandle { major: u16::MAX, minor: 0 };
        message.attributes = vec![
            TcAttribute::Kind("clsact".into()),
            block_attribute(TCA_INGRESS_BLOCK, self.ingress),
            block_attribute(TCA_EGRESS_BLOCK, self.egress),
        ];
        message
    }

    /// Reads the link and its blocks from the payload of an RTM_NEWQDISC;
    /// none for a qdisc without both.
    pub(crate) fn read(
        payload: &[u8],
    ) -> Result<Option<(u32, Self)>, Malformed> {
        let header = TcHeader::parse(payload).map_err(|_| Malformed::Header)?;
        let (mut ingress, mut egress) = (None, None);
        for (kind, value) in attributes(payload, HEADER_BYTES)? {
            match kind {
                TCA_INGRESS_BLOCK => ingress = Some(number(value)?),
                TCA_EGRESS_BLOCK => egress = Some(number(value)?),
                _ => {}
            }
        }
        let both = ingress.zip(egress);
        let pair = both.map(|(ingress, egress)| Self { ingress, egress });
        Ok(pair.map(|pair| (header.index.cast_unsigned(), pair)))
    }
}

fn block_attribute(kind: u16, block: u32) -> TcAttribute {
    TcAttribute::Other(DefaultNla::new(kind, block.to_ne_bytes().to_vec()))
}

/// The head of a message about filters of a block.
pub(crate) fn block_message(block: u32) -> TcMessage {
    let magic = TcHeader::TCM_IFINDEX_MAGIC_BLOCK.cast_signed();
    let mut message = TcMessage::with_index(magic);
    message.header.parent = block.into();
    message
}

/// The head of a message about one filter of a block.
pub(crate) fn filter_message(
    block: u32,
    priority: u16,
    handle: u32,
) -> TcMessage {
    let mut message = block_message(block);
    message.header.handle = handle.into();
    message.header.info = (u32::from(priority) << 16) | u32::from(ANY_PROTOCOL);
    message.attributes = vec![TcAttribute::Kind(TcFilterBpf::KIND.into())];
    message
}

/// What makes a filter of a program.
pub(crate) fn program_options(name: &str, program: i32) -> TcAttribute {
    TcAttribute::Options(vec![
        TcOption::Bpf(TcFilterBpfOption::ProgFd(program.cast_unsigned())),
        TcOption::Bpf(TcFilterBpfOption::ProgName(name.into())),
        TcOption::Bpf(TcFilterBpfOption::Flags(TcBpfFlags::DirectAction)),
    ])
}

impl Filter {
    /// Reads the payload of an RTM_NEWTFILTER; none for the heading without
    /// a handle that a dump has for each priority.
    pub(crate) fn read(payload: &[u8]) -> Result<Option<Self>, Malformed> {
        let header = TcHeader::parse(payload).map_err(|_| Malformed::Header)?;
        let mut filter = Self {
            priority: (header.info >> 16) as u16,
            handle: header.handle.into(),
            kind: String::new(),
            name: None,
            program_id: None,
            program_tag: None,
            is_direct_action: false,
        };
        for (kind, value) in attributes(payload, HEADER_BYTES)? {
            match kind {
                TCA_KIND => filter.kind = text(value),
                TCA_OPTIONS if filter.kind == TcFilterBpf::KIND => {
                    filter.take_options(value)?;
                }
                _ => {}
            }
        }
        Ok((filter.handle != 0).then_some(filter))
    }

    fn take_options(&mut self, options: &[u8]) -> Result<(), Malformed> {
        let direct = TcBpfFlags::DirectAction.bits();
        for (kind, value) in attributes(options, 0)? {
            match kind {
                TCA_BPF_NAME => self.name = Some(text(value)),
                TCA_BPF_ID => self.program_id = Some(number(value)?),
                TCA_BPF_TAG => self.program_tag = value.try_into().ok(),
                TCA_BPF_FLAGS => {
                    self.is_direct_action = number(value)? & direct != 0;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
