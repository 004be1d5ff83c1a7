//! What a host and its cluster were told to be, as documents: what
//! `tartan export` writes and `tartan apply` reads. Pure.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tartan_model::block::Slot;
use tartan_model::pool::PoolAffinity;
use tartan_model::{
    Affinity, AppName, AppNumber, BootId, Epoch, HostName, PoolName, Prefix,
    TeamName, TeamNumber,
};

/// One thing that is declared. Where a document leaves a number out, the next
/// one is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Document {
    /// Settings of the cluster.
    Settings(DeclaredSettings),
    /// A pool.
    Pool(DeclaredPool),
    /// A team.
    Team(DeclaredTeam),
    /// An app.
    App(DeclaredApp),
    /// An address that is kept.
    Reservation(DeclaredReservation),
    /// A host, as the store knows it. Nobody but its agent enters it.
    Host(DeclaredHost),
    /// A block with its slots. Nobody but its owner's agent claims it.
    Block(Box<DeclaredBlock>),
}

/// Settings by the names that `tartan settings` has; those that are absent
/// stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredSettings {
    /// What each is set to.
    pub values: BTreeMap<String, String>,
}

/// A pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredPool {
    /// Its name.
    pub name: PoolName,
    /// At most one prefix per family.
    pub cidrs: Vec<Prefix>,
    /// Length of a full-grown IPv4 block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_length4: Option<u8>,
    /// Length of a full-grown IPv6 block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_length6: Option<u8>,
    /// Who shares a block.
    #[serde(default)]
    pub affinity: PoolAffinity,
    /// Translate sources that leave the pool.
    #[serde(default)]
    pub nat_outgoing: bool,
    /// Give nothing new.
    #[serde(default)]
    pub draining: bool,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredTeam {
    /// Its name.
    pub name: TeamName,
    /// Its number in every class of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<TeamNumber>,
}

/// An app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredApp {
    /// The team it belongs to.
    pub team: TeamName,
    /// Its name.
    pub name: AppName,
    /// Its number in every class of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<AppNumber>,
}

/// An address that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredReservation {
    /// The address.
    pub address: IpAddr,
    /// What for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredHost {
    /// Its name.
    pub name: HostName,
    /// Its boot.
    pub boot: BootId,
    /// Number of its ownership.
    pub epoch: Epoch,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredBlock {
    /// Its addresses.
    pub block: Prefix,
    /// The pool it was cut from.
    pub pool: PoolName,
    /// Who owns it.
    pub host: HostName,
    /// The epoch of the owner.
    pub epoch: Epoch,
    /// The owner's boot.
    pub boot: BootId,
    /// Which containers it serves.
    pub affinity: Affinity,
    /// Addresses that are not free, in their order.
    #[serde(default)]
    pub slots: Vec<DeclaredSlot>,
}

/// An address of a block that is not free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredSlot {
    /// The address.
    pub address: IpAddr,
    /// Who has it, or had it.
    #[serde(flatten)]
    pub slot: Slot,
}

/// Each kind, with the keys that its documents may have.
pub const KINDS: [(&str, &[&str]); 7] = [
    ("Settings", &["values"]),
    (
        "Pool",
        &[
            "name",
            "cidrs",
            "block_length4",
            "block_length6",
            "affinity",
            "nat_outgoing",
            "draining",
        ],
    ),
    ("Team", &["name", "number"]),
    ("App", &["team", "name", "number"]),
    ("Reservation", &["address", "name"]),
    ("Host", &["name", "boot", "epoch"]),
    ("Block", &["block", "pool", "host", "epoch", "boot", "affinity", "slots"]),
];

impl Document {
    /// Its kind, as documents write it, and its place among the kinds: what a
    /// document needs has a lower one.
    pub fn kind(&self) -> (usize, &'static str) {
        let place = match self {
            Self::Settings(_) => 0,
            Self::Pool(_) => 1,
            Self::Team(_) => 2,
            Self::App(_) => 3,
            Self::Reservation(_) => 4,
            Self::Host(_) => 5,
            Self::Block(_) => 6,
        };
        (place, KINDS[place].0)
    }

    /// Its name, unique in its kind.
    pub fn name(&self) -> String {
        match self {
            Self::Settings(_) => "cluster".to_owned(),
            Self::Pool(it) => it.name.to_string(),
            Self::Team(it) => it.name.to_string(),
            Self::App(it) => format!("{}/{}", it.team, it.name),
            Self::Reservation(it) => it.address.to_string(),
            Self::Host(it) => it.name.to_string(),
            Self::Block(it) => it.block.to_string(),
        }
    }
}

/// Documents to be made true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declare {
    /// The documents.
    pub documents: Vec<Document>,
    /// Whether to do it.
    pub mode: super::gc::Mode,
}

/// What became of them: one line for each, in the order in which they were
/// taken. Where one is refused none is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclareReport {
    /// The lines.
    pub lines: Vec<DeclareLine>,
}

/// What became of one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclareLine {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub verdict: DeclareVerdict,
    /// Each difference, or why it is refused.
    pub why: Vec<String>,
}

/// What becomes of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeclareVerdict {
    /// It is so already.
    Same,
    /// It is new.
    New,
    /// It is changed.
    Changed,
    /// Its agent has to do it.
    Waits,
    /// It contradicts what there is.
    Refused,
}

impl DeclareVerdict {
    /// The word of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Waits => "waits",
            Self::Refused => "refused",
        }
    }
}
