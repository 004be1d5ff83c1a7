//! This host, one screen.

use serde::{Deserialize, Serialize};
use tartan_model::{AttachMode, BootId, HostName};

use super::events::DriftStatus;
use super::pools::PoolView;

/// Everything that is worth a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The host's name in the store.
    pub host: HostName,
    /// The agent's version.
    pub version: String,
    /// Which boot of the host this is.
    pub boot: BootId,
    /// The store.
    pub store: StoreStatus,
    /// The registry.
    pub registry: RegistryStatus,
    /// Attachments.
    pub attachments: AttachmentStatus,
    /// Pools, with what this host has of them.
    pub pools: Vec<PoolView>,
    /// Programs and maps in the kernel.
    pub dataplane: DataplaneStatus,
    /// What others changed of ours.
    #[serde(default)]
    pub drift: DriftStatus,
    /// What runs by itself, and how it is doing.
    pub workers: Vec<Worker>,
}

/// The store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreStatus {
    /// `embedded` or `etcd`.
    pub engine: String,
    /// Its revision; none where it does not answer.
    pub revision: Option<u64>,
    /// Why it does not answer.
    pub trouble: Option<String>,
}

/// The registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryStatus {
    /// `store`, `mirror` or `nowhere`.
    pub origin: String,
    /// The last change that is known.
    pub revision: u64,
    /// How many teams.
    pub teams: usize,
    /// How many apps.
    pub apps: usize,
}

/// Attachments of this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentStatus {
    /// Those whose ADD was answered.
    pub ready: usize,
    /// Those whose ADD is under way.
    pub adding: usize,
    /// Addresses that they hold.
    pub addresses: usize,
}

/// Programs and maps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataplaneStatus {
    /// Programs.
    pub programs: Vec<Program>,
    /// How new attachments get them, where their network does not say.
    #[serde(default)]
    pub attach: AttachMode,
    /// Endpoints that the kernel knows.
    pub endpoints: Option<usize>,
    /// Packets dropped since the maps were made, by direction and reason;
    /// only what occurred.
    pub dropped: Vec<super::endpoints::Dropped>,
    /// Why the maps could not be read.
    pub trouble: Option<String>,
}

/// A program in the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// `from_container` or `to_container`.
    pub name: String,
    /// Its number in the kernel.
    pub id: u32,
    /// Hash of its instructions.
    pub tag: String,
}

/// Something that runs by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    /// What it does.
    pub name: String,
    /// How it is doing, in one line.
    pub state: String,
    /// What is wrong with it.
    pub trouble: Option<String>,
}
