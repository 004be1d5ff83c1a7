//! Which class an attachment wishes for, and whether the network lets it.
//! Decides.
//!
//! The network's configuration, which root owns, fixes the team or says which
//! teams a request may name. A request may narrow its class to an app of that
//! team, nothing else. What it may not choose is an error, never ignored. The
//! agent holds the outcome against the registry.

use tartan_agent_api::plugin::{ClassWish, UnknownApps};
use tartan_model::names::NameError;
use tartan_model::{AppName, NetworkName, TeamName};
use thiserror::Error;

use crate::labels::{Mention, Place, Said};

/// What a network says about the classes of its containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRule {
    /// Who decides on the team.
    pub team: TeamRule,
    /// The app of a container whose request names none.
    pub app: Option<AppName>,
    /// What becomes of an app that the registry does not know.
    pub unknown_apps: UnknownApps,
}

/// Who decides on a container's team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeamRule {
    /// There is none: containers are unclassified.
    Nobody,
    /// The network itself (`team`).
    Network(TeamName),
    /// The request, one out of a list (`teamFrom` and `teams`).
    Request {
        /// Where the request names it.
        from: TeamFrom,
        /// Which teams it may name.
        allowed: Vec<TeamName>,
    },
}

/// `teamFrom`: where a request names its team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamFrom {
    /// Where a request names its app, too.
    Request,
    /// The Kubernetes namespace of the pod.
    K8sNamespace,
    /// The Nomad namespace of the allocation.
    NomadNamespace,
}

/// A wish that the network does not grant.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ClassError {
    /// The network fixes another team.
    #[error(
        "{place} asks for team \"{asked}\", but network {network} is of team \
         \"{team}\"; only \"team\" in its configuration changes that"
    )]
    FixedTeam {
        /// Which network.
        network: NetworkName,
        /// Its team.
        team: TeamName,
        /// The other.
        asked: String,
        /// Where the other was found.
        place: Place,
    },
    /// The network has no team, so a request may choose nothing.
    #[error(
        "{place} asks for \"{asked}\", but network {network} names no team; \
         only \"team\", or \"teamFrom\" with \"teams\", in its configuration \
         gives it one"
    )]
    NoTeam {
        /// Which network.
        network: NetworkName,
        /// What was asked for.
        asked: String,
        /// Where.
        place: Place,
    },
    /// The network lets requests choose, but not this team.
    #[error(
        "{place} asks for team \"{asked}\", which is not among the teams of \
         network {network} ({}); only \"teams\" in its configuration admits it",
        list(allowed)
    )]
    NotAllowed {
        /// Which network.
        network: NetworkName,
        /// What was asked for.
        asked: String,
        /// Where.
        place: Place,
        /// What may be asked for.
        allowed: Vec<TeamName>,
    },
    /// The network wants a team from the request, which names none.
    #[error(
        "the request names no team; network {network} takes it from {}",
        from.place()
    )]
    NoneNamed {
        /// Which network.
        network: NetworkName,
        /// Where it looked.
        from: TeamFrom,
    },
    /// What was asked for is not a name.
    #[error("{place} is not accepted")]
    Name {
        /// Where.
        place: Place,
        /// Why.
        #[source]
        source: NameError,
    },
}

fn list(teams: &[TeamName]) -> String {
    teams.iter().map(TeamName::as_str).collect::<Vec<_>>().join(", ")
}

impl TeamFrom {
    /// Every source with the word for it.
    pub const ALL: [(&'static str, Self); 3] = [
        ("request", Self::Request),
        ("k8s-namespace", Self::K8sNamespace),
        ("nomad-namespace", Self::NomadNamespace),
    ];

    fn place(self) -> &'static str {
        match self {
            Self::Request => {
                "TARTAN_TEAM of CNI_ARGS, label tartan.team or annotation \
                 tartan/team"
            }
            Self::K8sNamespace => "K8S_POD_NAMESPACE of CNI_ARGS",
            Self::NomadNamespace => "NOMAD_NAMESPACE of CNI_ARGS",
        }
    }

