//! A network as its operator meant it: every value checked. Decides.
//!
//! ```json
//! {"cniVersion": "1.1.0", "name": "shop", "type": "tartan-cni",
//!  "team": "payments", "app": "api", "pools": ["default"],
//!  "ipMasq": true, "mtu": 1450, "dns": {"nameservers": ["192.0.2.53"]},
//!  "ipam": {}, "agent": "/run/tartan/cni.sock"}
//! ```

use std::path::PathBuf;

use serde_json::Value;
use tartan_agent_api::plugin::UnknownApps;
use tartan_model::names::NameError;
use tartan_model::{
    AttachMode, Limits, Masquerade, NetworkName, PoolName, TeamName,
};
use thiserror::Error;

use crate::bandwidth::{self, BandwidthError};
use crate::class_wish::{ClassRule, TeamFrom, TeamRule};
use crate::netconf::{Header, NetConf};
use crate::program::Program;
use crate::result::Dns;
use crate::sticky::Sticky;

/// What identifies a network and its agent: all that a DEL needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `name`
    pub name: NetworkName,
    /// `agent`: the socket, where the configuration names one.
    pub agent: Option<PathBuf>,
}

/// What an ADD needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Which classes its containers may have.
    pub class: ClassRule,
    /// Pools in order of preference.
    pub pools: Vec<PoolName>,
    /// Whether requests may name a workload whose addresses they want.
    pub sticky: Sticky,
    /// `ipMasq`: whether containers leave under the host's address.
    pub masquerade: Masquerade,
    /// Largest packet in bytes; absent: the host decides.
    pub mtu: Option<u32>,
    /// What results say about name resolution; none where it is not set.
    pub dns: Option<Dns>,
    /// How its links get their programs; absent: the host decides.
    pub attach: Option<AttachMode>,
    /// How fast its containers may send and be sent to.
    pub limits: Limits,
}

/// A configuration that is not accepted.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum NetworkError {
    /// `name` is absent or empty.
    #[error("missing network name")]
    NoName,
    /// `name` has a form that the specification excludes.
    #[error("invalid characters found in network name")]
    Name(String),
    /// `type` is a path.
    #[error("\"type\" is \"{0}\", which is not the name of a plugin")]
    Type(String),
    /// `agent` depends on the directory that a runtime happens to be in.
    #[error("\"agent\" is \"{0}\", which is not an absolute path")]
    Agent(String),
    /// A key holds something that is not a name.
    #[error("\"{key}\" of network config is not accepted")]
    Word {
        /// Which key.
        key: &'static str,
        /// Why.
        #[source]
        source: NameError,
    },
    /// A key of ours that this build does not fulfil.
    #[error("\"{key}\" is not supported yet: {value}")]
    Unsupported {
        /// Which key.
        key: String,
        /// Its value.
        value: Value,
    },
    /// `ipam` names another plugin.
    #[error(
        "\"ipam\" has type \"{0}\", but tartan-cni gives addresses itself: \
         leave \"ipam\" out, or use {0} with another main plugin"
    )]
    Ipam(String),
    /// Two keys both say who decides on the team.
    #[error("\"team\" fixes the team, so \"{0}\" has no meaning beside it")]
    TeamTwice(&'static str),
    /// One of `teamFrom` and `teams` without the other.
    #[error("\"{has}\" has no meaning without \"{lacks}\"")]
    Half {
        /// Which is there.
        has: &'static str,
        /// Which is not.
        lacks: &'static str,
    },
    /// `teamFrom` is none of its words.
    #[error(
        "\"teamFrom\" is \"{0}\", which is none of request, k8s-namespace, \
         nomad-namespace"
    )]
    TeamFrom(String),
    /// `attach` is none of its words.
    #[error("\"attach\" is {0}, which is none of shared-block, clsact, tcx")]
    Attach(Value),
    /// A limit cannot be had.
    #[error(transparent)]
    Bandwidth(#[from] BandwidthError),
    /// `mtu` is none that a link can have.
    #[error("\"mtu\" is {0}, which is not from {MTU_MIN} to {MTU_MAX}")]
    Mtu(u32),
}

/// Least MTU that IPv4 works with (RFC 791, section 3.2).
const MTU_MIN: u32 = 68;
/// Greatest MTU of a veth (`ETH_MAX_MTU`, include/uapi/linux/if_ether.h).
const MTU_MAX: u32 = 65_535;

impl Identity {
    /// Checks what every verb needs.
    pub fn of(header: &Header) -> Result<Self, NetworkError> {
        let name = given(&header.name).ok_or(NetworkError::NoName)?;
        let name =
            name.parse().map_err(|_| NetworkError::Name(name.to_owned()))?;
        if let Some(kind) = &header.kind
            && kind.contains(['/', '\\'])
        {
            return Err(NetworkError::Type(kind.clone()));
        }
        Ok(Self { name, agent: agent(header)? })
    }
}

