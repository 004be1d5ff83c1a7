//! Writes a result in the version that the configuration has. Decides.
//!
//! | version | addresses | interfaces | empty `dns` |
//! |---|---|---|---|
//! | 1.1.0, 1.0.0 | `ips[{address, gateway, interface}]` | all fields | left out |
//! | 0.4.0 to 0.3.0 | the same with `version` | `name`, `mac`, `sandbox` | `{}` |
//! | 0.2.0, 0.1.0 | `ip4`, `ip6`: the first of each family | none | `{}` |
//!
//! 1.0.0 carries the fields of 1.1.0 too, as the reference does.

use std::net::IpAddr;

use serde::Serialize;
use thiserror::Error;

use crate::result::{Cidr, Dns, Interface, Ip, Outcome, Route};
use crate::version::Version;

/// A result that has no form in a version.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("cannot convert: no valid IP addresses")]
pub struct EncodeError;

/// A result as it is written, in one of the three forms.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Encoded<'a> {
    /// 1.0.0 and 1.1.0
    Current(Lists<'a, &'a Interface, &'a Ip>),
    /// 0.3.0 to 0.4.0
    Older(Lists<'a, OlderInterface<'a>, OlderIp<'a>>),
    /// 0.1.0 and 0.2.0
    Oldest(Families<'a>),
}

/// A result with lists, since 0.3.0.
#[derive(Debug, Serialize)]
pub struct Lists<'a, Interface, Ip> {
    #[serde(rename = "cniVersion")]
    version: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    interfaces: Vec<Interface>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ips: Vec<Ip>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    routes: &'a [Route],
    #[serde(skip_serializing_if = "Option::is_none")]
    dns: Option<&'a Dns>,
}

/// An interface before 1.0.0.
#[derive(Debug, Serialize)]
pub struct OlderInterface<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<&'a str>,
}

/// An address before 1.0.0.
#[derive(Debug, Serialize)]
pub struct OlderIp<'a> {
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    interface: Option<i64>,
    address: &'a Cidr,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<IpAddr>,
}

/// A result before 0.3.0.
#[derive(Debug, Serialize)]
pub struct Families<'a> {
    #[serde(rename = "cniVersion")]
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip4: Option<Sole<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip6: Option<Sole<'a>>,
    dns: &'a Dns,
}

/// The one address of a family, with the family's routes.
#[derive(Debug, Serialize)]
struct Sole<'a> {
    ip: &'a Cidr,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<IpAddr>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routes: Vec<OldestRoute<'a>>,
}

#[derive(Debug, Serialize)]
struct OldestRoute<'a> {
    dst: &'a Cidr,
    #[serde(skip_serializing_if = "Option::is_none")]
    gw: Option<IpAddr>,
}

/// The form of `outcome` in `version`.
pub fn encode(
    outcome: &Outcome,
    version: Version,
) -> Result<Encoded<'_>, EncodeError> {
    Ok(match version {
        Version::V0_1_0 | Version::V0_2_0 => {
            Encoded::Oldest(families(outcome, version)?)
        }
        Version::V0_3_0 | Version::V0_3_1 | Version::V0_4_0 => {
            Encoded::Older(Lists {
                version: version.as_str(),
                interfaces: outcome.interfaces.iter().map(older).collect(),
                ips: outcome.ips.iter().map(older_ip).collect(),
                routes: &outcome.routes,
                dns: Some(&outcome.dns),
            })
        }
        Version::V1_0_0 | Version::V1_1_0 => Encoded::Current(Lists {
            version: version.as_str(),
            interfaces: outcome.interfaces.iter().collect(),
            ips: outcome.ips.iter().collect(),
            routes: &outcome.routes,
            dns: Some(&outcome.dns).filter(|dns| !dns.is_empty()),
        }),
    })
}

fn older(interface: &Interface) -> OlderInterface<'_> {
    OlderInterface {
        name: &interface.name,
        mac: interface.mac.as_deref(),
        sandbox: interface.sandbox.as_deref(),
    }
}

fn older_ip(ip: &Ip) -> OlderIp<'_> {
    OlderIp {
        version: if ip.address.address.is_ipv4() { "4" } else { "6" },
        interface: ip.interface,
        address: &ip.address,
        gateway: ip.gateway,
    }
}

fn families(
    outcome: &Outcome,
    version: Version,
) -> Result<Families<'_>, EncodeError> {
    let ip4 = sole(outcome, IpAddr::is_ipv4);
    let ip6 = sole(outcome, IpAddr::is_ipv6);
    if ip4.is_none() && ip6.is_none() {
        return Err(EncodeError);
    }
    Ok(Families { version: version.as_str(), ip4, ip6, dns: &outcome.dns })
}

fn sole(outcome: &Outcome, is_ours: fn(&IpAddr) -> bool) -> Option<Sole<'_>> {
    let ip = outcome.ips.iter().find(|ip| is_ours(&ip.address.address))?;
    let routes = outcome
        .routes
        .iter()
        .filter(|route| is_ours(&route.dst.address))
        .map(|route| OldestRoute { dst: &route.dst, gw: route.gw })
        .collect();
    Some(Sole { ip: &ip.address, gateway: ip.gateway, routes })
}

#[cfg(test)]
mod tests;
