//! The settings by the names that people type: what each means, which values
//! it takes. Pure.

use std::fmt;
use std::time::Duration;

use tartan_agent_api::nearest::nearest;
use tartan_model::{ClusterNumber, Settings};
use thiserror::Error;

/// Longest rest of an address: a week. Beyond it a pool only runs dry.
const LONGEST_REST: Duration = Duration::from_secs(7 * 24 * 3600);
/// Shortest time without the store: a quiet host asks it four times within.
const SHORTEST_OFFLINE: Duration = Duration::from_secs(60);
/// Longest time without the store: a month. Beyond it nobody can be removed.
const LONGEST_OFFLINE: Duration = Duration::from_secs(31 * 24 * 3600);

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Cluster,
    ClusterName,
    AddressRest,
    MaxOffline,
}

/// A setting or a value that is not taken.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum SettingError {
    #[error("there is no setting '{key}'; did you mean '{nearest}'?")]
    Unknown { key: String, nearest: &'static str },
    #[error("'{value}' is no value for {key}: it takes {takes}")]
    Value { key: Setting, value: String, takes: &'static str },
}

impl Setting {
    /// All, in the order in which they are shown.
    pub(crate) const ALL: [Self; 4] =
        [Self::Cluster, Self::ClusterName, Self::AddressRest, Self::MaxOffline];

    /// Its name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::ClusterName => "cluster_name",
            Self::AddressRest => "address_rest",
            Self::MaxOffline => "max_offline",
        }
    }

    /// What it is for, in one line.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Cluster => "number of the cluster, in every class",
            Self::ClusterName => "name of the cluster, before team and app",
            Self::AddressRest => "how long a released address rests",
            Self::MaxOffline => "how long a host goes on without the store",
        }
    }

    /// Which values it takes.
    pub(crate) fn takes(self) -> &'static str {
        match self {
            Self::Cluster => "a number from 0 to 15",
            Self::ClusterName => {
                "1 to 63 of a-z, 0-9 and '-', or nothing (\"\")"
            }
            Self::AddressRest => "a duration up to 7d, such as 30s or 5m",
            Self::MaxOffline => "a duration from 1m up to 31d, such as 24h",
        }
    }

    /// Its value.
    pub(crate) fn get(self, settings: &Settings) -> String {
        match self {
            Self::Cluster => settings.cluster.get().to_string(),
            Self::ClusterName => {
                settings.cluster_name.clone().unwrap_or_default()
            }
            Self::AddressRest => duration_text(settings.address_rest()),
            Self::MaxOffline => duration_text(settings.max_offline()),
        }
    }

    /// Sets it to what was typed.
    pub(crate) fn set(
        self,
        settings: &mut Settings,
        text: &str,
    ) -> Result<(), SettingError> {
        let done = match self {
            Self::Cluster => text
                .parse()
                .ok()
                .and_then(|number| ClusterNumber::new(number).ok())
                .map(|number| settings.cluster = number),
            Self::ClusterName => is_cluster_name(text).then(|| {
                let name = (!text.is_empty()).then(|| text.to_owned());
                settings.cluster_name = name;
            }),
            Self::AddressRest => seconds(text, LONGEST_REST)
                .map(|rest| settings.address_rest_seconds = rest),
            Self::MaxOffline => seconds(text, LONGEST_OFFLINE)
                .filter(|limit| u64::from(*limit) >= SHORTEST_OFFLINE.as_secs())
                .map(|limit| settings.max_offline_seconds = limit),
        };
        done.ok_or_else(|| SettingError::Value {
            key: self,
            value: text.to_owned(),
            takes: self.takes(),
        })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Setting {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        let known = Self::ALL.map(Self::as_str);
        Self::ALL
            .into_iter()
            .find(|setting| setting.as_str() == text)
            .ok_or_else(|| SettingError::Unknown {
                key: text.to_owned(),
                nearest: nearest(text, known).unwrap_or_default(),
            })
    }
}

fn is_cluster_name(text: &str) -> bool {
    let is_word =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.len() <= 63 && text.bytes().all(is_word) && !text.starts_with('-')
}

/// Units of a duration, in seconds, the longest first.
const UNITS: [(char, u64); 4] =
    [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// `30s`, `5m`, `24h`, `2d` in seconds; a number must have its unit.
fn seconds(text: &str, longest: Duration) -> Option<u32> {
    let unit = text.chars().next_back()?;
    let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let digits = text.strip_suffix(unit)?;
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = is_number.then(|| digits.parse().ok()).flatten()?;
    let total = number.checked_mul(size)?;
    (total <= longest.as_secs()).then_some(u32::try_from(total).ok()?)
}

/// A duration in the longest unit that divides it.
fn duration_text(duration: Duration) -> String {
    let total = duration.as_secs();
    let is_whole = |(_, size): &(char, u64)| total.is_multiple_of(*size);
    let (unit, size) = UNITS.into_iter().find(is_whole).unwrap_or(('s', 1));
    match total {
        0 => "0s".to_owned(),
        _ => format!("{}{unit}", total / size),
    }
}

#[cfg(test)]
mod tests;
