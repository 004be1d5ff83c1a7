//! Teams and apps, as people make and see them.

use serde::{Deserialize, Serialize};
use tartan_model::{AppName, AppNumber, ClassId, TeamName, TeamNumber};

/// A team to enter in the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTeam {
    /// Its name.
    pub name: TeamName,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamView {
    /// Its name.
    pub name: TeamName,
    /// Its number, never given to another.
    pub number: TeamNumber,
    /// The class of its containers that name no app.
    pub class: ClassId,
    /// Its apps.
    pub apps: usize,
    /// Its endpoints on this host.
    pub endpoints: usize,
}

/// An app to enter in the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewApp {
    /// The team it belongs to.
    pub team: TeamName,
    /// Its name.
    pub name: AppName,
}

/// An app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppView {
    /// The team it belongs to.
    pub team: TeamName,
    /// Its name.
    pub name: AppName,
    /// Its number, never given to another app of the team.
    pub number: AppNumber,
    /// The class of its containers.
    pub class: ClassId,
    /// Its endpoints on this host.
    pub endpoints: usize,
}
