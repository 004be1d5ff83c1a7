//! The result of an ADD in our words, which are those of CNI 1.1.0. Decides.
//!
//! [`encode`](crate::encode) writes it in any version, [`previous`] reads it
//! from any.
//!
//! [`previous`]: crate::previous

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tartan_agent_api::plugin::{Attached, Given};
use tartan_model::InterfaceName;
use thiserror::Error;

use crate::netconf::RuntimeDns;

/// What a chain of plugins has made so far (CNI specification 1.1.0, section
/// 5, "Add Success").
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Interfaces on both sides.
    pub interfaces: Vec<Interface>,
    /// Addresses.
    pub ips: Vec<Ip>,
    /// Routes inside the container.
    pub routes: Vec<Route>,
    /// Name resolution.
    pub dns: Dns,
}

/// An interface that a plugin made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its MAC address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Largest packet in bytes; since 1.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
    /// The netns that it is in; absent: the host's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// Since 1.1.0.
    #[serde(
        default,
        rename = "socketPath",
        skip_serializing_if = "Option::is_none"
    )]
    pub socket_path: Option<String>,
    /// Since 1.1.0.
    #[serde(
        default,
        rename = "pciID",
        skip_serializing_if = "Option::is_none"
    )]
    pub pci_id: Option<String>,
}

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ip {
    /// Address and length of its network's prefix.
    pub address: Cidr,
    /// The way out.
    #[serde(
        default,
        deserialize_with = "address_or_nothing",
        skip_serializing_if = "Option::is_none"
    )]
    pub gateway: Option<IpAddr>,
    /// Index into [`Outcome::interfaces`]; 0 is not the same as none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<i64>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Destination.
    pub dst: Cidr,
    /// Next hop; absent: none is needed, or the gateway of its family.
    #[serde(
        default,
        deserialize_with = "address_or_nothing",
        skip_serializing_if = "Option::is_none"
    )]
    pub gw: Option<IpAddr>,
    /// Since 1.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<i64>,
    /// Since 1.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advmss: Option<i64>,
    /// Since 1.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// Since 1.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<i64>,
    /// Since 1.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<i64>,
}

/// Name resolution, as a configuration and a result have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dns {
    /// Servers, best first.
    #[serde(default, skip_serializing_if = "is_none_or_empty")]
    pub nameservers: Option<Vec<String>>,
    /// Local domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Domains to search.
    #[serde(default, skip_serializing_if = "is_none_or_empty")]
    pub search: Option<Vec<String>>,
    /// Options for the resolver.
    #[serde(default, skip_serializing_if = "is_none_or_empty")]
    pub options: Option<Vec<String>>,
}

fn is_none_or_empty(list: &Option<Vec<String>>) -> bool {
    list.as_ref().is_none_or(Vec::is_empty)
}

/// The reference writes an absent address as `""` where it cannot leave it
/// out.
pub(crate) fn address_or_nothing<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<IpAddr>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    match text.as_deref() {
        None | Some("") => Ok(None),
        Some(text) => {
            let address: IpAddr =
                text.parse().map_err(serde::de::Error::custom)?;
            Ok(Some(address.to_canonical()))
        }
    }
}

impl Dns {
    /// True where the configuration says anything, be it an empty list: it
    /// then stands for what other plugins said.
    pub fn is_set(&self) -> bool {
        let domain = self.domain.as_ref().is_some_and(|text| !text.is_empty());
        let Self { nameservers, search, options, .. } = self;
        domain || [nameservers, search, options].iter().any(|l| l.is_some())
    }

    /// With what a request says in place of the same list here. An empty list
    /// of a runtime says nothing: it sends all three.
    #[must_use]
    pub fn overridden(mut self, by: &RuntimeDns) -> Self {
        let lists = [
            (&mut self.nameservers, &by.servers),
            (&mut self.search, &by.searches),
            (&mut self.options, &by.options),
        ];
        for (ours, asked) in lists {
            if !is_none_or_empty(asked) {
                ours.clone_from(asked);
            }
        }
        self
    }

    /// True where there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let domain = self.domain.as_ref().is_some_and(|text| !text.is_empty());
        let Self { nameservers, search, options, .. } = self;
        let lists = [nameservers, search, options];
        !domain && lists.into_iter().all(is_none_or_empty)
    }
}

/// An address and the length of its network's prefix: `10.99.0.2/29`. Host
/// bits are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The address.
    pub address: IpAddr,
    /// Length of the prefix.
    pub length: u8,
}

/// A text that is no address with a prefix length.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("'{0}' is not an address with a prefix length such as 10.99.0.2/29")]
pub struct CidrError(String);

impl Cidr {
    /// The address alone: /32 or /128.
    pub fn single(address: IpAddr) -> Self {
        let length = if address.is_ipv4() { 32 } else { 128 };
        Self { address, length }
    }

    /// Everything of the family of `address`.
    pub fn everything_like(address: IpAddr) -> Self {
        let address = match address {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        Self { address, length: 0 }
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let parts = text.split_once('/').and_then(|(address, length)| {
            let is_number = length.bytes().all(|b| b.is_ascii_digit());
            let length: u8 = length.parse().ok().filter(|_| is_number)?;
            Some((address.parse::<IpAddr>().ok()?, length))
        });
        match parts {
            Some((address, length))
                if length <= Self::single(address).length =>
            {
                Ok(Self { address, length })
            }
            _ => Err(CidrError(text.chars().take(80).collect())),
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

impl Serialize for Cidr {
    fn serialize<S: Serializer>(
        &self,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cidr {
    fn deserialize<D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Outcome {
    /// Adds addresses that the agent gave to an interface of another plugin's,
    /// which is not known here.
    pub fn give(&mut self, attached: &Attached) {
        for given in &attached.addresses {
            let single = Cidr::single(given.address);
            let length = given.length.unwrap_or(single.length);
            self.ips.push(Ip {
                address: Cidr { length, ..single },
                gateway: Some(given.gateway),
                interface: None,
            });
        }
    }

    /// Adds what the agent made: two interfaces, the addresses of the second,
    /// a default route per family.
    pub fn append(
        &mut self,
        attached: &Attached,
        interface: &InterfaceName,
        sandbox: &str,
    ) {
        let [host, container] = both_ends(attached, interface, sandbox);
        self.interfaces.push(host);
        let index = i64::try_from(self.interfaces.len()).ok();
        self.interfaces.push(container);
        for given in &attached.addresses {
            self.ips.push(Ip {
                address: Cidr::single(given.address),
                gateway: Some(given.gateway),
                interface: index,
            });
            let route = Route::default_by(given);
            if !self.routes.contains(&route) {
                self.routes.push(route);
            }
        }
    }
}

fn both_ends(
    attached: &Attached,
    interface: &InterfaceName,
    sandbox: &str,
) -> [Interface; 2] {
    let host = Interface {
        name: attached.host_link.clone(),
        mac: Some(attached.host_mac.to_string()),
        mtu: Some(attached.mtu),
        ..Interface::default()
    };
    let container = Interface {
        name: interface.to_string(),
        mac: Some(attached.mac.to_string()),
        sandbox: Some(sandbox.to_owned()),
        ..host.clone()
    };
    [host, container]
}

impl Route {
    fn default_by(given: &Given) -> Self {
        Self {
            dst: Cidr::everything_like(given.address),
            gw: Some(given.gateway),
            mtu: None,
            advmss: None,
            priority: None,
            table: None,
            scope: None,
        }
    }
}

#[cfg(test)]
mod tests;
