//! What may be said on the command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// The agent of one host: gives containers their addresses, classes and
/// routes, at the request of CNI plugins.
#[derive(Debug, Parser)]
#[command(name = "tartan-agent", version)]
pub(crate) struct Arguments {
    /// Configuration of the host [default: /etc/tartan/tartan.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sockets and records, on a tmpfs [default: /run/tartan]
    #[arg(long, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// Embedded store [default: /var/lib/tartan]
    #[arg(long, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Pinned eBPF [default: /sys/fs/bpf/tartan]
    #[arg(long, value_name = "DIR")]
    pub(crate) bpf_dir: Option<PathBuf>,
    /// Form of the log on stderr
    #[arg(long, value_enum, default_value_t)]
    pub(crate) log_format: LogFormat,
    /// Delete our table of nf_tables and our rules in tables of others, and
    /// end: for hosts that Tartan leaves
    #[arg(long)]
    pub(crate) remove_rules: bool,
    /// Remove everything of Tartan from this host but programs and
    /// configuration, and end; see `tartan uninstall`
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) uninstall: Option<crate::uninstall::Uninstall>,
    /// Print the steps of ADD and DEL, one per line, and end
    #[arg(long)]
    pub(crate) list_steps: bool,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl Arguments {
    /// What a flag says in place of a variable.
    pub(crate) fn variable(&self, name: &str) -> Option<std::ffi::OsString> {
        let flag = match name {
            "TARTAN_CONFIG" => &self.config,
            "TARTAN_RUN_DIR" => &self.run_dir,
            "TARTAN_STATE_DIR" => &self.state_dir,
            "TARTAN_BPF_DIR" => &self.bpf_dir,
            _ => return std::env::var_os(name),
        };
        flag.clone()
            .map(PathBuf::into_os_string)
            .or_else(|| std::env::var_os(name))
    }
}
