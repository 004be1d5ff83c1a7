//! Address families and prefixes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnetwork::IpNetwork;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// IPv4 or IPv6.
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
pub enum Family {
    /// IPv4.
    #[serde(rename = "4")]
    V4,
    /// IPv6.
    #[serde(rename = "6")]
    V6,
}

impl Family {
    /// Both, in the order in which results list them.
    pub const ALL: [Self; 2] = [Self::V4, Self::V6];

    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// Bits of an address: 32 or 128.
    pub fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    /// The address of this family whose big-endian number is `number`; for
    /// IPv4 its lower 32 bits count.
    pub fn address(self, number: u128) -> IpAddr {
        match self {
            Self::V4 => Ipv4Addr::from_bits(number as u32).into(),
            Self::V6 => Ipv6Addr::from_bits(number).into(),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// The big-endian number of an address.
pub fn address_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// A range of addresses with a common start, without bits set behind its
/// length: `10.77.0.0/16`, `fd00:77::/64`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(IpNetwork);

/// A text or a pair that is not a prefix.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PrefixError {
    /// Not `ADDRESS/LENGTH`.
    #[error("'{0}' is not a prefix such as 10.77.0.0/16 or fd00:77::/64")]
    Form(String),
    /// Bits behind the length are set.
    #[error("'{given}' has bits set behind its length; did you mean {meant}?")]
    HostBits {
        /// The text as given.
        given: String,
        /// The prefix that contains it.
        meant: Prefix,
    },
}

impl Prefix {
    /// The prefix of `length` bits that contains `address`; none where the
    /// length is above the family's.
    pub fn containing(address: IpAddr, length: u8) -> Option<Self> {
        let network = IpNetwork::new(address, length).ok()?;
        IpNetwork::new(network.network(), length).ok().map(Self)
    }

    /// The single address as a prefix: /32 or /128.
    pub fn host(address: IpAddr) -> Self {
        Self(IpNetwork::from(address))
    }

    /// Its family.
    pub fn family(self) -> Family {
        Family::of(self.0.network())
    }

    /// Its lowest address.
    pub fn first(self) -> IpAddr {
        self.0.network()
    }

    /// Its highest address.
    pub fn last(self) -> IpAddr {
        let spread = self.size().map_or(u128::MAX, |size| size - 1);
        self.family().address(address_number(self.first()) | spread)
    }

    /// Bits of the prefix.
    pub fn length(self) -> u8 {
        self.0.prefix()
    }

    /// How many addresses it holds; none for `::/0`, whose number does not
    /// fit.
    pub fn size(self) -> Option<u128> {
        1u128.checked_shl(u32::from(self.family().bits() - self.length()))
    }

    /// The address `offset` places above the first; none outside.
    pub fn nth(self, offset: u128) -> Option<IpAddr> {
        if self.size().is_some_and(|size| offset >= size) {
            return None;
        }
        let number = address_number(self.first()).checked_add(offset)?;
        Some(self.family().address(number))
    }

    /// How far `address` lies above the first; none outside.
    pub fn offset_of(self, address: IpAddr) -> Option<u128> {
        self.contains(address)
            .then(|| address_number(address) - address_number(self.first()))
    }

    /// True where `address` lies within.
    pub fn contains(self, address: IpAddr) -> bool {
        Family::of(address) == self.family() && self.0.contains(address)
    }

    /// True where every address of `other` lies within.
    pub fn covers(self, other: Self) -> bool {
        self.length() <= other.length() && self.contains(other.first())
    }

    /// True where the two share an address.
    pub fn overlaps(self, other: Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// The prefix of `length` bits (not above its own) that covers it.
    pub fn widened(self, length: u8) -> Option<Self> {
        (length <= self.length())
            .then(|| Self::containing(self.first(), length))
            .flatten()
    }

    /// The two halves; none for a single address.
    pub fn halves(self) -> Option<[Self; 2]> {
        let length = self.length() + 1;
        let lower = Self::containing(self.first(), length)?;
        Some([lower, Self::containing(self.last(), length)?])
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let refuse = || PrefixError::Form(text.chars().take(80).collect());
        let (address, length) = text.split_once('/').ok_or_else(refuse)?;
        if length.is_empty() || !length.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refuse());
        }
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        let length = length.parse().map_err(|_| refuse())?;
        let meant = Self::containing(address, length).ok_or_else(refuse)?;
        if meant.first() != address {
            return Err(PrefixError::HostBits { given: text.into(), meant });
        }
        Ok(meant)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefix({self})")
    }
}

impl Serialize for Prefix {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Prefix {
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
