//! The words between people's tools and the agent: HTTP/1.1 with JSON over a
//! Unix socket (`RUN/agent.sock`). Every answer is one of the types here, or
//! a [`Failure`] with a status of 400 and above. Pure.
//!
//! | method and path | asks with | answers |
//! |---|---|---|
//! | `GET /v1/status` | | [`status::Status`] |
//! | `GET, POST /v1/pools` | [`pools::NewPool`] | list of [`pools::PoolView`] |
//! | `GET, DELETE /v1/pools/NAME` | | [`pools::PoolView`] |
//! | `POST /v1/pools/NAME/drain`, `POST /v1/pools/NAME/undrain` | | [`Done`] |
//! | `POST /v1/pools/NAME/enlarge` | [`pools::Enlarge`] | [`pools::PoolView`] |
//! | `GET /v1/ips`, `GET /v1/ips/IP` | | [`ips::IpView`] |
//! | `PUT, DELETE /v1/ips/IP/reservation` | [`ips::Reserve`] | [`Done`] |
//! | `POST /v1/check/ips` | [`ips::Check`] | [`ips::CheckReport`] |
//! | `GET, POST /v1/teams` | [`classes::NewTeam`] | [`classes::TeamView`] |
//! | `GET, DELETE /v1/teams/NAME` | | [`classes::TeamView`] |
//! | `GET, POST /v1/apps` | [`classes::NewApp`] | [`classes::AppView`] |
//! | `GET, DELETE /v1/apps/TEAM/NAME` | | [`classes::AppView`] |
//! | `GET /v1/endpoints`, `GET /v1/endpoints/ID` | | [`endpoints::EndpointView`], [`endpoints::EndpointDetail`] |
//! | `GET /v1/hosts`, `GET /v1/hosts/NAME` | | [`hosts::HostView`] |
//! | `POST /v1/hosts/NAME/removal` | [`hosts::Remove`] | [`Done`] |
//! | `POST /v1/missing-hosts/forget` | | [`Done`] |
//! | `GET /v1/settings` | | list of [`settings::SettingView`] |
//! | `PUT /v1/settings/KEY` | [`settings::NewValue`] | [`Done`] |
//! | `GET /v1/events` | [`events::Since`] | list of [`events::Event`] |
//! | `GET /v1/declared`, `GET /v1/declared/claims` | | list of [`declared::Document`] |
//! | `POST /v1/declared` | [`declared::Declare`] | [`declared::DeclareReport`] |
//! | `POST /v1/gc` | [`gc::Collect`] | [`gc::GcReport`] |

pub mod classes;
pub mod declared;
pub mod endpoints;
pub mod events;
pub mod gc;
pub mod hosts;
pub mod ips;
pub mod path;
pub mod pools;
pub mod settings;
pub mod status;

use serde::{Deserialize, Serialize};

/// It is done; there is nothing more to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What was done, in one line, for people.
    pub done: String,
}

/// It was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What was attempted: `cannot create the team`.
    pub error: String,
    /// On which thing: `payments`.
    pub object: String,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
}
