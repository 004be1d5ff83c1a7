//! One change of a qdisc, a class or a filter, as a value, and the message
//! that asks for it. Pure.
//!
//! Its `Display` says what was attempted on which thing, for errors.

use std::fmt;
use std::os::fd::RawFd;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE};
use netlink_packet_route::RouteNetlinkMessage as Message;

use crate::filter::{
    BlockPair, FilterPlace, FilterTask, clsact_message, filter_message,
    program_options,
};
use crate::shaper::{self, Queue, Shaper};

const NEW: u16 = NLM_F_CREATE | NLM_F_EXCL;
const PUT: u16 = NLM_F_CREATE | NLM_F_REPLACE;

/// A change of what packets meet at a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TcChange {
    /// Give a link a clsact qdisc.
    AddClsact {
        /// The link.
        index: u32,
        /// The shared blocks that it looks into; none: filters of its own.
        blocks: Option<BlockPair>,
    },
    /// Shape what goes out by a link.
    PutShaper {
        /// The link.
        index: u32,
        /// How.
        shaper: Shaper,
    },
    /// Take the queue at a link's root away.
    DeleteShaper {
        /// The link.
        index: u32,
    },
    /// Give a link a tree of classes.
    AddTree {
        /// The link.
        index: u32,
        /// The tree's number.
        handle: u16,
    },
    /// Make or change a class of a tree.
    PutClass {
        /// The link.
        index: u32,
        /// The class, the tree's number in its upper half.
        class: u32,
        /// How it is shaped.
        shaper: Shaper,
    },
    /// Make or change the queue behind a class.
    PutWaitingRoom {
        /// The link.
        index: u32,
        /// The class.
        class: u32,
        /// Bytes that may wait.
        bytes: u32,
    },
    /// Take a class away, and the queue behind it.
    DeleteClass {
        /// The link.
        index: u32,
        /// The class.
        class: u32,
    },
    /// Put a program somewhere, instead of the one that has this priority
    /// and handle there, if any.
    PutFilter {
        /// Where.
        place: FilterPlace,
        /// Priority: lower ones are asked first.
        priority: u16,
        /// Handle within the priority.
        handle: u32,
        /// The name shown for it.
        name: String,
        /// Descriptor of the program.
        program: RawFd,
        /// What it is asked for.
        task: FilterTask,
    },
    /// Take a program away.
    DeleteFilter {
        /// From where.
        place: FilterPlace,
        /// Its priority.
        priority: u16,
        /// Its handle.
        handle: u32,
    },
}

impl TcChange {
    /// The message that asks for it, and its flags.
    pub(crate) fn message(&self) -> (Message, u16) {
        match self {
            Self::AddClsact { index, blocks } => {
                let own = || clsact_message(*index);
                let message = blocks.map_or_else(own, |b| b.message(*index));
                (Message::NewQueueDiscipline(message), NEW)
            }
            Self::PutShaper { index, shaper } => {
                let message = shaper::token_bucket(*index, shaper);
                (Message::NewQueueDiscipline(message), PUT)
            }
            Self::DeleteShaper { index } => {
                let message = shaper::queue_message(*index, Queue::ROOT, "");
                (Message::DelQueueDiscipline(message), 0)
            }
            Self::AddTree { index, handle } => {
                let message = shaper::tree(*index, *handle);
                (Message::NewQueueDiscipline(message), NEW)
            }
            Self::PutClass { index, class, shaper } => {
                let message = shaper::class(*index, *class, shaper);
                (Message::NewTrafficClass(message), PUT)
            }
            Self::PutWaitingRoom { index, class, bytes } => {
                let message = shaper::waiting_room(*index, *class, *bytes);
                (Message::NewQueueDiscipline(message), PUT)
            }
            Self::DeleteClass { index, class } => {
                let message = shaper::class_message(*index, *class);
                (Message::DelTrafficClass(message), 0)
            }
            Self::PutFilter {
                place,
                priority,
                handle,
                name,
                program,
                task,
            } => {
                let mut message = filter_message(*place, *priority, *handle);
                let options = program_options(name, *program, *task);
                message.attributes.push(options);
                (Message::NewTrafficFilter(message), PUT)
            }
            Self::DeleteFilter { place, priority, handle } => {
                let message = filter_message(*place, *priority, *handle);
                (Message::DelTrafficFilter(message), 0)
            }
        }
    }
}

impl fmt::Display for TcChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddClsact { index, blocks: Some(blocks) } => {
                write!(f, "add clsact to link {index} with {blocks}")
            }
            Self::AddClsact { index, blocks: None } => {
                write!(f, "add clsact to link {index}")
            }
            Self::PutShaper { index, shaper } => {
                write!(f, "shape link {index} to {shaper}")
            }
            Self::DeleteShaper { index } => {
                write!(f, "delete the shaper of link {index}")
            }
            Self::AddTree { index, handle } => {
                write!(f, "add tree {handle:x}: to link {index}")
            }
            Self::PutClass { index, class, shaper } => {
                write!(f, "shape class {class:x} of link {index} to {shaper}")
            }
            Self::PutWaitingRoom { index, class, bytes } => {
                write!(f, "queue {bytes} at class {class:x} of link {index}")
            }
            Self::DeleteClass { index, class } => {
                write!(f, "delete class {class:x} of link {index}")
            }
            Self::PutFilter { place, priority, name, .. } => {
                write!(f, "put {name} at {priority} into {place}")
            }
            Self::DeleteFilter { place, priority, handle } => {
                write!(f, "delete {priority}/{handle:#x} of {place}")
            }
        }
    }
}
