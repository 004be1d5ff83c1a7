//! Where a host's Tartan keeps its things. No path is compiled into any
//! program but the defaults below, and each can be moved.

use std::path::{Path, PathBuf};

/// The directories of one agent. Several agents live on one kernel when each
/// has its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Configuration of the host: `tartan.toml`.
    pub config: PathBuf,
    /// Sockets, records of attachments, tombstones; on a tmpfs.
    pub run_dir: PathBuf,
    /// Embedded store, journals.
    pub state_dir: PathBuf,
    /// Pinned eBPF; on a bpffs.
    pub bpf_dir: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            config: "/etc/tartan/tartan.toml".into(),
            run_dir: "/run/tartan".into(),
            state_dir: "/var/lib/tartan".into(),
            bpf_dir: "/sys/fs/bpf/tartan".into(),
        }
    }
}

impl Places {
    /// The defaults, replaced by what `variable` answers for
    /// `TARTAN_CONFIG`, `TARTAN_RUN_DIR`, `TARTAN_STATE_DIR` and
    /// `TARTAN_BPF_DIR`. An empty answer counts as none.
    pub fn from_variables(
        variable: impl Fn(&str) -> Option<std::ffi::OsString>,
    ) -> Self {
        let given = |name: &str| {
            variable(name).filter(|v| !v.is_empty()).map(PathBuf::from)
        };
        let default = Self::default();
        Self {
            config: given("TARTAN_CONFIG").unwrap_or(default.config),
            run_dir: given("TARTAN_RUN_DIR").unwrap_or(default.run_dir),
            state_dir: given("TARTAN_STATE_DIR").unwrap_or(default.state_dir),
            bpf_dir: given("TARTAN_BPF_DIR").unwrap_or(default.bpf_dir),
        }
    }

    /// The socket on which plugins speak to the agent.
    pub fn plugin_socket(&self) -> PathBuf {
        plugin_socket(&self.run_dir)
    }

    /// The socket on which people and tools speak to the agent.
    pub fn people_socket(&self) -> PathBuf {
        self.run_dir.join("agent.sock")
    }
}

/// The plugins' socket of the agent whose run directory is `run_dir`.
pub fn plugin_socket(run_dir: &Path) -> PathBuf {
    run_dir.join("cni.sock")
}
