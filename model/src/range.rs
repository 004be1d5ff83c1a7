//! Ranges of addresses inside pools, in the words of the `host-local` plugin:
//! which addresses an attachment may get, in which subnet, by which gateway.
//! Decides.
//!
//! A *set* gives one address, out of any of its ranges; there are as many
//! addresses as sets. Nothing here overlaps, and each range has something to
//! give: whatever else is written is refused.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::prefix::{Family, Prefix, PrefixError, address_number};
use crate::span::Span;

/// Most ranges of one request: more is a mistake, and comparing them all
/// would take long.
pub const MOST_RANGES: usize = 64;

/// A range as it is written. An empty text is as good as none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct WrittenRange {
    /// The subnet that the container's interface is in.
    pub subnet: Option<String>,
    /// First address to give; the subnet's second where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range_start: Option<String>,
    /// Last address to give; the subnet's last usable where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range_end: Option<String>,
    /// Way out; the subnet's second address where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
}

/// A range: what it gives, and the subnet around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenRange", into = "WrittenRange")]
pub struct Range {
    subnet: Prefix,
    span: Span,
    gateway: IpAddr,
}

/// Sets of ranges, none of which overlaps another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Vec<Range>>", into = "Vec<Vec<Range>>")]
pub struct Ranges(Vec<Vec<Range>>);

/// Ranges that cannot be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RangeError {
    /// A range without its subnet.
    #[error("a range has no \"subnet\"")]
    NoSubnet,
    /// A subnet that is no prefix.
    #[error("\"subnet\" of a range is not accepted")]
    Subnet(#[from] PrefixError),
    /// Too narrow for a gateway and a container.
    #[error(
        "subnet {0} of a range is too small: a gateway and a container do \
         not fit in"
    )]
    TooSmall(Prefix),
    /// A text that is no address.
    #[error("\"{key}\" of a range is \"{text}\", which is not an IP address")]
    Address {
        /// Which key.
        key: &'static str,
        /// What is there.
        text: String,
    },
    /// An end of the range is not in its subnet.
    #[error("\"{key}\" {address} of a range is not in its subnet {subnet}")]
    Outside {
        /// Which key.
        key: &'static str,
        /// What is there.
        address: IpAddr,
        /// The subnet.
        subnet: Prefix,
    },
    /// The gateway is of another family than the subnet.
    #[error("gateway {gateway} cannot serve the range's subnet {subnet}")]
    Gateway {
        /// The gateway.
        gateway: IpAddr,
        /// The subnet.
        subnet: Prefix,
    },
    /// The range ends before it begins.
    #[error("a range ends with {last}, before it begins with {first}")]
    Inverted {
        /// Its beginning.
        first: IpAddr,
        /// Its end.
        last: IpAddr,
    },
    /// Every address of the range is kept back.
    #[error(
        "range {0} has no address to give: its gateway, the subnet's network \
         address and its broadcast address are kept back"
    )]
    Nothing(Span),
    /// A set without a range.
    #[error("a set of \"ranges\" is empty")]
    EmptySet,
    /// A set of both families.
    #[error("ranges {first} and {second} of one set are of two families")]
    MixedFamilies {
        /// The one.
        first: Span,
        /// The other.
        second: Span,
    },
    /// Two ranges share addresses.
    #[error("ranges {first} and {second} overlap")]
    Overlap {
        /// The one.
        first: Span,
        /// The other.
        second: Span,
    },
    /// More than [`MOST_RANGES`].
    #[error("{0} ranges are too many: {MOST_RANGES} at most")]
    TooMany(usize),
}

impl Range {
    /// All that `subnet` has to give, by its second address.
    pub fn whole(subnet: Prefix) -> Result<Self, RangeError> {
        let written = WrittenRange {
            subnet: Some(subnet.to_string()),
            ..WrittenRange::default()
        };
        written.try_into()
    }

    /// The subnet.
    pub fn subnet(&self) -> Prefix {
        self.subnet
    }

    /// From the first address to the last.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The way out.
    pub fn gateway(&self) -> IpAddr {
        self.gateway
    }

    /// Its family.
    pub fn family(&self) -> Family {
        self.subnet.family()
    }

    /// True for an address that a container may get.
    pub fn gives(&self, address: IpAddr) -> bool {
        self.span.contains(address) && !self.keeps_back(address)
    }

    /// True for the gateway, and for the subnet's network address (in IPv6:
    /// its router anycast address) and broadcast address.
    pub fn keeps_back(&self, address: IpAddr) -> bool {
        let is_broadcast =
            self.family() == Family::V4 && address == self.subnet.last();
        address == self.gateway
            || address == self.subnet.first()
            || is_broadcast
    }

    /// At most three are kept back: one of the first four is to be given, if
    /// any is.
    fn has_something(&self) -> bool {
        let first = address_number(self.span.first());
        (0..4u128).any(|offset| {
            let number = first.checked_add(offset);
            number.is_some_and(|n| self.gives(self.family().address(n)))
        })
    }
}

impl TryFrom<WrittenRange> for Range {
    type Error = RangeError;

