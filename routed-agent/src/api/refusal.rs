//! Our errors as answers: what failed, with which object, why, and what to
//! do. Pure.

use std::error::Error;
use std::fmt::Display;

use axum::Json;
use axum::extract::FromRequest;
use axum::extract::rejection::JsonRejection;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tartan_agent_api::people::Failure;
use tartan_ipam::pools::ChangePoolError;
use tartan_store::StoreError;

use super::caller::Caller;
use crate::chain;
use crate::registry::{RegistryError, SettingError};

/// Where to look when the store is the trouble.
const LOOK_AT_STORE: &str =
    "What runs goes on. Look at the store: tartan status";

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    failure: Failure,
}

/// What was attempted, on which thing.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    what: &'static str,
    object: String,
}

/// `cannot <what> <object>`, as errors begin.
pub(super) fn attempt(what: &'static str, object: impl Display) -> Attempt {
    Attempt { what, object: object.to_string() }
}

impl Attempt {
    /// It failed, for this reason; this is what to do.
    pub(super) fn failed(
        &self,
        status: StatusCode,
        why: impl Into<String>,
        hint: impl Into<String>,
    ) -> Refusal {
        Refusal {
            status,
            failure: Failure {
                error: format!("cannot {}", self.what),
                object: self.object.clone(),
                why: Some(why.into()),
                hint: hint.into(),
            },
        }
    }

    /// There is no such thing.
    pub(super) fn not_found(
        &self,
        why: impl Into<String>,
        hint: impl Into<String>,
    ) -> Refusal {
        self.failed(StatusCode::NOT_FOUND, why, hint)
    }

    /// What there is stands in the way.
    pub(super) fn conflict(
        &self,
        why: impl Into<String>,
        hint: impl Into<String>,
    ) -> Refusal {
        self.failed(StatusCode::CONFLICT, why, hint)
    }

    /// It cannot be done as it was asked for.
    pub(super) fn invalid(&self, error: &dyn Error) -> Refusal {
        self.failed(StatusCode::BAD_REQUEST, chain(error), "")
    }

    /// The host could not do it.
    pub(super) fn broken(&self, error: &dyn Error) -> Refusal {
        self.failed(StatusCode::INTERNAL_SERVER_ERROR, chain(error), "")
    }

    /// The store did not do it.
    pub(super) fn store(&self, error: &StoreError) -> Refusal {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        self.failed(status, chain(error), LOOK_AT_STORE)
    }

    /// The registry was not changed.
    pub(super) fn registry(&self, error: &RegistryError) -> Refusal {
        let (status, hint) = registry(error);
        self.failed(status, chain(error), hint)
    }

    /// The pool was not changed.
    pub(super) fn pool(&self, error: &ChangePoolError) -> Refusal {
        let (status, hint) = pool(error);
        // The error's own words name the attempt; ours do already.
        let why = match error {
            ChangePoolError::Refused { source, .. } => chain(source),
            ChangePoolError::Record { source, .. } => chain(source),
            ChangePoolError::Store { source, .. } => chain(source),
            ChangePoolError::Exists(_)
            | ChangePoolError::Unknown(_)
            | ChangePoolError::InUse { .. }
            | ChangePoolError::EarlierInUse { .. }
            | ChangePoolError::Contended(_) => error.to_string(),
        };
        self.failed(status, why, hint)
    }
}

