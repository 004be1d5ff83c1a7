//! Names that people and runtimes give to things, checked once.
//!
//! Every name here is safe as one component of a path or of a store key: it
//! is not empty, holds no `/` and is neither `.` nor `..`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A text that may not be used as the name of a thing of this kind.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{kind} name '{text}' is not accepted: {rule}")]
pub struct NameError {
    kind: &'static str,
    text: String,
    rule: &'static str,
}

/// Makes a checked text type: its kind, its longest form in bytes, its rule
/// in words and its rule in code.
macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            /// The name as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    return Ok(Self(text.to_owned()));
                }
                Err(NameError {
                    kind: $kind,
                    text: text.chars().take(80).collect(),
                    rule: $rule,
                })
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    };
}

/// Lower-case words joined by `-`, `_` or `.`, as people type them in rules:
/// a `/` or a `:` would be read as part of a class.
fn is_word(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b)
        })
}

/// CNI spec 1.1.0, section 1 and 2: `^[A-Za-z0-9][A-Za-z0-9_.\-]*$`. The
/// length is ours: the name is part of a file name (255 bytes at most).
fn is_cni_word(text: &str) -> bool {
    text.len() <= 200
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

name! {
    /// A team: `payments`. The name `unclassified` and the other reserved
    /// words of class 0 are refused.
    TeamName, "team",
    "1 to 63 of a-z, 0-9, '-', '_', '.', first a letter or digit, not a \
     reserved word (unknown, host, other-hosts, world, unclassified)",
    |text| is_word(text)
        && !["unknown", "host", "other-hosts", "world", "unclassified"]
            .contains(&text)
}

name! {
    /// An app of a team: `api`.
    AppName, "app",
    "1 to 63 of a-z, 0-9, '-', '_', '.', first a letter or digit",
    is_word
}

name! {
    /// A pool of addresses: `default`.
    PoolName, "pool",
    "1 to 63 of a-z, 0-9, '-', '_', '.', first a letter or digit",
    is_word
}

name! {
    /// A host, as it calls itself in the store: `node-1.example.org`.
    HostName, "host",
    "1 to 200 of A-Z, a-z, 0-9, '-', '_', '.', first a letter or digit",
    is_cni_word
}

name! {
    /// A CNI network: the `name` of a network configuration.
    NetworkName, "network",
    "1 to 200 of A-Z, a-z, 0-9, '-', '_', '.', first a letter or digit",
    is_cni_word
}

name! {
    /// A container as its runtime calls it: `CNI_CONTAINERID`.
    ContainerId, "container",
    "1 to 200 of A-Z, a-z, 0-9, '-', '_', '.', first a letter or digit",
    is_cni_word
}

name! {
    /// An interface inside a container: `CNI_IFNAME`. What the kernel takes
    /// (`dev_valid_name`, net/core/dev.c): 1 to 15 bytes, no `/`, `:` or
    /// space, not `.` or `..`. Control characters are refused too, and `%`, by
    /// which the kernel would choose another name (`eth%d`).
    InterfaceName, "interface",
    "1 to 15 bytes, no '/', ':', '%', white space or control character, not \
     '.' or '..'",
    |text| (1..=15).contains(&text.len())
        && text != "."
        && text != ".."
        && !text.chars().any(|c| {
            "/:%".contains(c) || c.is_whitespace() || c.is_control()
        })
}

name! {
    /// A workload, as a request calls it that wants the same address each
    /// time: `db-0`.
    WorkloadName, "workload",
    "1 to 200 of A-Z, a-z, 0-9, '-', '_', '.', first a letter or digit",
    is_cni_word
}

/// A class as people write it: `payments/api`, or `payments` for the team.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassName {
    /// The team.
    pub team: TeamName,
    /// The app; absent where the whole team is meant.
    pub app: Option<AppName>,
}

impl fmt::Display for ClassName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.app {
            Some(app) => write!(f, "{}/{app}", self.team),
            None => write!(f, "{}", self.team),
        }
    }
}

impl FromStr for ClassName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Ok(match text.split_once('/') {
            Some((team, app)) => {
                Self { team: team.parse()?, app: Some(app.parse()?) }
            }
            None => Self { team: text.parse()?, app: None },
        })
    }
}

#[cfg(test)]
mod tests;
