//! Where a store is: a folder of its own, or an etcd of its own.

use std::path::{Path, PathBuf};

use tartan_model::BootId;
use tartan_store::{EtcdSettings, Store};
use tempfile::TempDir;

use crate::server::Server;

/// A place that is gone, with all its processes, when it is dropped.
pub(crate) enum Place {
    Embedded(TempDir),
    Etcd(Server),
}

impl Place {
    pub(crate) fn embedded() -> Self {
        Self::Embedded(TempDir::new().unwrap())
    }

    pub(crate) async fn etcd() -> Self {
        Self::Etcd(Server::start().await)
    }

    /// Another connection, as another process has it.
    pub(crate) async fn open(&self) -> Store {
        match self {
            Self::Embedded(folder) => open_embedded(folder.path()).await,
            Self::Etcd(server) => connect(server.endpoint()).await,
        }
    }
}

pub(crate) fn boot() -> BootId {
    BootId::new("11111111-1111-1111-1111-111111111111")
}

pub(crate) async fn open_embedded(folder: &Path) -> Store {
    Store::open_embedded(folder, &boot()).await.unwrap()
}

pub(crate) async fn connect(endpoint: String) -> Store {
    Store::connect_etcd(settings(endpoint)).await.unwrap()
}

pub(crate) fn settings(endpoint: String) -> EtcdSettings {
    EtcdSettings::new(vec![endpoint], "/tartan")
}

pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join("store/store.db")
}

/// The same etcd under another prefix is another store.
pub(crate) async fn connect_below(endpoint: String, prefix: String) -> Store {
    let settings = EtcdSettings::new(vec![endpoint], &prefix);
    Store::connect_etcd(settings).await.unwrap()
}
