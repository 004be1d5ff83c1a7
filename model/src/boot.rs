//! What orders lives: of the host (boot), of its claims (epoch), of an
//! attachment (generation).

use std::fmt;

use serde::{Deserialize, Serialize};

/// One boot of a host, as `/proc/sys/kernel/random/boot_id` names it. What
/// carries another boot's id is void.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BootId(String);

impl BootId {
    /// Takes the text of the kernel's boot id, or of a stand-in for tests.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Number of a host's ownership of blocks. Raising it voids every claim made
/// under a lower one.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// One life of an attachment on this host; never given twice within a boot.
/// At most [`Generation::MAX`], so that it fits in an interface's name.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize,
)]
#[serde(transparent)]
pub struct Generation(pub u64);

impl<'de> Deserialize<'de> for Generation {
    fn deserialize<D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Self, D::Error> {
        let number = u64::deserialize(deserializer)?;
        if number > Self::MAX {
            return Err(serde::de::Error::custom("no generation is so high"));
        }
        Ok(Self(number))
    }
}

impl Generation {
    /// Highest generation: 13 hexadecimal digits. Microseconds since 1970
    /// reach it in the year 2112.
    pub const MAX: u64 = (1 << 52) - 1;

    /// The next generation: above `self`, and not below the clock, so that a
    /// restarted agent which lost its records repeats none. A clock that runs
    /// near [`Self::MAX`] or beyond is wrong and not followed.
    pub fn next(self, unix_micros: u64) -> Self {
        let above = self.0.saturating_add(1);
        // Room for more generations than a host can give after the clock.
        let latest = Self::MAX - (1 << 40);
        match unix_micros <= latest {
            true => Self(above.max(unix_micros)),
            false => Self(above),
        }
    }

    /// Name of the host's end of the attachment's veth pair: our interface
    /// prefix and the generation, 15 bytes, as many as the kernel takes.
    pub fn host_link_name(self) -> String {
        format!("tt{:013x}", self.0)
    }
}

#[cfg(test)]
mod tests;
