//! A network configuration as it was received: types, no meaning. Decides.
//!
//! What each key means and which values are accepted is [`crate::network`]'s
//! and [`crate::request`]'s matter. Keys that are not named here are accepted
//! and left alone (CNI specification 1.1.0, section 1).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::document::{Document, DocumentError};
use crate::program::Program;
use crate::result::Dns;

/// The keys that every verb needs.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// `cniVersion`
    pub version: Option<String>,
    /// `name`
    pub name: Option<String>,
    /// `type`
    pub kind: Option<String>,
    /// `agent`
    pub agent: Option<String>,
}

/// The keys that say what the operator wants of the network.
#[derive(Clone, Debug, Default)]
pub struct NetConf {
    /// `team`
    pub team: Option<String>,
    /// `app`
    pub app: Option<String>,
    /// `teams`
    pub teams: Option<Vec<String>>,
    /// `teamFrom`
    pub team_from: Option<String>,
    /// `createApps`
    pub create_apps: Option<bool>,
    /// `pools`
    pub pools: Option<Vec<String>>,
    /// `sticky`
    pub sticky: Option<bool>,
    /// `ipMasq`
    pub ip_masq: Option<bool>,
    /// `mtu`
    pub mtu: Option<u32>,
    /// `dns`
    pub dns: Option<Dns>,
    /// `ipam`
    pub ipam: Option<Map<String, Value>>,
    /// `attach`
    pub attach: Option<Value>,
    /// `bandwidth`
    pub bandwidth: Option<Value>,
}

/// The keys that a runtime adds for one container.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `runtimeConfig`
    pub runtime: RuntimeConfig,
    /// `args`
    pub args: Args,
}

/// `runtimeConfig`: capabilities (CNI CONVENTIONS, "Dynamic Plugin specific
/// fields"). Those which we do not fulfil are kept as they are written, for
/// runtimes disagree about their form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct RuntimeConfig {
    /// `mac`
    pub mac: Option<String>,
    /// `ips`, each with or without a prefix length
    pub ips: Option<Vec<String>>,
    /// `portMappings`
    #[serde(rename = "portMappings")]
    pub port_mappings: Value,
    /// `bandwidth`
    pub bandwidth: Value,
    /// `ipRanges`
    #[serde(rename = "ipRanges")]
    pub ip_ranges: Value,
    /// `dns`
    pub dns: Option<RuntimeDns>,
    /// `cgroupPath`
    #[serde(rename = "cgroupPath")]
    pub cgroup_path: Option<String>,
    /// Annotations of the pod, from containerd and CRI-O.
    #[serde(rename = "io.kubernetes.cri.pod-annotations")]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// `dns` of `runtimeConfig`: containerd writes its keys with capitals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct RuntimeDns {
    /// `servers`
    #[serde(alias = "Servers")]
    pub servers: Option<Vec<String>>,
    /// `searches`
    #[serde(alias = "Searches")]
    pub searches: Option<Vec<String>>,
    /// `options`
    #[serde(alias = "Options")]
    pub options: Option<Vec<String>>,
}

/// `args`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Args {
    /// `args.cni`
    pub cni: Option<CniArgs>,
    /// What the Mesos agent adds.
    #[serde(rename = "org.apache.mesos")]
    pub mesos: Option<Mesos>,
}

/// `args.cni` (CNI CONVENTIONS, "args in network config").
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CniArgs {
    /// `ips`
    pub ips: Option<Vec<String>>,
    /// `mac`, of the bridge plugin's making
    pub mac: Option<String>,
    /// `labels`
    pub labels: Option<Vec<Label>>,
}

/// A label of `args.cni` or of Mesos, which may lack its value.
#[derive(Clone, Debug, Deserialize)]
pub struct Label {
    /// Its key.
    pub key: String,
    /// Its value.
    #[serde(default)]
    pub value: Option<String>,
}

/// `args.org.apache.mesos`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Mesos {
    /// Mesos' `NetworkInfo` (include/mesos/mesos.proto).
    pub network_info: Option<NetworkInfo>,
}

/// Mesos' `NetworkInfo`, as far as it concerns us.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NetworkInfo {
    /// `ip_addresses`
    pub ip_addresses: Option<Vec<MesosAddress>>,
    /// `labels`
    pub labels: Option<MesosLabels>,
    /// `port_mappings`, as it is written
    pub port_mappings: Value,
}

/// One of Mesos' `ip_addresses`: a family, or an address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MesosAddress {
    /// `ip_address`
    pub ip_address: Option<String>,
}

/// Mesos' `Labels`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MesosLabels {
    /// The list in it.
    pub labels: Option<Vec<Label>>,
}

/// One element of `cni.dev/valid-attachments`.
#[derive(Clone, Debug, Deserialize)]
pub struct ListedAttachment {
    /// `containerID`
    #[serde(rename = "containerID")]
    pub container: String,
    /// `ifname`
    pub ifname: String,
}

impl NetworkInfo {
    /// The addresses that it asks for by value.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        (self.ip_addresses.iter().flatten())
            .filter_map(|address| address.ip_address.as_deref())
    }
}

impl Header {
    /// Reads the keys of every verb.
    pub fn of(
        program: Program,
        document: &Document,
    ) -> Result<Self, DocumentError> {
        let agent = match program {
            Program::Cni => document.field("agent")?,
            // A DEL has to succeed whatever has become of the section.
            Program::Ipam => {
                let section = document.section("ipam").unwrap_or_default();
                section.field("agent").unwrap_or_default()
            }
        };
        Ok(Self {
            version: document.field("cniVersion")?,
            name: document.field("name")?,
            kind: document.field("type")?,
            agent,
        })
    }
}

impl NetConf {
    /// Reads the keys that the operator has for `program`.
    pub fn of(
        program: Program,
        document: &Document,
    ) -> Result<Self, DocumentError> {
        match program {
            Program::Cni => Self::of_keys(document),
            Program::Ipam => {
                let ipam = document.object("ipam")?;
                let section = document.section("ipam")?;
                Ok(Self { ipam, ..Self::of_keys(&section)? })
            }
        }
    }

    fn of_keys(document: &Document) -> Result<Self, DocumentError> {
        Ok(Self {
            team: document.field("team")?,
            app: document.field("app")?,
            teams: document.field("teams")?,
            team_from: document.field("teamFrom")?,
            create_apps: document.field("createApps")?,
            pools: document.field("pools")?,
            sticky: document.field("sticky")?,
            ip_masq: document.field("ipMasq")?,
            mtu: document.field("mtu")?,
            dns: document.object("dns")?,
            ipam: document.object("ipam")?,
            attach: document.field("attach")?,
            bandwidth: document.field("bandwidth")?,
        })
    }
}

impl Asked {
    /// Reads the runtime's keys.
    pub fn of(document: &Document) -> Result<Self, DocumentError> {
        Ok(Self {
            runtime: document.object("runtimeConfig")?.unwrap_or_default(),
            args: document.object("args")?.unwrap_or_default(),
        })
    }
}
