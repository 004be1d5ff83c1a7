//! Which class an attachment gets: decides from what the network fixes, what
//! the request names and what the registry knows. Pure.
//!
//! A container cannot choose its class. The network's configuration, which
//! root owns, names the team or the teams that a request may name; a request
//! narrows it to an app of that team. What a request may not choose is
//! refused, never ignored.

use tartan_agent_api::plugin::{ClassWish, UnknownApps};
use tartan_model::names::NameError;
use tartan_model::{AppName, ClassId, TeamName};
use thiserror::Error;

use crate::registry::Snapshot;

/// What authorising came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The class is known.
    Class(ClassId),
    /// The app has to be entered in the registry first.
    CreateApp(TeamName, AppName),
}

/// A class that the request may not have.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum ClassRefused {
    #[error(
        "the request names team '{requested}', but the network's \
         configuration fixes team '{fixed}'"
    )]
    TeamFixed { fixed: TeamName, requested: String },
    #[error(
        "the request names team '{requested}', but the network allows only \
         {allowed}"
    )]
    TeamNotAllowed { requested: String, allowed: String },
    #[error(
        "the request names no team, and the network's configuration leaves \
         the choice to the request (one of {allowed})"
    )]
    NoTeam { allowed: String },
    #[error(
        "the request names app '{requested}', but the network's \
         configuration names no team whose app it could be"
    )]
    AppWithoutTeam { requested: String },
    #[error("team '{0}' is not in the registry")]
    UnknownTeam(TeamName),
    #[error("app '{app}' of team '{team}' is not in the registry")]
    UnknownApp { team: TeamName, app: AppName },
    #[error("the request names an impossible class")]
    Name(#[from] NameError),
}

impl ClassRefused {
    /// Who may do what about it.
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::UnknownTeam(team) => {
                format!("make it: tartan team create {team}")
            }
            Self::UnknownApp { team, app } => format!(
                "make it: tartan app create {team}/{app}; or set \
                 \"createApps\": true in the network's configuration"
            ),
            Self::TeamFixed { .. }
            | Self::TeamNotAllowed { .. }
            | Self::NoTeam { .. }
            | Self::AppWithoutTeam { .. }
            | Self::Name(_) => "only root may change it, in the network's \
                                configuration (team, teams, teamFrom)"
                .to_owned(),
        }
    }
}

/// Decides the class that `wish` comes to.
pub(crate) fn authorise(
    wish: &ClassWish,
    registry: &Snapshot,
) -> Result<Verdict, ClassRefused> {
    let Some(team) = team(wish)? else {
        return match &wish.requested_app {
            Some(requested) => Err(ClassRefused::AppWithoutTeam {
                requested: requested.clone(),
            }),
            None => Ok(Verdict::Class(ClassId::UNCLASSIFIED)),
        };
    };
    let app = match &wish.requested_app {
        Some(requested) => Some(requested.parse()?),
        None => wish.app.clone(),
    };
    let Some(whole_team) = registry.class_of(&team, None) else {
        return Err(ClassRefused::UnknownTeam(team));
    };
    let Some(app) = app else { return Ok(Verdict::Class(whole_team)) };
    match (registry.class_of(&team, Some(&app)), wish.unknown_apps) {
        (Some(class), _) => Ok(Verdict::Class(class)),
        (None, UnknownApps::Create) => Ok(Verdict::CreateApp(team, app)),
        (None, UnknownApps::Refuse) => {
            Err(ClassRefused::UnknownApp { team, app })
        }
    }
}

/// The team that holds; none where the network speaks of no team at all.
fn team(wish: &ClassWish) -> Result<Option<TeamName>, ClassRefused> {
    let allowed = || {
        let names: Vec<_> =
            wish.allowed_teams.iter().map(TeamName::as_str).collect();
        names.join(", ")
    };
    match (&wish.team, &wish.requested_team) {
        (Some(fixed), Some(requested)) if requested != fixed.as_str() => {
            Err(ClassRefused::TeamFixed {
                fixed: fixed.clone(),
                requested: requested.clone(),
            })
        }
        (Some(fixed), _) => Ok(Some(fixed.clone())),
        (None, None) if wish.allowed_teams.is_empty() => Ok(None),
        (None, None) => Err(ClassRefused::NoTeam { allowed: allowed() }),
        (None, Some(requested)) => {
            let team: TeamName = requested.parse()?;
            if wish.allowed_teams.contains(&team) {
                return Ok(Some(team));
            }
            Err(ClassRefused::TeamNotAllowed {
                requested: requested.clone(),
                allowed: allowed(),
            })
        }
    }
}

#[cfg(test)]
mod tests;