fn registry(error: &RegistryError) -> (StatusCode, &'static str) {
    match error {
        RegistryError::Store(_) | RegistryError::TooLong(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, LOOK_AT_STORE)
        }
        RegistryError::Contended { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "Try again.")
        }
        RegistryError::Restored => {
            (StatusCode::SERVICE_UNAVAILABLE, LOOK_AT_STORE)
        }
        RegistryError::Damaged { .. } | RegistryError::Mirror { .. } => {
            (StatusCode::INTERNAL_SERVER_ERROR, "")
        }
        RegistryError::UnknownTeam(_) => (
            StatusCode::NOT_FOUND,
            "tartan team list shows all; tartan team create NAME makes one.",
        ),
        RegistryError::UnknownApp { .. } => (
            StatusCode::NOT_FOUND,
            "tartan app list shows all; tartan app create TEAM/APP makes one.",
        ),
        RegistryError::NumbersUsedUp { .. } => (
            StatusCode::CONFLICT,
            "A number is never given to another. What is left is a cluster \
             with another number.",
        ),
        RegistryError::OtherNumber { .. } => (
            StatusCode::CONFLICT,
            "A number is never given twice; tartan export shows all.",
        ),
        RegistryError::Number(_) => (
            StatusCode::CONFLICT,
            "Leave the number out, and it gets the next one; or apply the \
             file on the host that it was exported from.",
        ),
        RegistryError::TeamHasApps { .. } => (
            StatusCode::CONFLICT,
            "Delete them first: tartan app list TEAM shows them.",
        ),
        RegistryError::InUse { .. } => (
            StatusCode::CONFLICT,
            "End its containers first: tartan endpoint list and tartan ip \
             list show them.",
        ),
        RegistryError::ClusterInUse { .. } => (
            StatusCode::CONFLICT,
            "It can be changed while there is no team: choose it first.",
        ),
        // The command ends with 2 then: it was used wrongly.
        RegistryError::Setting(SettingError::Unknown { .. }) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "tartan settings show shows all.",
        ),
        RegistryError::Setting(SettingError::Value { .. }) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "tartan settings show -o wide shows what each takes.",
        ),
    }
}

fn pool(error: &ChangePoolError) -> (StatusCode, &'static str) {
    match error {
        ChangePoolError::Refused { .. } => (StatusCode::BAD_REQUEST, ""),
        ChangePoolError::Exists(_) => (
            StatusCode::CONFLICT,
            "tartan pool show NAME shows it. For a wider prefix: tartan \
                 pool enlarge. For another block length: drain it, wait until \
                 it is empty, delete it, make it anew.",
        ),
        ChangePoolError::Unknown(_) => (
            StatusCode::NOT_FOUND,
            "tartan pool list shows all; tartan pool create NAME --cidr CIDR \
             makes one.",
        ),
        ChangePoolError::InUse { .. } => (
            StatusCode::CONFLICT,
            "Drain it (tartan pool drain NAME), and delete it when its last \
             container has ended: tartan ip list --pool NAME shows them.",
        ),
        ChangePoolError::EarlierInUse { .. } => (
            StatusCode::CONFLICT,
            "End these containers first; or make the pool with its old name \
             and block length.",
        ),
        ChangePoolError::Contended(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "Try again.")
        }
        ChangePoolError::Record { .. } => {
            (StatusCode::INTERNAL_SERVER_ERROR, "")
        }
        ChangePoolError::Store { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, LOOK_AT_STORE)
        }
    }
}

impl Refusal {
    /// The caller may not ask.
    pub(super) fn not_allowed(caller: &Caller) -> Self {
        let hint = "Ask as root, or as a member of the group tartan.";
        attempt("answer", caller).failed(
            StatusCode::FORBIDDEN,
            "it may not ask the agent",
            hint,
        )
    }

    /// The path, or the method on it, means nothing.
    pub(super) fn no_such_path(method: &Method, path: &str) -> Self {
        attempt("answer", format!("{method} {path}")).not_found(
            "the agent does not know it",
            "Use a command of the agent's release.",
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.failure)).into_response()
    }
}

/// A body that was understood. One that was not is refused in our own form.
pub(super) struct Question<T>(pub(super) T);

impl<S, T> FromRequest<S> for Question<T>
where
    S: Send + Sync,
    Json<T>: FromRequest<S, Rejection = JsonRejection>,
{
    type Rejection = Refusal;

    async fn from_request(
        request: axum::extract::Request,
        state: &S,
    ) -> Result<Self, Refusal> {
        let asked = attempt("understand", request.uri().path());
        let body = Json::<T>::from_request(request, state).await;
        let Json(question) = body.map_err(|rejection| {
            asked.failed(rejection.status(), rejection.body_text(), "")
        })?;
        Ok(Self(question))
    }
}

#[cfg(test)]
mod tests;
