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
