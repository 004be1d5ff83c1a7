//! The files of the run directory: what an attachment is (its record), and
//! the wish to delete it that outlives an absent agent (its tombstone).

use std::net::IpAddr;
use std::num::NonZeroU16;

use serde::{Deserialize, Serialize};
use tartan_model::{
    AttachMode, Attachment, BootId, ClassId, Generation, Limits, Mac,
    Translation,
};

use crate::plugin::{Attached, Link};

/// Version of both forms written by this build.
pub const VERSION: u8 = 1;

/// An attachment on this host: the agent's memory across its own death. It
/// ends with the host, exactly as the container does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`VERSION`] of the writer.
    pub v: u8,
    /// Who is attached.
    pub attachment: Attachment,
    /// How far it got.
    pub state: RecordState,
    /// The boot under which it was made.
    pub boot: BootId,
    /// `CNI_NETNS` of the ADD.
    pub netns_path: String,
    /// Identity of the netns (SO_NETNS_COOKIE): never reused within a boot.
    pub netns_cookie: u64,
    /// Interface index of the host's end.
    pub host_index: u32,
    /// Interface index of the container's end, in its netns; 0 while it is
    /// not known.
    #[serde(default)]
    pub container_index: u32,
    /// How its link gets the programs.
    #[serde(default)]
    pub attach: AttachMode,
    /// How fast it may send and be sent to.
    #[serde(default)]
    pub limits: Limits,
    /// Number of the class by which what it sends is limited; none where that
    /// is not.
    #[serde(default)]
    pub limit_class: Option<NonZeroU16>,
    /// What the ADD answered, or will.
    pub attached: Attached,
    /// Masquerade and host ports.
    #[serde(default)]
    pub translation: Translation,
    /// What is known of a link that another plugin made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Foreign>,
}

/// A link that another plugin made: the agent has nothing of it in the kernel
/// by which to tell whether its container lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// When its ADD was asked for: milliseconds since the boot.
    pub since_millis: u64,
    /// Inode number of the netns, which keeps it as long as it lives; another
    /// may have it afterwards.
    pub netns_inode: u64,
    /// Whether the agent saw the netns among those of the host's processes.
    /// One that it cannot see cannot be seen to end.
    pub is_visible: bool,
}

/// How far an attachment got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// Its ADD has not ended; found at a start, it is undone.
    Adding,
    /// Its ADD was answered, or could have been.
    Ready,
}

impl Record {
    /// Which life of the attachment this is.
    pub fn generation(&self) -> Generation {
        self.attached.generation
    }

    /// Its addresses, IPv4 first.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.attached.addresses.iter().map(|given| given.address)
    }

    /// The way out of each address.
    pub fn gateways(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.attached.addresses.iter().map(|given| given.gateway)
    }

    /// The identity of its netns, where the link is another plugin's: as a
    /// slot has it.
    pub fn foreign_netns(&self) -> Option<u64> {
        let foreign = self.foreign?;
        Some(if foreign.is_visible { self.netns_cookie } else { 0 })
    }

    /// Who made its link.
    pub fn link(&self) -> Link {
        self.foreign.map_or(Link::Ours, |_| Link::Foreign)
    }

    /// Its class.
    pub fn class(&self) -> ClassId {
        self.attached.class
    }

    /// MAC address of the container's end.
    pub fn mac(&self) -> Mac {
        self.attached.mac
    }
}

/// The wish to delete one life of an attachment, left by a plugin that found
/// no agent. It deletes nothing newer than its generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// [`VERSION`] of the writer.
    pub v: u8,
    /// Who is to be deleted.
    pub attachment: Attachment,
    /// The generation that the plugin read from the record.
    pub generation: Generation,
}
