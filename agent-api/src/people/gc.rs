//! Collection of what nobody has any more.

use serde::{Deserialize, Serialize};

/// Hold every attachment against the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// Whether to act.
    pub mode: Mode,
}

/// Whether to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Take the steps.
    Apply,
    /// Only say what they would be.
    DryRun,
}

/// What collecting came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GcReport {
    /// Steps that were taken; in a dry run, those that would be.
    pub steps: Vec<String>,
    /// Steps that failed, each with why.
    pub failed: Vec<String>,
}
