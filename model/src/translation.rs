//! Translation of addresses: what an attachment asks for at the border
//! between containers and the rest of the world.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::prefix::Family;

/// What of an attachment's packets is translated; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Translation {
    /// Whether what it sends to the world leaves under a host's address.
    #[serde(default)]
    pub masquerade: Masquerade,
    /// Host ports that lead to it.
    #[serde(default)]
    pub ports: Vec<HostPort>,
}

/// Under which address a container's packets reach the world.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Masquerade {
    /// Under its own, unless its pool says otherwise.
    #[default]
    No,
    /// Under the host's.
    Yes,
}

/// A protocol that has ports.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// A port of the host that leads to a port of a container.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
)]
pub struct HostPort {
    /// Its protocol.
    pub transport: Transport,
    /// The address of the host that it is at. Absent: every one. The
    /// unspecified address of a family: every one of that family.
    pub address: Option<IpAddr>,
    /// The host's port.
    pub port: u16,
    /// The container's port.
    pub to: u16,
}

/// Where a host port listens, in one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Door {
    /// At every address of the host.
    Every(Family),
    /// At one.
    One(IpAddr),
}

impl Translation {
    /// True where nothing is translated.
    pub fn is_nothing(&self) -> bool {
        self.masquerade == Masquerade::No && self.ports.is_empty()
    }
}

impl Transport {
    /// All.
    pub const ALL: [Self; 3] = [Self::Tcp, Self::Udp, Self::Sctp];

    /// Its name, as people and runtimes write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        }
    }

    /// Its number in IP (IANA "Assigned Internet Protocol Numbers").
    pub fn number(self) -> u8 {
        match self {
            Self::Tcp => 6,
            Self::Udp => 17,
            Self::Sctp => 132,
        }
    }
}

impl HostPort {
    /// Where it listens: one door for each family it serves.
    pub fn doors(&self) -> impl Iterator<Item = Door> + use<> {
        let address = self.address;
        Family::ALL.into_iter().filter_map(move |family| match address {
            None => Some(Door::Every(family)),
            Some(one) if Family::of(one) != family => None,
            Some(one) if one.is_unspecified() => Some(Door::Every(family)),
            Some(one) => Some(Door::One(one)),
        })
    }

    /// True where a packet could come to both.
    pub fn meets(&self, other: &Self) -> bool {
        self.transport == other.transport
            && self.port == other.port
            && self.doors().any(|one| other.doors().any(|two| one.meets(two)))
    }
}

impl Door {
    /// Its family.
    pub fn family(self) -> Family {
        match self {
            Self::Every(family) => family,
            Self::One(address) => Family::of(address),
        }
    }

    /// True where an address of the host belongs to both.
    pub fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::One(one), Self::One(two)) => one == two,
            _ => self.family() == other.family(),
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// As `tcp 8080`, `udp 127.0.0.1:53`, `tcp [::1]:80`.
impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transport, port, .. } = self;
        match self.address {
            None => write!(f, "{transport} {port}"),
            Some(IpAddr::V4(v4)) => write!(f, "{transport} {v4}:{port}"),
            Some(IpAddr::V6(v6)) => write!(f, "{transport} [{v6}]:{port}"),
        }
    }
}

#[cfg(test)]
mod tests;
