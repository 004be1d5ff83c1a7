//! What others changed of ours, and what became of it.

use serde::{Deserialize, Serialize};

/// Something was found that was not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number since the agent started, from 1.
    pub number: u64,
    /// When, in milliseconds since 1970.
    pub unix_ms: u64,
    /// What kind of thing: `host_route`, `inside_address`, ...
    pub kind: String,
    /// Whose: an attachment, or `host`.
    pub object: String,
    /// What was found.
    pub found: String,
    /// What was done about it.
    pub outcome: Outcome,
    /// Why it was not done, where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is as it should be again.
    Repaired,
    /// It could not be repaired.
    Failed,
    /// It was changed so often that it is left alone for now.
    GivenUp,
    /// A quiet minute has gone by, or somebody asked: it is repaired again.
    GoesOn,
    /// It is nobody's to repair but whoever did it.
    Told,
}

/// Which events are asked for: `?after=NUMBER`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// Only those with a higher number.
    #[serde(default)]
    pub after: u64,
}

/// Drift, as `status` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftStatus {
    /// Repairs since the agent started.
    pub repaired: u64,
    /// What is left alone because it was changed again and again, each as
    /// `KIND of OBJECT`.
    pub given_up: Vec<String>,
    /// The last few events, oldest first.
    pub last: Vec<Event>,
}
