//! What a request asks for beside a class: addresses, a MAC address, host
//! ports, and things that are not done here. Decides.
//!
//! Addresses of `args.cni`, `runtimeConfig` and Mesos are wished for together;
//! where one of them is given, `IP` of `CNI_ARGS` counts for nothing (CNI
//! CONVENTIONS, "CNI_ARGS"), unless it is of the other family: nerdctl sends
//! the IPv4 address there and the IPv6 address in `runtimeConfig`. The MAC address is taken from `runtimeConfig`,
//! else `args.cni`, else `CNI_ARGS`, as the bridge plugin does.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde_json::Value;
use tartan_model::{Family, HostPort, Limits, Mac};
use thiserror::Error;

use crate::arguments::Arguments;
use crate::bandwidth::{self, BandwidthError};
use crate::netconf::{Asked, NetworkInfo};
use crate::ports::{PortsError, ports};
use crate::version::Version;

/// What one container shall have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Addresses; on our own interfaces at most one per family.
    pub addresses: Vec<IpAddr>,
    /// MAC address of its end.
    pub mac: Option<Mac>,
    /// Ports of the host that lead to it.
    pub ports: Vec<HostPort>,
    /// How fast it may send and be sent to.
    pub limits: Limits,
}

/// A request that is not fulfilled.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum RequestError {
    /// A text is no address.
    #[error("{place} asks for \"{text}\", which is not an IP address")]
    Address {
        /// Where.
        place: Place,
        /// What is there.
        text: String,
    },
    /// Two addresses of one family.
    #[error(
        "{first} and {second} are asked for, but an interface gets one address \
         per family"
    )]
    SameFamily {
        /// One.
        first: IpAddr,
        /// The other.
        second: IpAddr,
    },
    /// A text is no MAC address that an interface may have.
    #[error(
        "{place} asks for \"{text}\", which is not a station's MAC address"
    )]
    Mac {
        /// Where.
        place: Place,
        /// What is there.
        text: String,
    },
    /// Host ports that cannot be.
    #[error("\"portMappings\" cannot be fulfilled")]
    Ports(#[from] PortsError),
    /// A limit cannot be had.
    #[error(transparent)]
    Bandwidth(#[from] BandwidthError),
    /// Mesos does not see the addresses of a result in this version.
    #[error(
        "Mesos reads results of cniVersion 0.1.0 and 0.2.0 alone, not of \
         {0}: its task would have no address; take \"cniVersion\" out of the \
         network config"
    )]
    Mesos(Version),
}

/// Where a request asks for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A key of `CNI_ARGS`.
    Arguments(&'static str),
    /// A key of `args.cni`.
    CniArgs(&'static str),
    /// A key of `runtimeConfig`.
    Runtime(&'static str),
    /// `ip_addresses` of Mesos.
    Mesos,
}

impl Wish {
    /// Reads what concerns addresses alone: the rest of a request is for the
    /// plugin that makes the interface.
    pub fn of_addresses(
        arguments: &Arguments,
        asked: &Asked,
    ) -> Result<Self, RequestError> {
        let mut addresses = Vec::new();
        for (place, text) in texts(asked) {
            addresses.push(address(place, text)?);
        }
        if let (true, Some(text)) = (addresses.is_empty(), arguments.get("IP"))
        {
            addresses.push(address(Place::Arguments("IP"), text)?);
        }
        let mut seen = BTreeSet::new();
        addresses.retain(|one| seen.insert(*one));
        Ok(Self { addresses, ..Self::default() })
    }

    /// Reads a request that comes with a configuration in `version`.
    pub fn of(
        arguments: &Arguments,
        asked: &Asked,
        version: Version,
    ) -> Result<Self, RequestError> {
        if asked.args.mesos.is_some() && !version.has_one_address_per_family() {
            return Err(RequestError::Mesos(version));
        }
        Ok(Self {
            addresses: addresses(arguments, asked)?,
            mac: mac(arguments, asked)?,
            ports: host_ports(asked)?,
            limits: limits(asked)?,
        })
    }
}

fn limits(asked: &Asked) -> Result<Limits, BandwidthError> {
    let annotations = asked.runtime.annotations.as_ref();
    bandwidth::requested(&asked.runtime.bandwidth, annotations)
}

/// True for the forms in which runtimes say that nothing is asked.
pub(crate) fn asks_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(asks_nothing),
        Value::Object(map) => map.values().all(asks_nothing),
    }
}

