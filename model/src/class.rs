//! The class of a container: which cluster, team and app it belongs to, as one
//! 32-bit number.
//!
//! ```text
//!   31   28 27           16 15                    0
//!  +-------+---------------+-----------------------+
//!  |cluster|     team      |          app          |
//!  +-------+---------------+-----------------------+
//! ```
//!
//! Written `102a:0007`, upper and lower half, as `tc` and net_cls write a
//! handle. Team 0 is reserved for what has no team of its own; its apps are the
//! constants of [`ClassId`]. Unknown never means any.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Number of a cluster, 0 to 15.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize,
)]
#[serde(transparent)]
pub struct ClusterNumber(u8);

/// Number of a team within its cluster, 0 to 4095; 0 is reserved.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize,
)]
#[serde(transparent)]
pub struct TeamNumber(u16);

/// Number of an app within its team; 0 is the team itself, no app named.
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
#[serde(transparent)]
pub struct AppNumber(pub u16);

/// A number that does not fit its field of a class id.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{field} number {value} is above {max}")]
pub struct ClassNumberError {
    field: &'static str,
    value: u64,
    max: u16,
}

impl ClusterNumber {
    /// Highest number of a cluster: the field has 4 bits.
    pub const MAX: u16 = 0xf;

    /// Takes 0 to [`Self::MAX`].
    pub fn new(value: u16) -> Result<Self, ClassNumberError> {
        within("cluster", value, Self::MAX).map(|v| Self(v as u8))
    }

    /// The number itself.
    pub fn get(self) -> u8 {
        self.0
    }
}

impl TeamNumber {
    /// Highest number of a team: the field has 12 bits.
    pub const MAX: u16 = 0xfff;
    /// The team of everything that has no team of its own.
    pub const RESERVED: Self = Self(0);

    /// Takes 0 to [`Self::MAX`].
    pub fn new(value: u16) -> Result<Self, ClassNumberError> {
        within("team", value, Self::MAX).map(Self)
    }

    /// The number itself.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl AppNumber {
    /// The team itself: no app was named.
    pub const NONE: Self = Self(0);
}

impl<'de> Deserialize<'de> for ClusterNumber {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Self, D::Error> {
        Self::new(u16::deserialize(deserializer)?)
            .map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for TeamNumber {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Self, D::Error> {
        Self::new(u16::deserialize(deserializer)?)
            .map_err(serde::de::Error::custom)
    }
}

fn within(
    field: &'static str,
    value: u16,
    max: u16,
) -> Result<u16, ClassNumberError> {
    if value > max {
        return Err(ClassNumberError { field, value: value.into(), max });
    }
    Ok(value)
}

/// Cluster, team and app of a container, packed as the kernel sees them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(u32);

impl ClassId {
    /// Nobody knows whose packet this is. Never matches a rule for "any".
    pub const UNKNOWN: Self = Self(0);
    /// This host itself.
    pub const HOST: Self = Self(1);
    /// The other hosts of the cluster.
    pub const OTHER_HOSTS: Self = Self(2);
    /// Everything outside the cluster.
    pub const WORLD: Self = Self(3);
    /// A container whose network names no team.
    pub const UNCLASSIFIED: Self = Self(4);

    /// Packs the three numbers.
    pub fn new(
        cluster: ClusterNumber,
        team: TeamNumber,
        app: AppNumber,
    ) -> Self {
        let upper = (u32::from(cluster.0) << 12) | u32::from(team.0);
        Self((upper << 16) | u32::from(app.0))
    }

    /// The class whose packed form is `bits`, as read from a kernel map.
    pub fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The packed form, in host byte order.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// The cluster's field.
    pub fn cluster(self) -> ClusterNumber {
        ClusterNumber((self.0 >> 28) as u8)
    }

    /// The team's field.
    pub fn team(self) -> TeamNumber {
        TeamNumber(((self.0 >> 16) & 0xfff) as u16)
    }

    /// The app's field.
    pub fn app(self) -> AppNumber {
        AppNumber(self.0 as u16)
    }

    /// The class of the whole team, no app named.
    pub fn team_class(self) -> Self {
        Self(self.0 & 0xffff_0000)
    }

    /// Name of a reserved class (`unknown`, `host`, `world` ...), if it is one.
    pub fn reserved_name(self) -> Option<&'static str> {
        match self {
            Self::UNKNOWN => Some("unknown"),
            Self::HOST => Some("host"),
            Self::OTHER_HOSTS => Some("other-hosts"),
            Self::WORLD => Some("world"),
            Self::UNCLASSIFIED => Some("unclassified"),
            _ => None,
        }
    }
}

impl fmt::Display for ClassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.0 >> 16, self.0 & 0xffff)
    }
}

impl fmt::Debug for ClassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClassId({self})")
    }
}

/// A text that is not a class id.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "class id '{0}' is not two groups of one to four hexadecimal digits, \
     such as 102a:0007"
)]
pub struct ParseClassIdError(String);

impl FromStr for ClassId {
    type Err = ParseClassIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let half = |part: &str| {
            let is_hex = (1..=4).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_hexdigit());
            is_hex.then(|| u32::from_str_radix(part, 16).ok()).flatten()
        };
        text.split_once(':')
            .and_then(|(upper, lower)| {
                Some(Self((half(upper)? << 16) | half(lower)?))
            })
            .ok_or_else(|| ParseClassIdError(text.to_owned()))
    }
}

impl Serialize for ClassId {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClassId {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
