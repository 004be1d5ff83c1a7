//! Settings of the cluster, as people see and change them.

use serde::{Deserialize, Serialize};

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingView {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What it is where nobody set it.
    pub default: String,
    /// What it is for.
    pub meaning: String,
    /// Which values it takes.
    pub takes: String,
}

/// A value to set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewValue {
    /// The value, as it is typed.
    pub value: String,
}
