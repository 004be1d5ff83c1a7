//! The versions of the CNI specification that are spoken here, and which verb
//! came with which. Decides, does nothing.

use std::fmt;

use thiserror::Error;

use crate::environment::Verb;

/// A version of the CNI specification; a later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// The first; also what a configuration without `cniVersion` means.
    V0_1_0,
    /// As 0.1.0 but for its number.
    V0_2_0,
    /// Lists of interfaces and addresses, chains of plugins.
    V0_3_0,
    /// As 0.3.0 but for its number.
    V0_3_1,
    /// CHECK; `prevResult` at DEL.
    V0_4_0,
    /// `ips[].version` is gone.
    V1_0_0,
    /// GC and STATUS.
    V1_1_0,
}

/// A configuration in a version that is not spoken, or that has not the verb.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum VersionError {
    /// The version equals none of ours. No other form of a number is equal
    /// to it: neither `1.1` nor `v1.1.0` is 1.1.0.
    #[error("incompatible CNI versions")]
    Unknown {
        /// What the configuration says.
        config: String,
    },
    /// The verb came with a later version.
    #[error("config version does not allow {verb}")]
    NotAllowed {
        /// What was called.
        verb: Verb,
        /// What the configuration says.
        config: Version,
    },
}

impl Version {
    /// Every version, in order.
    pub const ALL: [Self; 7] = [
        Self::V0_1_0,
        Self::V0_2_0,
        Self::V0_3_0,
        Self::V0_3_1,
        Self::V0_4_0,
        Self::V1_0_0,
        Self::V1_1_0,
    ];

    /// What is said where nobody named a version.
    pub const LATEST: Self = Self::V1_1_0;

    /// The number as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0_1_0 => "0.1.0",
            Self::V0_2_0 => "0.2.0",
            Self::V0_3_0 => "0.3.0",
            Self::V0_3_1 => "0.3.1",
            Self::V0_4_0 => "0.4.0",
            Self::V1_0_0 => "1.0.0",
            Self::V1_1_0 => "1.1.0",
        }
    }

    /// The version of a configuration: an empty one means 0.1.0.
    pub fn of_config(text: &str) -> Result<Self, VersionError> {
        let text = if text.is_empty() { "0.1.0" } else { text };
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == text)
            .ok_or_else(|| VersionError::Unknown { config: text.into() })
    }

    /// Refuses a verb that this version has not.
    pub fn allow(self, verb: Verb) -> Result<(), VersionError> {
        let since = match verb {
            Verb::Add | Verb::Delete | Verb::Version => Self::V0_1_0,
            Verb::Check => Self::V0_4_0,
            Verb::CollectGarbage | Verb::Status => Self::V1_1_0,
        };
        if self < since {
            return Err(VersionError::NotAllowed { verb, config: self });
        }
        Ok(())
    }

    /// True where a result has one address per family and no interfaces.
    pub fn has_one_address_per_family(self) -> bool {
        self < Self::V0_3_0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl VersionError {
    /// What the reference skeleton gives as details.
    pub fn details(&self) -> String {
        match self {
            Self::Unknown { config } => {
                let ours = Version::ALL.map(|v| format!("\"{v}\"")).join(" ");
                format!("config is \"{config}\", plugin supports [{ours}]")
            }
            Self::NotAllowed { config, .. } => {
                format!("config is \"{config}\"")
            }
        }
    }
}

#[cfg(test)]
mod tests;
