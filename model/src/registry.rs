//! Teams and apps as the registry keeps them: names that have numbers.

use serde::{Deserialize, Serialize};

use crate::class::{AppNumber, TeamNumber};
use crate::names::{AppName, TeamName};

/// A team, under `teams/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Version of this form.
    pub v: u8,
    /// Its name.
    pub name: TeamName,
    /// Its number, unique in the cluster and never used again for another.
    pub number: TeamNumber,
}

/// An app of a team, under `apps/TEAM/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Version of this form.
    pub v: u8,
    /// The team it belongs to.
    pub team: TeamName,
    /// Its name.
    pub name: AppName,
    /// Its number, unique in the team and never used again for another.
    pub number: AppNumber,
}
