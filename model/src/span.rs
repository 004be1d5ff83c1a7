//! Addresses from one to another, both included: what a prefix cannot say.
//! Decides.

use std::fmt;
use std::net::IpAddr;

use crate::prefix::{Family, Prefix};

/// Addresses of one family, from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    first: IpAddr,
    last: IpAddr,
}

impl Span {
    /// From `first` to `last`; none where that is backwards, or leads from
    /// one family to the other.
    pub fn new(first: IpAddr, last: IpAddr) -> Option<Self> {
        let is_one_family = Family::of(first) == Family::of(last);
        (is_one_family && first <= last).then_some(Self { first, last })
    }

    /// The one address.
    pub fn one(address: IpAddr) -> Self {
        Self { first: address, last: address }
    }

    /// The lowest.
    pub fn first(self) -> IpAddr {
        self.first
    }

    /// The highest.
    pub fn last(self) -> IpAddr {
        self.last
    }

    /// The address, where it is only one.
    pub fn only(self) -> Option<IpAddr> {
        (self.first == self.last).then_some(self.first)
    }

    /// True where `address` lies within.
    pub fn contains(self, address: IpAddr) -> bool {
        Family::of(address) == Family::of(self.first)
            && (self.first..=self.last).contains(&address)
    }

    /// True where the two share an address.
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }

    /// True where every address lies within `prefix`.
    pub fn is_within(self, prefix: Prefix) -> bool {
        prefix.contains(self.first) && prefix.contains(self.last)
    }
}

impl From<Prefix> for Span {
    fn from(prefix: Prefix) -> Self {
        Self { first: prefix.first(), last: prefix.last() }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.only() {
            Some(address) => address.fmt(f),
            None => write!(f, "{}-{}", self.first, self.last),
        }
    }
}
