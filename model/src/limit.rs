//! How fast an attachment may send, and be sent to. Decides.
//!
//! Rates and bursts are in bits, as the `bandwidth` capability has them (CNI
//! CONVENTIONS, "Well-known Capabilities").

use std::fmt;

use serde::{Deserialize, Serialize};

/// A limit of one direction.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Limit {
    /// Bits per second.
    pub rate: u64,
    /// Bits that may pass at once after a pause; none: the host decides.
    #[serde(default)]
    pub burst: Option<u64>,
}

/// The limits of an attachment, as its container sees the directions.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize,
)]
#[serde(default)]
pub struct Limits {
    /// Of what the container sends.
    pub from_container: Option<Limit>,
    /// Of what is sent to it.
    pub to_container: Option<Limit>,
}

impl Limit {
    /// Least rate: what Kubernetes takes for the least that makes sense
    /// (pkg/util/bandwidth), and a queue of it still drains.
    pub const LEAST: u64 = 1_000;
    /// Greatest rate, of the same place.
    pub const GREATEST: u64 = 1_000_000_000_000_000;

    /// The one of two that lets less pass.
    fn stricter(self, other: Self) -> Self {
        let burst = match (self.burst, other.burst) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Self { rate: self.rate.min(other.rate), burst }
    }
}

impl Limits {
    /// True where nothing is limited.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Both hold: of each direction the stricter limit.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let both = |one: Option<Limit>, two: Option<Limit>| match (one, two) {
            (Some(one), Some(two)) => Some(one.stricter(two)),
            (one, two) => one.or(two),
        };
        Self {
            from_container: both(self.from_container, other.from_container),
            to_container: both(self.to_container, other.to_container),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 3] = [
            (1_000_000_000, "Gbit/s"),
            (1_000_000, "Mbit/s"),
            (1000, "kbit/s"),
        ];
        let exact = |(size, _): &&(u64, &str)| self.rate.is_multiple_of(*size);
        match UNITS.iter().find(exact) {
            Some((size, unit)) => write!(f, "{} {unit}", self.rate / size),
            None => write!(f, "{} bit/s", self.rate),
        }
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said: Vec<String> =
            [("from", self.from_container), ("to", self.to_container)]
                .into_iter()
                .filter_map(|(way, limit)| Some(format!("{} {way} it", limit?)))
                .collect();
        match said.is_empty() {
            true => f.write_str("none"),
            false => f.write_str(&said.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests;
