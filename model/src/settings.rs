//! What must be the same on every host: kept in the store under `settings`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::class::ClusterNumber;

/// The settings of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Version of this form.
    pub v: u8,
    /// Number of the cluster: the upper 4 bits of every class.
    pub cluster: ClusterNumber,
    /// Name of the cluster, where several could be meant.
    pub cluster_name: Option<String>,
    /// How long a released address rests before another class may have it,
    /// in seconds.
    pub address_rest_seconds: u32,
    /// How long a host without contact to the store goes on giving
    /// addresses, in seconds.
    pub max_offline_seconds: u32,
}

impl Settings {
    /// Version of the stored form written by this build.
    pub const VERSION: u8 = 1;

    /// How long a released address rests.
    pub fn address_rest(&self) -> Duration {
        Duration::from_secs(self.address_rest_seconds.into())
    }

    /// How long a host goes on without the store.
    pub fn max_offline(&self) -> Duration {
        Duration::from_secs(self.max_offline_seconds.into())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            v: Self::VERSION,
            cluster: ClusterNumber::default(),
            cluster_name: None,
            address_rest_seconds: 30,
            max_offline_seconds: 24 * 60 * 60,
        }
    }
}
