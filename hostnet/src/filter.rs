//! Programs where packets pass: in shared tc blocks, at one link, at the root
//! of a link's queues. Pure.
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
use crate::shaper::nested;

/// include/uapi/linux/rtnetlink.h
const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
const TCA_INGRESS_BLOCK: u16 = 13;
const TCA_EGRESS_BLOCK: u16 = 14;
/// include/uapi/linux/pkt_cls.h
const TCA_BPF_ACT: u16 = 1;
const TCA_BPF_NAME: u16 = 7;
const TCA_BPF_FLAGS: u16 = 8;
const TCA_BPF_TAG: u16 = 10;
const TCA_BPF_ID: u16 = 11;
const TCA_ACT_KIND: u16 = 1;
const TCA_ACT_OPTIONS: u16 = 2;
/// include/uapi/linux/tc_act/tc_mirred.h
const TCA_MIRRED_PARMS: u16 = 2;
const TCA_EGRESS_REDIR: u32 = 1;
/// `TC_ACT_STOLEN`: the packet is the other link's.
const STOLEN: u32 = 4;
/// Where `struct tc_mirred` has the link.
const MIRRED_LINK_AT: usize = 24;
/// `TC_H_CLSACT` with the lower half of a direction.
const CLSACT_INGRESS: u32 = 0xffff_fff2;
const CLSACT_EGRESS: u32 = 0xffff_fff3;
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

/// Where a filter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FilterPlace {
    /// A shared block.
    Block(u32),
    /// A link's clsact qdisc, on what comes from the link.
    Ingress(u32),
    /// A link's clsact qdisc, on what goes out by it.
    Egress(u32),
    /// The tree of classes at the root of a link.
    Tree {
        /// The link.
        link: u32,
        /// The tree's number.
        handle: u16,
    },
}

/// What a filter's program is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FilterTask {
    /// It says itself what becomes of the packet (direct action).
    Judge,
    /// Which packets go out by another link: where it says -1.
    Redirect(u32),
    /// The class of the packet, within a tree.
    Classify,
}

/// A program to put somewhere.
#[derive(Clone, Copy, Debug)]
pub struct FilterSpec<'a> {
    /// Priority: lower ones are asked first.
    pub priority: u16,
    /// Handle within the priority; not 0.
    pub handle: u32,
    /// The name that `tc filter show` prints.
    pub name: &'a str,
    /// The program (BPF_PROG_TYPE_SCHED_CLS).
    pub program: BorrowedFd<'a>,
    /// What it is asked for.
    pub task: FilterTask,
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
    /// The link by which the packets go out that it chooses.
    pub redirects_to: Option<u32>,
}

impl fmt::Display for BlockPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ingress block {}, egress {}", self.ingress, self.egress)
    }
}

impl BlockPair {
    /// The message that gives a link a clsact qdisc bound to both.
    pub(crate) fn message(self, link: u32) -> TcMessage {
        let mut message = clsact_message(link);
        message.attributes.extend([
            block_attribute(TCA_INGRESS_BLOCK, self.ingress),
            block_attribute(TCA_EGRESS_BLOCK, self.egress),
        ]);
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

impl fmt::Display for FilterPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(block) => write!(f, "block {block}"),
            Self::Ingress(link) => write!(f, "ingress of link {link}"),
            Self::Egress(link) => write!(f, "egress of link {link}"),
            Self::Tree { link, handle } => {
                write!(f, "tree {handle:x}: of link {link}")
            }
        }
    }
}

fn block_attribute(kind: u16, block: u32) -> TcAttribute {
    TcAttribute::Other(DefaultNla::new(kind, block.to_ne_bytes().to_vec()))
}

/// The message that gives a link a clsact qdisc of its own.
pub(crate) fn clsact_message(link: u32) -> TcMessage {
    let mut message = TcMessage::with_index(link.cast_signed());
    message.header.parent = TcHandle::CLSACT;
    message.header.handle = TcHandle { major: u16::MAX, minor: 0 };
    message.attributes = vec![TcAttribute::Kind("clsact".into())];
    message
}

/// The head of a message about filters.
pub(crate) fn place_message(place: FilterPlace) -> TcMessage {
    let magic = TcHeader::TCM_IFINDEX_MAGIC_BLOCK.cast_signed();
    let (index, parent) = match place {
        FilterPlace::Block(block) => (magic, block),
        FilterPlace::Ingress(link) => (link.cast_signed(), CLSACT_INGRESS),
        FilterPlace::Egress(link) => (link.cast_signed(), CLSACT_EGRESS),
        FilterPlace::Tree { link, handle } => {
            (link.cast_signed(), u32::from(handle) << 16)
        }
    };
    let mut message = TcMessage::with_index(index);
    message.header.parent = parent.into();
    message
}

/// The head of a message about one filter.
pub(crate) fn filter_message(
    place: FilterPlace,
    priority: u16,
    handle: u32,
) -> TcMessage {
    let mut message = place_message(place);
    message.header.handle = handle.into();
    message.header.info = (u32::from(priority) << 16) | u32::from(ANY_PROTOCOL);
    message.attributes = vec![TcAttribute::Kind(TcFilterBpf::KIND.into())];
    message
}

/// What makes a filter of a program.
pub(crate) fn program_options(
    name: &str,
    program: i32,
    task: FilterTask,
) -> TcAttribute {
    let mut options = vec![
        TcOption::Bpf(TcFilterBpfOption::ProgFd(program.cast_unsigned())),
        TcOption::Bpf(TcFilterBpfOption::ProgName(name.into())),
    ];
    match task {
        FilterTask::Judge => {
            let flags = TcFilterBpfOption::Flags(TcBpfFlags::DirectAction);
            options.push(TcOption::Bpf(flags));
        }
        FilterTask::Redirect(link) => {
            let nla = DefaultNla::new(TCA_BPF_ACT, redirection(link));
            options.push(TcOption::Bpf(TcFilterBpfOption::Other(nla)));
        }
        FilterTask::Classify => {}
    }
    TcAttribute::Options(options)
}

/// The list of one action: out by another link. Its number is the kernel's to
/// choose (`struct tc_mirred`).
fn redirection(link: u32) -> Vec<u8> {
    let words = [0, 0, STOLEN, 0, 0, TCA_EGRESS_REDIR, link];
    let words = words.map(u32::to_ne_bytes);
    let parameters = nested(&[(TCA_MIRRED_PARMS, words.as_flattened())]);
    let action =
        nested(&[(TCA_ACT_KIND, b"mirred\0"), (TCA_ACT_OPTIONS, &parameters)]);
    let first = 1;
    nested(&[(first, &action)])
}

/// The link of the first action, where that is a redirection.
fn read_redirection(actions: &[u8]) -> Result<Option<u32>, Malformed> {
    let Some((_, action)) = attributes(actions, 0)?.into_iter().next() else {
        return Ok(None);
    };
    let options = attributes(action, 0)?;
    let Some((_, options)) =
        options.into_iter().find(|(kind, _)| *kind == TCA_ACT_OPTIONS)
    else {
        return Ok(None);
    };
    let found = attributes(options, 0)?;
    let parameters = found.iter().find(|(kind, _)| *kind == TCA_MIRRED_PARMS);
    let Some((_, parameters)) = parameters else { return Ok(None) };
    parameters.get(MIRRED_LINK_AT..MIRRED_LINK_AT + 4).map(number).transpose()
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
            redirects_to: None,
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
                TCA_BPF_ACT => self.redirects_to = read_redirection(value)?,
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