fn agent(header: &Header) -> Result<Option<PathBuf>, NetworkError> {
    let Some(path) = given(&header.agent) else { return Ok(None) };
    if !path.starts_with('/') {
        return Err(NetworkError::Agent(path.to_owned()));
    }
    Ok(Some(path.into()))
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

impl Network {
    /// What the configuration of `program` means.
    pub fn of(program: Program, conf: NetConf) -> Result<Self, NetworkError> {
        if program == Program::Cni {
            check_ours(&conf)?;
        }
        Ok(Self {
            class: class_rule(&conf)?,
            pools: words("pools", conf.pools.as_deref())?,
            sticky: match conf.sticky {
                Some(true) => Sticky::Allowed,
                Some(false) | None => Sticky::Refused,
            },
            masquerade: match conf.ip_masq {
                Some(true) => Masquerade::Yes,
                Some(false) | None => Masquerade::No,
            },
            mtu: mtu(conf.mtu)?,
            attach: conf.attach.as_ref().map(attach).transpose()?,
            limits: limits(conf.bandwidth.as_ref())?,
            dns: conf.dns.filter(Dns::is_set),
        })
    }
}

fn check_ours(conf: &NetConf) -> Result<(), NetworkError> {
    let kind = conf.ipam.as_ref().and_then(|ipam| ipam.get("type"));
    match (kind, kind.and_then(Value::as_str)) {
        (None | Some(Value::Null), _) | (_, Some("tartan-ipam" | "")) => {}
        (_, Some(kind)) => return Err(NetworkError::Ipam(kind.into())),
        (Some(kind), None) => {
            let (key, value) = ("ipam.type".into(), kind.clone());
            return Err(NetworkError::Unsupported { key, value });
        }
    }
    Ok(())
}

fn class_rule(conf: &NetConf) -> Result<ClassRule, NetworkError> {
    let team = team_rule(conf)?;
    let app = given(&conf.app).map(|app| word("app", app)).transpose()?;
    if app.is_some() && team == TeamRule::Nobody {
        return Err(NetworkError::Half { has: "app", lacks: "team" });
    }
    let unknown_apps = match conf.create_apps {
        Some(true) => UnknownApps::Create,
        Some(false) | None => UnknownApps::Refuse,
    };
    Ok(ClassRule { team, app, unknown_apps })
}

fn team_rule(conf: &NetConf) -> Result<TeamRule, NetworkError> {
    let teams: Vec<TeamName> = words("teams", conf.teams.as_deref())?;
    let (has, lacks) = ("teams", "teamFrom");
    match (given(&conf.team), given(&conf.team_from), teams.is_empty()) {
        (Some(team), None, true) => word("team", team).map(TeamRule::Network),
        (Some(_), Some(_), _) => Err(NetworkError::TeamTwice(lacks)),
        (Some(_), None, false) => Err(NetworkError::TeamTwice(has)),
        (None, None, true) => Ok(TeamRule::Nobody),
        (None, None, false) => Err(NetworkError::Half { has, lacks }),
        (None, Some(_), true) => {
            Err(NetworkError::Half { has: lacks, lacks: has })
        }
        (None, Some(from), false) => {
            Ok(TeamRule::Request { from: team_from(from)?, allowed: teams })
        }
    }
}

fn team_from(text: &str) -> Result<TeamFrom, NetworkError> {
    let known = TeamFrom::ALL.into_iter().find(|(word, _)| *word == text);
    known
        .map(|(_, from)| from)
        .ok_or_else(|| NetworkError::TeamFrom(text.to_owned()))
}

fn limits(value: Option<&Value>) -> Result<Limits, BandwidthError> {
    let place = bandwidth::Place::Network;
    value.map_or(Ok(Limits::default()), |v| bandwidth::written(place, v))
}

fn attach(value: &Value) -> Result<AttachMode, NetworkError> {
    let is_named = |mode: &AttachMode| value.as_str() == Some(mode.as_str());
    (AttachMode::ALL.into_iter().find(is_named))
        .ok_or_else(|| NetworkError::Attach(value.clone()))
}

/// An MTU of 0 is the usual way of saying none.
fn mtu(mtu: Option<u32>) -> Result<Option<u32>, NetworkError> {
    match mtu {
        None | Some(0) => Ok(None),
        Some(mtu) if (MTU_MIN..=MTU_MAX).contains(&mtu) => Ok(Some(mtu)),
        Some(mtu) => Err(NetworkError::Mtu(mtu)),
    }
}

fn word<T: std::str::FromStr<Err = NameError>>(
    key: &'static str,
    text: &str,
) -> Result<T, NetworkError> {
    text.parse().map_err(|source| NetworkError::Word { key, source })
}

fn words<T: std::str::FromStr<Err = NameError>>(
    key: &'static str,
    texts: Option<&[String]>,
) -> Result<Vec<T>, NetworkError> {
    texts.unwrap_or_default().iter().map(|text| word(key, text)).collect()
}

impl NetworkError {
    /// The value in question, where the message has it not.
    pub fn details(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::NoName
            | Self::Type(_)
            | Self::Agent(_)
            | Self::Word { .. }
            | Self::Unsupported { .. }
            | Self::Ipam(_)
            | Self::TeamTwice(_)
            | Self::Half { .. }
            | Self::TeamFrom(_)
            | Self::Attach(_)
            | Self::Bandwidth(_)
            | Self::Mtu(_) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests;
