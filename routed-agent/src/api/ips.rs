//! Addresses: who has them, which are kept, what leaked. Acts; `views` says
//! how they are shown, `repair`, `kernel` and `kept`
//! what is done about what ledger, kernel and store disagree on.

mod kept;
mod kernel;
mod repair;
pub(super) mod reservation;
mod views;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use tartan_agent_api::people::Done;
use tartan_agent_api::people::ips::{
    Check, CheckReport, IpState, IpView, Reserve,
};
use tartan_ipam::reservations;
use tartan_model::{Grant, ReservationHolder};

use super::refusal::{Attempt, Question, Refusal, attempt};
use super::{Answer, done};
use crate::attach::sticky;
use crate::follow;
use crate::host::Host;
use crate::registry::Snapshot;

/// Every address of this host that is not simply free, and all reservations.
pub(super) async fn list(State(host): State<Arc<Host>>) -> Json<Vec<IpView>> {
    let registry = host.registry.snapshot();
    let mut found: Vec<IpView> = host.addresses.look(|ledger| {
        let taken = ledger.held().chain(ledger.resting());
        taken.map(|held| views::of_held(&held, &registry)).collect()
    });
    let is_listed = |ip: &IpAddr| found.iter().any(|view| view.address == *ip);
    let kept = registry.reservations.keys().filter(|ip| !is_listed(ip));
    let kept: Vec<_> = kept.map(|ip| views::of_free(*ip, &registry)).collect();
    found.extend(kept);
    found.sort_by_key(|view| view.address);
    Json(found)
}

/// One address.
pub(super) async fn show(
    State(host): State<Arc<Host>>,
    Path(address): Path<String>,
) -> Answer<IpView> {
    let asked = attempt("show the address", &address);
    let address = parse(&asked, &address)?;
    look_up(&host, &asked, address).map(Json)
}

/// Keeps an address.
pub(super) async fn reserve(
    State(host): State<Arc<Host>>,
    Path(address): Path<String>,
    Question(Reserve { name }): Question<Reserve>,
) -> Answer<Done> {
    let asked = attempt("reserve the address", &address);
    let address = parse(&asked, &address)?;
    let view = look_up(&host, &asked, address)?;
    if let (IpState::Used | IpState::Pending, Some(holder)) =
        (view.state, &view.attachment)
    {
        let hint = "End its container first, or choose another address.";
        return Err(asked.conflict(format!("{holder} has it"), hint));
    }
    let kept = reservations::reserve(&host.store, address, name.clone()).await;
    kept.map_err(|error| reservation::refusal(&asked, &error))?;
    let is_granted = |now: &Snapshot| {
        let kept = now.reservations.get(&address);
        kept.is_some_and(|kept| kept.grant == Grant::Granted)
    };
    host.registry.heard(is_granted).await;
    follow::feed(&host);
    let whom = name.map(|name| format!(" for {name}")).unwrap_or_default();
    let granted = match is_granted(&host.registry.snapshot()) {
        true => "",
        false => "; the host that owns its block has not granted it yet",
    };
    Ok(done(format!("{address} is reserved{whom}{granted}")))
}

/// Gives up a reservation.
pub(super) async fn release(
    State(host): State<Arc<Host>>,
    Path(address): Path<String>,
) -> Answer<Done> {
    let asked = attempt("release the reservation of", &address);
    let address = parse(&asked, &address)?;
    let is_gone = |holder: &ReservationHolder| sticky::is_gone(&host, holder);
    let released = reservations::remove(&host.store, address, is_gone).await;
    released.map_err(|error| reservation::refusal(&asked, &error))?;
    let is_gone = |now: &Snapshot| !now.reservations.contains_key(&address);
    host.registry.heard(is_gone).await;
    Ok(done(format!("{address} is no longer reserved")))
}

/// Holds the ledger against the containers.
pub(super) async fn check(
    State(host): State<Arc<Host>>,
    Question(Check { repair }): Question<Check>,
) -> Answer<CheckReport> {
    let asked = attempt("check the addresses of host", &host.name);
    // Repairing waits for whoever acts on an attachment.
    let checking =
        tokio::task::spawn_blocking(move || repair::check(&host, repair));
    checking.await.map(Json).map_err(|error| asked.broken(&error))
}

fn look_up(
    host: &Host,
    asked: &Attempt,
    address: IpAddr,
) -> Result<IpView, Refusal> {
    let registry = host.registry.snapshot();
    let taken = host.addresses.look(|ledger| {
        let is_meant = |held: &tartan_ipam::Held<'_>| held.address == address;
        let taken = ledger.by_address(address);
        let taken = taken.or_else(|| ledger.resting().find(is_meant));
        taken.map(|held| views::of_held(&held, &registry))
    });
    let view = taken.unwrap_or_else(|| views::of_free(address, &registry));
    if view.pool.is_none() && view.attachment.is_none() {
        return Err(asked.not_found(
            "it is of no pool",
            "tartan pool list shows all pools.",
        ));
    }
    Ok(view)
}

fn parse(asked: &Attempt, text: &str) -> Result<IpAddr, Refusal> {
    let parsed = text.parse::<IpAddr>();
    parsed.map_err(|error| asked.invalid(&error))
}
