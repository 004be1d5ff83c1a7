//! A host as the store knows it, under `hosts/NAME`. Pure.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tartan_model::{BootId, Epoch, HostName};

/// Which installation of Tartan speaks under a host's name: the id of its
/// state directory and of the machine. Two hosts of one name differ in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instance(pub String);

/// A host's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostRecord {
    /// Version of this form.
    pub v: u8,
    /// Its address towards its peers; none while it is not known.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// Who speaks under the name.
    pub instance: Instance,
    /// Its current boot.
    pub boot: BootId,
    /// Number of its ownership: claims of a lower one are void.
    pub epoch: Epoch,
    /// Since when it is being removed; none of a host that is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
}

/// A host on its way out: its epoch is raised, its blocks are freed when they
/// have rested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// When it began, in seconds since 1970; for people.
    pub at: u64,
    /// When its blocks will have rested, in seconds since 1970; for people.
    /// What counts is a lease of the store, which follows no clock of hosts.
    pub until: u64,
}

/// When a host last spoke to the store, under `contacts/NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Version of this form.
    pub v: u8,
    /// In seconds since 1970, by the host's own clock; for people.
    pub at: u64,
    /// What the agent was doing then.
    #[serde(default)]
    pub agent: AgentState,
}

/// What an agent was doing when it last spoke.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum AgentState {
    /// It ran.
    #[default]
    Running,
    /// It ended, as it was told.
    Ended,
}

/// The highest epoch that a removed host had, under `epochs/NAME`: whoever
/// takes its name goes on above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastEpoch {
    /// Version of this form.
    pub v: u8,
    /// The epoch.
    pub last: Epoch,
}

impl HostRecord {
    /// Version of the stored form written by this build.
    pub const VERSION: u8 = 1;
}

/// Who claims blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// The host.
    pub host: HostName,
    /// Its epoch.
    pub epoch: Epoch,
    /// Its boot.
    pub boot: BootId,
}
