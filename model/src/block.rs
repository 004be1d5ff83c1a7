//! A block: the piece of a pool that one host owns. One key of the store holds
//! its owner and its slots, so that one watch tells ownership, route and
//! identity.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::attachment::Attachment;
use crate::boot::{BootId, Epoch, Generation};
use crate::class::ClassId;
use crate::names::{HostName, PoolName};
use crate::prefix::{Family, Prefix, address_number};

/// A block's place in the store: `blocks/FAMILY/START-LENGTH`, the start as
/// hexadecimal digits of fixed width, so that the order of keys is the order
/// of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockKey(pub Prefix);

/// A text that is not a block's key.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("'{0}' is not a block key such as 4/0a4d0000-28")]
pub struct ParseBlockKeyError(String);

impl BlockKey {
    /// Start of an address in a key, without the length:
    /// `4/0a4d0000`. Every key of a block that starts at or above it sorts
    /// at or behind it.
    pub fn start_text(family: Family, number: u128) -> String {
        match family {
            Family::V4 => format!("4/{number:08x}"),
            Family::V6 => format!("6/{number:032x}"),
        }
    }
}

impl fmt::Display for BlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = address_number(self.0.first());
        let start = Self::start_text(self.0.family(), number);
        write!(f, "{start}-{}", self.0.length())
    }
}

impl FromStr for BlockKey {
    type Err = ParseBlockKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (family, rest) = text.split_once('/')?;
            let (start, length) = rest.split_once('-')?;
            let family = match family {
                "4" => Family::V4,
                "6" => Family::V6,
                _ => return None,
            };
            let number = u128::from_str_radix(start, 16).ok()?;
            let length = length.parse().ok()?;
            let prefix = Prefix::containing(family.address(number), length)?;
            let key = Self(prefix);
            (key.to_string() == text).then_some(key)
        };
        parse().ok_or_else(|| ParseBlockKeyError(text.to_owned()))
    }
}

/// Which containers of its owner a block serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Affinity {
    /// Those of one team, given as the team's class (app 0).
    Team(ClassId),
    /// All.
    Any,
}

impl Affinity {
    /// True where a container of `class` may have an address of the block.
    pub fn serves(self, class: ClassId) -> bool {
        match self {
            Self::Team(team) => team == class.team_class(),
            Self::Any => true,
        }
    }
}

/// A block as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRecord {
    /// Version of this form.
    pub v: u8,
    /// The pool it was cut from.
    pub pool: PoolName,
    /// Who owns it.
    pub host: HostName,
    /// The epoch of the owner under which it was claimed.
    pub epoch: Epoch,
    /// The owner's boot that last wrote it.
    pub boot: BootId,
    /// Which containers it serves.
    pub affinity: Affinity,
    /// Slots that are not free, by offset from the block's start.
    #[serde(default)]
    pub slots: BTreeMap<u32, Slot>,
}

/// One address of a block that is not free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Who has, or had, the address.
    pub attachment: Attachment,
    /// Which life of that attachment.
    pub generation: Generation,
    /// Class of the attachment.
    pub class: ClassId,
    /// The boot under which it was given.
    pub boot: BootId,
    /// What has become of it.
    pub state: SlotState,
    /// Where the link is another plugin's: identity of the container's netns
    /// (SO_NETNS_COOKIE), whose end is the only proof of the container's; 0
    /// where that end could not be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub netns_cookie: Option<u64>,
}

/// The states of a slot that is not free.
///
/// ```text
///            assign            confirm            release
///   (free) ---------> pending ---------> used --------------+
///     ^                  |                                  v
///     |                  +-------------- release ------> resting
///     +------------------------ rested, committed ----------+
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SlotState {
    /// Assigned; the ADD has not ended.
    Pending,
    /// A container has it.
    Used,
    /// Released; nobody may have it before its rest is over. The moment of
    /// release, in milliseconds of CLOCK_BOOTTIME of the slot's boot.
    Resting {
        /// When it was released.
        since_millis: u64,
    },
}

impl BlockRecord {
    /// Version of the stored form written by this build.
    pub const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests;
