//! Reservations in the store. Acts.
//!
//! GAP: a reservation is looked up among the addresses of this host alone;
//! one in a block of another host would have to be granted by its owner.

use std::net::IpAddr;

use axum::http::StatusCode;
use tartan_model::Reservation;
use tartan_store::{Compare, Key, Outcome, Store, StoreError, Transaction};
use thiserror::Error;

use crate::api::refusal::{Attempt, Refusal};

/// How often a change is decided anew.
const TRIES: usize = 8;

/// A reservation that was not changed.
#[derive(Debug, Error)]
pub(super) enum ReservationError {
    #[error("it is reserved already")]
    Exists,
    #[error("it is not reserved")]
    Absent,
    #[error("others change it all the time")]
    Contended,
    #[error("a reservation has no JSON form")]
    Form(#[from] serde_json::Error),
    #[error("the store did not do it")]
    Store(#[from] StoreError),
}

/// The answer to it.
pub(super) fn refusal(asked: &Attempt, error: &ReservationError) -> Refusal {
    match error {
        ReservationError::Exists => asked.conflict(
            error.to_string(),
            "tartan ip list --state reserved shows all.",
        ),
        ReservationError::Absent => asked.not_found(
            error.to_string(),
            "tartan ip list --state reserved shows all.",
        ),
        ReservationError::Contended => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            asked.failed(status, error.to_string(), "Try again.")
        }
        ReservationError::Form(_) => asked.broken(error),
        ReservationError::Store(source) => asked.store(source),
    }
}

/// Keeps an address.
pub(super) async fn put(
    store: &Store,
    address: IpAddr,
    name: Option<String>,
) -> Result<(), ReservationError> {
    let key = key(address);
    let kept = Reservation { v: Reservation::VERSION, address, name };
    let value = serde_json::to_vec(&kept)?;
    let change = Transaction::new()
        .when(Compare::Absent(key.clone()))
        .put(key.clone(), value.clone());
    match store.commit(change).await {
        Ok(Outcome::Committed(_)) => Ok(()),
        Ok(Outcome::Refused) => Err(ReservationError::Exists),
        Err(error) if error.may_have_been_done() => {
            let found = store.get(&key).await?;
            let is_ours = found.is_some_and(|entry| entry.value == value);
            if is_ours { Ok(()) } else { Err(error.into()) }
        }
        Err(error) => Err(error.into()),
    }
}

/// Gives it up.
pub(super) async fn remove(
    store: &Store,
    address: IpAddr,
) -> Result<(), ReservationError> {
    let key = key(address);
    let mut answer_lost = false;
    for _ in 0..TRIES {
        let Some(entry) = store.get(&key).await? else {
            return match answer_lost {
                true => Ok(()),
                false => Err(ReservationError::Absent),
            };
        };
        let change = Transaction::new()
            .when(Compare::Modified(key.clone(), entry.modified))
            .delete(key.clone());
        match store.commit(change).await {
            Ok(Outcome::Committed(_)) => return Ok(()),
            Ok(Outcome::Refused) => {}
            Err(error) if error.may_have_been_done() => answer_lost = true,
            Err(error) => return Err(error.into()),
        }
    }
    Err(ReservationError::Contended)
}

fn key(address: IpAddr) -> Key {
    Key::new(&["reservations", &address.to_string()])
}
