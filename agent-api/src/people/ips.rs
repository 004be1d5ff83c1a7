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

/// One difference between the ledger and the containers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The address.
    pub address: IpAddr,
    /// What is wrong.
    pub kind: FindingKind,
    /// Who holds it, by the ledger.
    pub holder: Option<Attachment>,
    /// Who has it.
    pub found: Option<Attachment>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Held, but no container has it.
    Leak,
    /// A container has it, but it is not held.
    Missing,
    /// Held by one, but another has it.
    Conflict,
}

impl FindingKind {
    /// The word of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leak => "leak",
            Self::Missing => "missing",
            Self::Conflict => "conflict",
        }
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