    fn of(self, said: &Said) -> Option<&Mention> {
        match self {
            Self::Request => said.team.as_ref(),
            Self::K8sNamespace => said.k8s_namespace.as_ref(),
            Self::NomadNamespace => said.nomad_namespace.as_ref(),
        }
    }
}

impl ClassRule {
    /// What to ask the agent for.
    pub fn wish(
        &self,
        network: &NetworkName,
        said: &Said,
    ) -> Result<ClassWish, ClassError> {
        let requested_app = self.app(network, said)?;
        let team = match &self.team {
            TeamRule::Nobody => nobodys(network, said)?,
            TeamRule::Network(team) => networks(network, team, said)?,
            TeamRule::Request { from, allowed } => {
                requests(network, *from, allowed, said)?
            }
        };
        Ok(ClassWish {
            app: self.app.clone(),
            requested_app,
            unknown_apps: self.unknown_apps,
            ..team
        })
    }

    fn app(
        &self,
        network: &NetworkName,
        said: &Said,
    ) -> Result<Option<String>, ClassError> {
        let Some(app) = &said.app else { return Ok(None) };
        if self.team == TeamRule::Nobody {
            return Err(no_team(network, app));
        }
        is_named::<AppName>(app)?;
        Ok(Some(app.name.clone()))
    }
}

fn nobodys(
    network: &NetworkName,
    said: &Said,
) -> Result<ClassWish, ClassError> {
    match &said.team {
        Some(team) => Err(no_team(network, team)),
        None => Ok(ClassWish::default()),
    }
}

fn networks(
    network: &NetworkName,
    team: &TeamName,
    said: &Said,
) -> Result<ClassWish, ClassError> {
    if let Some(asked) = &said.team {
        is_the_same(network, team, asked)?;
    }
    let requested_team = said.team.as_ref().map(|team| team.name.clone());
    Ok(ClassWish {
        team: Some(team.clone()),
        requested_team,
        ..ClassWish::default()
    })
}

fn requests(
    network: &NetworkName,
    from: TeamFrom,
    allowed: &[TeamName],
    said: &Said,
) -> Result<ClassWish, ClassError> {
    let none_named =
        || ClassError::NoneNamed { network: network.clone(), from };
    let asked = from.of(said).ok_or_else(none_named)?;
    let Some(team) = allowed.iter().find(|team| team.as_str() == asked.name)
    else {
        return Err(ClassError::NotAllowed {
            network: network.clone(),
            asked: asked.name.clone(),
            place: asked.place,
            allowed: allowed.to_vec(),
        });
    };
    // Where a namespace decides, a label may only say the same.
    if let Some(other) = &said.team {
        is_the_same(network, team, other)?;
    }
    Ok(ClassWish {
        requested_team: Some(asked.name.clone()),
        allowed_teams: allowed.to_vec(),
        ..ClassWish::default()
    })
}

fn is_the_same(
    network: &NetworkName,
    team: &TeamName,
    asked: &Mention,
) -> Result<(), ClassError> {
    if team.as_str() == asked.name {
        return Ok(());
    }
    Err(ClassError::FixedTeam {
        network: network.clone(),
        team: team.clone(),
        asked: asked.name.clone(),
        place: asked.place,
    })
}

fn no_team(network: &NetworkName, asked: &Mention) -> ClassError {
    ClassError::NoTeam {
        network: network.clone(),
        asked: asked.name.clone(),
        place: asked.place,
    }
}

fn is_named<T: std::str::FromStr<Err = NameError>>(
    mention: &Mention,
) -> Result<(), ClassError> {
    let place = mention.place;
    (mention.name.parse::<T>())
        .map(drop)
        .map_err(|source| ClassError::Name { place, source })
}

#[cfg(test)]
mod tests;
