//! Addresses, as people see them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tartan_model::{Attachment, ClassId, Generation, PoolName};

/// An address that is not simply free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpView {
    /// The address.
    pub address: IpAddr,
    /// What has become of it.
    pub state: IpState,
    /// The pool it is of; none where no pool has it any more.
    pub pool: Option<PoolName>,
    /// Who has it, or had it.
    pub attachment: Option<Attachment>,
    /// Which life of the attachment.
    pub generation: Option<Generation>,
    /// Class of the attachment.
    pub class: Option<ClassId>,
    /// The class by name.
    pub class_name: Option<String>,
    /// What it is reserved for; empty where that was not said.
    pub reserved_for: Option<String>,
}

/// What has become of an address.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum IpState {
    /// Anybody may get it.
    Free,
    /// Given; the ADD has not ended.
    Pending,
    /// A container has it.
    Used,
    /// Given on a link that another plugin made, whose record is lost: kept
    /// until its container is proven dead, or deleted.
    Unconfirmed,
    /// Released, and not given to anybody yet.
    Resting,
    /// Kept by name; nobody has it.
    Reserved,
}

impl IpState {
    /// The word of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pending => "pending",
            Self::Used => "used",
            Self::Unconfirmed => "unconfirmed",
            Self::Resting => "resting",
            Self::Reserved => "reserved",
        }
    }
}

/// Keep an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reserve {
    /// What for, in people's words.
    #[serde(default)]
    pub name: Option<String>,
}

/// Hold the ledger against the containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What to do about what is found.
    pub repair: Repair,
}

/// What to do about a difference.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Repair {
    /// Only tell.
    #[default]
    Nothing,
    /// Release what leaked, restore what is missing.
    Fix,
}

/// What the leak detector found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Addresses that were looked at.
    pub looked_at: usize,
    /// Differences.
    pub findings: Vec<Finding>,
}

/// One difference between ledger, records, kernel and store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What is wrong.
    pub kind: FindingKind,
    /// With which thing: an address, a block, a link, an attachment.
    pub subject: String,
    /// Who holds it, by the ledger or the store.
    #[serde(default)]
    pub holder: Option<Attachment>,
    /// Who has it.
    #[serde(default)]
    pub found: Option<Attachment>,
    /// What became of it.
    pub outcome: Outcome,
    /// What the kind means.
    pub meaning: String,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Held, but no container has it.
    Leak,
    /// A container has it, but it is not held.
    Missing,
    /// Held by one, but another has it.
    Conflict,
    /// Its container is gone, and nobody called DEL.
    Dead,
    /// Its ADD was cut off.
    CutOff,
    /// The kernel lacks something of it.
    Kernel,
    /// A link or an entry of a map that is nobody's.
    Nobodys,
    /// An address that leads to two links.
    TwoLinks,
    /// The store has another record of a block than its owner.
    StoreDiffers,
    /// The store lacks a block that this host owns.
    ClaimMissing,
    /// The store has a block of this host that it does not know.
    ClaimUnknown,
    /// A released address whose release the store does not learn.
    RestsForever,
    /// A block whose pool is gone, or smaller.
    BlockWithoutPool,
    /// A reservation of no pool.
    ReservationOutside,
    /// A reserved address whose holder is gone.
    HolderGone,
    /// The store cannot be looked at.
    StoreAway,
}

impl FindingKind {
    /// All, each with its word and its meaning.
    pub const ALL: [(Self, &'static str, &'static str); 16] = [
        (Self::Leak, "leak", "held, but no container has it"),
        (Self::Missing, "missing", "a container has it, but it is not held"),
        (Self::Conflict, "conflict", "held by one, but another has it"),
        (Self::Dead, "dead", "its container is gone, nobody called DEL"),
        (Self::CutOff, "cut-off", "its ADD was cut off"),
        (Self::Kernel, "kernel", "the kernel lacks its class or routes"),
        (Self::Nobodys, "nobodys", "a link or map entry that is nobody's"),
        (Self::TwoLinks, "two-links", "the address leads to two links"),
        (
            Self::StoreDiffers,
            "store-differs",
            "the store has another record of the block",
        ),
        (Self::ClaimMissing, "claim-missing", "the store lacks the block"),
        (
            Self::ClaimUnknown,
            "claim-unknown",
            "the store has a block of this host that it does not know",
        ),
        (
            Self::RestsForever,
            "rests-forever",
            "its release does not come to the store",
        ),
        (
            Self::BlockWithoutPool,
            "block-without-pool",
            "its pool is gone, or smaller",
        ),
        (
            Self::ReservationOutside,
            "reservation-outside",
            "a reservation of no pool",
        ),
        (Self::HolderGone, "holder-gone", "reserved, but its holder is gone"),
        (Self::StoreAway, "store-away", "the store cannot be looked at"),
    ];

    /// The word of it.
    pub fn as_str(self) -> &'static str {
        self.words().0
    }

    /// What it means.
    pub fn meaning(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        let known = Self::ALL.into_iter().find(|(kind, ..)| *kind == self);
        known.map_or(("", ""), |(_, word, meaning)| (word, meaning))
    }
}

/// What became of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It was told.
    Told,
    /// It was repaired.
    Fixed,
    /// It could not be repaired, or may not be by itself.
    Stays {
        /// Why, and what to do.
        why: String,
    },
}
