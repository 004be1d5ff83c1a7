//! Hosts of the cluster, as people see them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tartan_model::{BootId, Epoch, HostName};

/// A host of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostView {
    /// Its name.
    pub name: HostName,
    /// What it is doing.
    pub state: HostState,
    /// Number of its ownership.
    pub epoch: Epoch,
    /// Its boot.
    pub boot: BootId,
    /// Which installation speaks under the name.
    pub instance: String,
    /// Its address towards its peers.
    pub address: Option<IpAddr>,
    /// When it last spoke, in seconds before now by its own clock.
    pub silent_seconds: Option<u64>,
    /// In how many seconds its blocks will have rested, where it is being
    /// removed.
    pub freed_in_seconds: Option<u64>,
    /// Blocks that it owns.
    pub blocks: usize,
    /// Addresses that its containers have.
    pub addresses: usize,
}

/// What a host is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostState {
    /// It is the one that answers.
    Here,
    /// It spoke a moment ago.
    Running,
    /// Its agent was stopped.
    Stopped,
    /// It has not spoken for some time, or never.
    Silent,
    /// It is being removed.
    Removing,
}

impl HostState {
    /// The word of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Silent => "silent",
            Self::Removing => "removing",
        }
    }
}

/// Remove a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// What is known of it.
    pub death: Death,
}

/// What the operator knows of a host that is removed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Death {
    /// Nothing: it may be cut off, and go on.
    #[default]
    Presumed,
    /// It runs no more, and no container of it.
    Confirmed,
}