    fn try_from(written: WrittenRange) -> Result<Self, RangeError> {
        let subnet = text(&written.subnet).ok_or(RangeError::NoSubnet)?;
        let subnet: Prefix = subnet.parse()?;
        let second = subnet.nth(1).filter(|_| has_room(subnet));
        let second = second.ok_or(RangeError::TooSmall(subnet))?;
        let start = end(subnet, "rangeStart", &written.range_start)?;
        let last = end(subnet, "rangeEnd", &written.range_end)?;
        let first = start.unwrap_or(second);
        let last = last.unwrap_or_else(|| last_usable(subnet));
        let span = Span::new(first, last)
            .ok_or(RangeError::Inverted { first, last })?;
        let gateway = address("gateway", &written.gateway)?.unwrap_or(second);
        if Family::of(gateway) != subnet.family() {
            return Err(RangeError::Gateway { gateway, subnet });
        }
        let range = Self { subnet, span, gateway };
        if !range.has_something() {
            return Err(RangeError::Nothing(span));
        }
        Ok(range)
    }
}

impl From<Range> for WrittenRange {
    fn from(range: Range) -> Self {
        Self {
            subnet: Some(range.subnet.to_string()),
            range_start: Some(range.span.first().to_string()),
            range_end: Some(range.span.last().to_string()),
            gateway: Some(range.gateway.to_string()),
        }
    }
}

/// Room for a network address, a gateway, a container and what IPv4 calls
/// broadcast, as `host-local` has it.
fn has_room(subnet: Prefix) -> bool {
    subnet.length() + 2 <= subnet.family().bits()
}

fn last_usable(subnet: Prefix) -> IpAddr {
    let last = address_number(subnet.last());
    match subnet.family() {
        Family::V4 => Family::V4.address(last.saturating_sub(1)),
        Family::V6 => subnet.last(),
    }
}

fn text(written: &Option<String>) -> Option<&str> {
    written.as_deref().filter(|text| !text.is_empty())
}

fn address(
    key: &'static str,
    written: &Option<String>,
) -> Result<Option<IpAddr>, RangeError> {
    let Some(text) = text(written) else { return Ok(None) };
    let refuse = |_| {
        let text = text.chars().take(80).collect();
        RangeError::Address { key, text }
    };
    let address: IpAddr = text.parse().map_err(refuse)?;
    Ok(Some(address.to_canonical()))
}

fn end(
    subnet: Prefix,
    key: &'static str,
    written: &Option<String>,
) -> Result<Option<IpAddr>, RangeError> {
    match address(key, written)? {
        Some(address) if !subnet.contains(address) => {
            Err(RangeError::Outside { key, address, subnet })
        }
        found => Ok(found),
    }
}

impl Ranges {
    /// True where nothing is restricted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sets, each of which gives one address.
    pub fn sets(&self) -> impl Iterator<Item = &[Range]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// Every range of every set.
    pub fn all(&self) -> impl Iterator<Item = &Range> {
        self.0.iter().flatten()
    }

    /// The range that gives an address.
    pub fn giving(&self, address: IpAddr) -> Option<&Range> {
        self.all().find(|range| range.gives(address))
    }

    /// The family of which more than one address is given.
    pub fn repeated_family(&self) -> Option<Family> {
        let of = |family| {
            let sets = self.0.iter();
            sets.filter(|set| set.iter().any(|r| r.family() == family)).count()
        };
        Family::ALL.into_iter().find(|family| of(*family) > 1)
    }

    /// True where `addresses` are what these ranges give: one of each set.
    pub fn are_met_by(&self, addresses: &[IpAddr]) -> bool {
        let meets = |set: &Vec<Range>| {
            let given = |ip: &&IpAddr| set.iter().any(|r| r.gives(**ip));
            addresses.iter().filter(given).count() == 1
        };
        self.0.len() == addresses.len() && self.0.iter().all(meets)
    }
}

impl TryFrom<Vec<Vec<Range>>> for Ranges {
    type Error = RangeError;

    fn try_from(sets: Vec<Vec<Range>>) -> Result<Self, RangeError> {
        let all: Vec<&Range> = sets.iter().flatten().collect();
        if all.len() > MOST_RANGES {
            return Err(RangeError::TooMany(all.len()));
        }
        for set in &sets {
            one_family(set)?;
        }
        for (number, range) in all.iter().enumerate() {
            let before = all.iter().take(number);
            if let Some(other) =
                before.into_iter().find(|other| other.span.overlaps(range.span))
            {
                let (first, second) = (other.span, range.span);
                return Err(RangeError::Overlap { first, second });
            }
        }
        Ok(Self(sets))
    }
}

impl TryFrom<Vec<Vec<WrittenRange>>> for Ranges {
    type Error = RangeError;

    fn try_from(sets: Vec<Vec<WrittenRange>>) -> Result<Self, RangeError> {
        let read = |set: Vec<WrittenRange>| -> Result<Vec<Range>, RangeError> {
            set.into_iter().map(Range::try_from).collect()
        };
        let sets: Result<Vec<_>, _> = sets.into_iter().map(read).collect();
        sets?.try_into()
    }
}

impl From<Ranges> for Vec<Vec<Range>> {
    fn from(ranges: Ranges) -> Self {
        ranges.0
    }
}

fn one_family(set: &[Range]) -> Result<(), RangeError> {
    let first = set.first().ok_or(RangeError::EmptySet)?;
    let other = set.iter().find(|range| range.family() != first.family());
    other.map_or(Ok(()), |second| {
        let (first, second) = (first.span, second.span);
        Err(RangeError::MixedFamilies { first, second })
    })
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.span, self.subnet)
    }
}

#[cfg(test)]
mod tests;
