//! Hosts of the cluster: listed, removed, no longer waited for. Acts.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tartan_agent_api::people::Done;
use tartan_agent_api::people::hosts::{Death, HostState, HostView, Remove};
use tartan_ipam::hosts::{self, KnownHost};
use tartan_ipam::reassert::{self, ReassertError};
use tartan_ipam::removal::{self as steps, RemovalError};
use tartan_ipam::{AgentState, Removal};
use tartan_model::HostName;

use super::refusal::{Attempt, Question, Refusal, attempt};
use super::{Answer, done};
use crate::chain;
use crate::host::Host;
use crate::removal::{self, SAY, unix_now};

/// A host that has missed so many of its words is silent.
const MOST_MISSED: u64 = 3;

/// All hosts.
pub(super) async fn list(
    State(host): State<Arc<Host>>,
) -> Answer<Vec<HostView>> {
    let asked = attempt("list the hosts of", "the cluster");
    Ok(Json(views(&host, &asked).await?))
}

/// One host.
pub(super) async fn show(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
) -> Answer<HostView> {
    let asked = attempt("show the host", &name);
    find(&host, &asked, &name).await.map(Json)
}

/// Removes a host.
pub(super) async fn remove(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
    Question(Remove { death }): Question<Remove>,
) -> Answer<Done> {
    let asked = attempt("remove the host", &name);
    let found = find(&host, &asked, &name).await?;
    refuse_living(&asked, &found, death)?;
    let death = match death {
        Death::Presumed => steps::Death::Presumed,
        Death::Confirmed => steps::Death::Confirmed,
    };
    // It goes on to its end though nobody waits for the answer.
    let removing = tokio::spawn(async move {
        removal::remove(&host, &found.name, death).await
    });
    let removed = removing.await.map_err(|error| asked.broken(&error))?;
    let removed = removed.map_err(|error| failed(&asked, &error))?;
    let freed = removed.freed;
    Ok(done(match removed.resting {
        None => format!("host {name} removed; {freed} blocks freed"),
        Some(Removal { until, .. }) => format!(
            "host {name} owns nothing any more; its blocks rest for {} s, for \
             it may be cut off and go on, then any agent frees them. Where it \
             is dead for sure: tartan host remove {name} --confirmed-dead",
            until.saturating_sub(unix_now())
        ),
    }))
}

/// Goes on without hosts that have not answered a restored store.
pub(super) async fn forget_missing(
    State(host): State<Arc<Host>>,
) -> Answer<Done> {
    let asked = attempt("forget the missing hosts of", "the cluster");
    let call = reassert::current_call(&host.store).await;
    let call = call.map_err(|error| not_forgotten(&asked, &error))?;
    let Some(call) = call else {
        return Ok(done("no host is missing: the store is as it was".into()));
    };
    let missing = reassert::sign_for_missing(&host.store, &call).await;
    let missing = missing.map_err(|error| not_forgotten(&asked, &error))?;
    host.seen.suspect();
    let names: Vec<_> = missing.iter().map(HostName::as_str).collect();
    Ok(done(match names.is_empty() {
        true => "no host is missing: all have answered".to_owned(),
        false => format!("nobody waits any more for {}", names.join(", ")),
    }))
}

fn not_forgotten(asked: &Attempt, error: &ReassertError) -> Refusal {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    asked.failed(status, chain(error), "Look at the store: tartan status")
}

async fn views(host: &Host, asked: &Attempt) -> Result<Vec<HostView>, Refusal> {
    let known = hosts::list(&host.store).await;
    let known = known.map_err(|error| asked.store(&error))?;
    let now = unix_now();
    Ok(known.into_iter().map(|one| view(&host.name, one, now)).collect())
}

async fn find(
    host: &Host,
    asked: &Attempt,
    name: &str,
) -> Result<HostView, Refusal> {
    let all = views(host, asked).await?;
    let found = all.into_iter().find(|one| one.name.as_str() == name);
    found.ok_or_else(|| {
        asked.not_found("there is none", "tartan host list shows all.")
    })
}

fn view(own: &HostName, known: KnownHost, now: u64) -> HostView {
    let KnownHost { name, record, contact, blocks, addresses } = known;
    let silent = contact.map(|contact| now.saturating_sub(contact.at));
    let latest = SAY.as_secs() * MOST_MISSED;
    let state = match contact {
        _ if record.removal.is_some() => HostState::Removing,
        _ if name == *own => HostState::Here,
        Some(contact) if contact.agent == AgentState::Ended => {
            HostState::Stopped
        }
        _ if silent.is_some_and(|silent| silent <= latest) => {
            HostState::Running
        }
        _ => HostState::Silent,
    };
    let freed_in = record.removal.map(|r| r.until.saturating_sub(now));
    HostView {
        name,
        state,
        epoch: record.epoch,
        boot: record.boot,
        instance: record.instance.0,
        address: record.address,
        silent_seconds: silent,
        freed_in_seconds: freed_in,
        blocks,
        addresses,
    }
}

/// A host that lives is not removed by mistake.
fn refuse_living(
    asked: &Attempt,
    found: &HostView,
    death: Death,
) -> Result<(), Refusal> {
    match (found.state, death) {
        (HostState::Here, _) => Err(asked.conflict(
            "it is the host that you ask",
            "Stop its agent, and ask another host.",
        )),
        (HostState::Running, Death::Presumed) => Err(asked.conflict(
            "its agent spoke a moment ago",
            "Stop it first (systemctl stop tartan-agent there), or wait until \
             tartan host list calls it silent. Say --confirmed-dead only \
             where it runs no more, and none of its containers.",
        )),
        _ => Ok(()),
    }
}

fn failed(asked: &Attempt, error: &RemovalError) -> Refusal {
    match error {
        RemovalError::Store { source, .. } => asked.store(source),
        RemovalError::Unknown(_) => {
            asked.not_found("there is none", "tartan host list shows all.")
        }
        RemovalError::NotBegun(_) | RemovalError::Contended(_) => {
            asked.conflict(chain(error), "Do it again: it goes on.")
        }
        RemovalError::Record { .. } => asked.broken(error),
    }
}
