//! Reads `prevResult`: what the plugins before us made, or what our own ADD
//! answered. In any version, by its form. Decides.

use std::net::IpAddr;

use serde::Deserialize;
use tartan_model::InterfaceName;
use thiserror::Error;

use crate::document::{Document, DocumentError};
use crate::result::{
    Cidr, Dns, Interface, Ip, Outcome, Route, address_or_nothing,
};

/// A `prevResult` that cannot serve.
#[derive(Debug, Error)]
pub enum PreviousError {
    /// It is no result.
    #[error(transparent)]
    Unreadable(#[from] DocumentError),
    /// A CHECK has none.
    #[error("required prevResult missing")]
    Missing,
    /// It does not list the interface that is checked.
    #[error("prevResult lists no interface {0} in a sandbox")]
    NoInterface(InterfaceName),
}

/// A result as it may arrive: the keys of all versions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Received {
    interfaces: Option<Vec<Interface>>,
    ips: Option<Vec<Ip>>,
    routes: Option<Vec<Route>>,
    dns: Option<Dns>,
    ip4: Option<Sole>,
    ip6: Option<Sole>,
}

/// `ip4` or `ip6` before 0.3.0.
#[derive(Clone, Debug, Deserialize)]
struct Sole {
    ip: Cidr,
    #[serde(default, deserialize_with = "address_or_nothing")]
    gateway: Option<IpAddr>,
    #[serde(default)]
    routes: Option<Vec<Route>>,
}

/// What the plugins before us made; nothing where we are the first.
pub fn chained(document: &Document) -> Result<Outcome, PreviousError> {
    let received: Option<Received> = document.object("prevResult")?;
    Ok(received.map(Outcome::from).unwrap_or_default())
}

/// The addresses that `prevResult` gives to the interface that is checked.
pub fn addresses_of(
    document: &Document,
    interface: &InterfaceName,
) -> Result<Vec<IpAddr>, PreviousError> {
    let received: Option<Received> = document.object("prevResult")?;
    let outcome: Outcome = received.ok_or(PreviousError::Missing)?.into();
    let is_ours = |i: &Interface| {
        i.name == interface.as_str()
            && i.sandbox.as_ref().is_some_and(|sandbox| !sandbox.is_empty())
    };
    let has_interfaces = !outcome.interfaces.is_empty();
    if has_interfaces && !outcome.interfaces.iter().any(is_ours) {
        return Err(PreviousError::NoInterface(interface.clone()));
    }
    let interface_of = |ip: &Ip| {
        let index = usize::try_from(ip.interface?).ok()?;
        outcome.interfaces.get(index)
    };
    // Before 0.3.0 nothing says whose an address is: it is the interface's.
    Ok((outcome.ips.iter())
        .filter(|ip| !has_interfaces || interface_of(ip).is_some_and(is_ours))
        .map(|ip| ip.address.address)
        .collect())
}

impl From<Received> for Outcome {
    fn from(received: Received) -> Self {
        let mut ips = received.ips.unwrap_or_default();
        let mut routes = received.routes.unwrap_or_default();
        for sole in [received.ip4, received.ip6].into_iter().flatten() {
            ips.push(Ip {
                address: sole.ip,
                gateway: sole.gateway,
                interface: None,
            });
            routes.extend(sole.routes.into_iter().flatten());
        }
        Self {
            interfaces: received.interfaces.unwrap_or_default(),
            ips,
            routes,
            dns: received.dns.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests;
