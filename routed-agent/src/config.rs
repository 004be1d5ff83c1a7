//! The configuration of a host: reads `tartan.toml`, decides what it means.
//!
//! Every key is known or refused; a refused key is answered with the known one
//! that is nearest to it. Nothing is touched before the whole is understood.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tartan_agent_api::Places;
use tartan_agent_api::config_keys::{self, UnknownKey};
use tartan_model::{AttachMode, HostName};
use thiserror::Error;

/// The file as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    /// Name of this host in the store; absent: the kernel's host name.
    pub(crate) host: Option<HostName>,
    pub(crate) run_dir: Option<PathBuf>,
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) bpf_dir: Option<PathBuf>,
    /// Absent: the embedded store in the state directory.
    pub(crate) store: Option<StoreConfig>,
    pub(crate) network: NetworkConfig,
    pub(crate) metrics: MetricsConfig,
}

/// `[store]`: where etcd is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct StoreConfig {
    /// URLs of the members.
    pub(crate) etcd: Vec<String>,
    #[serde(default = "default_prefix")]
    pub(crate) prefix: String,
    #[serde(default)]
    pub(crate) ca: Option<PathBuf>,
    #[serde(default)]
    pub(crate) cert: Option<PathBuf>,
    #[serde(default)]
    pub(crate) key: Option<PathBuf>,
    #[serde(default)]
    pub(crate) username: Option<String>,
    #[serde(default)]
    pub(crate) password_file: Option<PathBuf>,
}

fn default_prefix() -> String {
    "/tartan".to_owned()
}

/// `[network]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct NetworkConfig {
    /// Largest packet in bytes, or `"auto"`.
    pub(crate) mtu: Mtu,
    /// What of the class is written to a packet's mark.
    pub(crate) mark: Mark,
    /// How links get the programs, where their network does not say.
    pub(crate) attach: AttachMode,
    /// Whether rules of ours stand in forwarding tables of others.
    pub(crate) foreign_forward: ForeignForward,
}

/// What is done where a table of others drops what is forwarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ForeignForward {
    /// Packets of containers are accepted there.
    #[default]
    Accept,
    /// Nothing: the table is others' alone.
    Leave,
}

/// Largest packet between container and host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(crate) enum Mtu {
    /// That of the link with the default route, or 1500 without one.
    #[default]
    Auto,
    /// So many bytes.
    Bytes(u32),
}

/// Smallest MTU: every IPv6 link carries so many bytes (RFC 8200, 5).
const MIN_MTU: i64 = 1280;
/// Largest MTU of a veth (ETH_MAX_MTU, include/uapi/linux/if_ether.h).
const MAX_MTU: i64 = 65_535;

impl TryFrom<toml::Value> for Mtu {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let bytes = value.as_integer();
        if value.as_str() == Some("auto") {
            return Ok(Self::Auto);
        }
        bytes
            .filter(|bytes| (MIN_MTU..=MAX_MTU).contains(bytes))
            .and_then(|bytes| u32::try_from(bytes).ok())
            .map(Self::Bytes)
            .ok_or_else(|| {
                format!("mtu is \"auto\" or {MIN_MTU} to {MAX_MTU} bytes")
            })
    }
}

/// What of the class is written to `skb->mark`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mark {
    /// Its upper half (cluster and team) in the mark's upper 16 bits.
    #[default]
    Team,
    /// All 32 bits.
    Full,
    /// The mark is left alone.
    Off,
}

/// `[metrics]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct MetricsConfig {
    /// Where `/metrics` is served, or `"off"`.
    pub(crate) listen: Listen,
}

/// An address to listen on, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Listen {
    /// Not at all.
    Off,
    /// There.
    At(SocketAddr),
}

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At).map_err(|_| {
            format!("'{text}' is neither ADDRESS:PORT nor \"off\"")
        })
    }
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self { listen: Listen::At(SocketAddr::from(([127, 0, 0, 1], 9440))) }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{path} is not a configuration of Tartan")]
    Form {
        path: PathBuf,
        #[source]
        source: Box<toml::de::Error>,
    },
    #[error("{path}: unknown key '{key}'; did you mean '{nearest}'?")]
    UnknownKey { path: PathBuf, key: String, nearest: String },
    #[error("{path}: '{given}' without '{missing}'")]
    Half { path: PathBuf, given: String, missing: String },
}

/// Keys of `[store]` that mean nothing without another one.
const NEEDS: &[(&str, &str)] = &[
    ("username", "password_file"),
    ("password_file", "username"),
    ("cert", "key"),
    ("key", "cert"),
    ("cert", "ca"),
];

impl Config {
    /// Reads `path`. At the default place an absent file is an empty one:
    /// every key has a default.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = match std::fs::read_to_string(path) {
            // Only where nobody named it: a name that was mistyped would
            // start a host with another store under another name.
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound
                    && path == Places::default().config =>
            {
                return Ok(Self::default());
            }
            other => other.map_err(|source| ConfigError::Read {
                path: path.to_owned(),
                source,
            })?,
        };
        Self::parse(path, &text)
    }

    /// Reads the text of `path`.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let form = |source| ConfigError::Form {
            path: path.to_owned(),
            source: Box::new(source),
        };
        let table: toml::Table = text.parse().map_err(form)?;
        if let Some(UnknownKey { key, nearest }) = config_keys::unknown(&table)
        {
            let (path, nearest) = (path.to_owned(), nearest.to_owned());
            return Err(ConfigError::UnknownKey { path, key, nearest });
        }
        if let Some((given, missing)) = half(&table) {
            let path = path.to_owned();
            return Err(ConfigError::Half { path, given, missing });
        }
        table.try_into().map_err(form)
    }

    /// What differs in `other` and needs a new start of the agent: names,
    /// places and connections that everything else was built on.
    pub(crate) fn needs_restart(&self, other: &Self) -> Vec<&'static str> {
        [
            ("host", self.host == other.host),
            ("run_dir", self.run_dir == other.run_dir),
            ("state_dir", self.state_dir == other.state_dir),
            ("bpf_dir", self.bpf_dir == other.bpf_dir),
            ("[store]", self.store == other.store),
            ("[metrics]", self.metrics == other.metrics),
        ]
        .into_iter()
        .filter_map(|(key, is_same)| (!is_same).then_some(key))
        .collect()
    }

    /// The places that this file moves; a variable that is set wins over it.
    pub(crate) fn places(
        &self,
        variable: impl Fn(&str) -> Option<std::ffi::OsString>,
    ) -> Places {
        let from_file = |name: &str| {
            let path = match name {
                "TARTAN_RUN_DIR" => self.run_dir.as_ref(),
                "TARTAN_STATE_DIR" => self.state_dir.as_ref(),
                "TARTAN_BPF_DIR" => self.bpf_dir.as_ref(),
                _ => None,
            };
            path.map(|path| path.clone().into_os_string())
        };
        Places::from_variables(|name| {
            variable(name)
                .filter(|value| !value.is_empty())
                .or_else(|| from_file(name))
        })
    }
}

/// A key that was given, and the one that it lacks.
fn half(table: &toml::Table) -> Option<(String, String)> {
    let store = table.get("store")?.as_table()?;
    let is_half = |(given, needed): &&(&str, &str)| {
        store.contains_key(*given) && !store.contains_key(*needed)
    };
    let (given, missing) = NEEDS.iter().find(is_half)?;
    Some((format!("store.{given}"), format!("store.{missing}")))
}

#[cfg(test)]
mod tests;