fn host_ports(asked: &Asked) -> Result<Vec<HostPort>, PortsError> {
    let mesos = asked.args.mesos.as_ref();
    let mesos = mesos.and_then(|mesos| mesos.network_info.as_ref());
    let mesos = mesos.map_or(&Value::Null, |info| &info.port_mappings);
    ports([&asked.runtime.port_mappings, mesos])
}

fn addresses(
    arguments: &Arguments,
    asked: &Asked,
) -> Result<Vec<IpAddr>, RequestError> {
    let mut wished = Vec::new();
    for (place, text) in texts(asked) {
        add(&mut wished, address(place, text)?)?;
    }
    if let Some(text) = arguments.get("IP") {
        let argument = address(Place::Arguments("IP"), text)?;
        let family = Family::of(argument);
        if wished.iter().all(|address| Family::of(*address) != family) {
            wished.push(argument);
        }
    }
    Ok(wished)
}

fn texts(asked: &Asked) -> impl Iterator<Item = (Place, &str)> {
    let cni = asked.args.cni.as_ref().and_then(|cni| cni.ips.as_ref());
    let runtime = asked.runtime.ips.as_ref();
    let mesos = asked.args.mesos.as_ref();
    let mesos = mesos.and_then(|mesos| mesos.network_info.as_ref());
    (cni.into_iter().flatten())
        .map(|text| (Place::CniArgs("ips"), text.as_str()))
        .chain(
            (runtime.into_iter().flatten())
                .map(|text| (Place::Runtime("ips"), text.as_str())),
        )
        .chain(
            mesos
                .into_iter()
                .flat_map(NetworkInfo::addresses)
                .map(|text| (Place::Mesos, text)),
        )
}

fn add(wished: &mut Vec<IpAddr>, one: IpAddr) -> Result<(), RequestError> {
    let family = Family::of(one);
    let same = wished.iter().copied().find(|a| Family::of(*a) == family);
    match same {
        Some(first) if first != one => {
            Err(RequestError::SameFamily { first, second: one })
        }
        Some(_) => Ok(()),
        None => {
            wished.push(one);
            Ok(())
        }
    }
}

/// An address with or without a prefix length, which says nothing here: every
/// container has its addresses for itself alone.
fn address(place: Place, text: &str) -> Result<IpAddr, RequestError> {
    let refuse = || RequestError::Address { place, text: text.to_owned() };
    let (bare, length) = match text.split_once('/') {
        Some((bare, length)) => (bare, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = bare.parse().map_err(|_| refuse())?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map_or(Ok(0), str::parse::<u8>);
    if length.is_ok_and(|length| length <= longest) {
        return Ok(address.to_canonical());
    }
    Err(refuse())
}

fn mac(
    arguments: &Arguments,
    asked: &Asked,
) -> Result<Option<Mac>, RequestError> {
    let runtime = asked.runtime.mac.as_deref();
    let cni = asked.args.cni.as_ref().and_then(|cni| cni.mac.as_deref());
    let places = [
        (Place::Runtime("mac"), runtime),
        (Place::CniArgs("mac"), cni),
        (Place::Arguments("MAC"), arguments.get("MAC")),
    ];
    let given = places
        .into_iter()
        .filter_map(|(place, text)| Some((place, text?)))
        .find(|(_, text)| !text.is_empty());
    let Some((place, text)) = given else { return Ok(None) };
    (text.parse().ok())
        .filter(|mac: &Mac| mac.is_station())
        .map(Some)
        .ok_or_else(|| RequestError::Mac { place, text: text.to_owned() })
}

impl RequestError {
    /// Where the fault is, if it is at one place.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Address { place, .. } | Self::Mac { place, .. } => {
                Some(*place)
            }
            Self::SameFamily { .. }
            | Self::Ports(_)
            | Self::Bandwidth(_)
            | Self::Mesos(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(key) => write!(f, "{key} of CNI_ARGS"),
            Self::CniArgs(key) => write!(f, "\"{key}\" of args.cni"),
            Self::Runtime(key) => write!(f, "\"{key}\" of runtimeConfig"),
            Self::Mesos => f.write_str("ip_addresses of Mesos"),
        }
    }
}

#[cfg(test)]
mod tests;
