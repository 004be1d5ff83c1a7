//! Reservations that were not changed, as answers. Pure.

use axum::http::StatusCode;
use tartan_ipam::reservations::ReservationError;

use crate::api::refusal::{Attempt, Refusal};

/// The answer to it.
pub(in crate::api) fn refusal(
    asked: &Attempt,
    error: &ReservationError,
) -> Refusal {
    let all = "tartan ip list --state reserved shows all.";
    match error {
        ReservationError::Exists(_) => {
            asked.conflict("it is reserved already", all)
        }
        ReservationError::Absent(_) => {
            asked.not_found("it is not reserved", all)
        }
        ReservationError::InUse { holder, .. } => asked.conflict(
            format!("{} on host {} has it", holder.attachment, holder.host),
            "End its container first.",
        ),
        ReservationError::Contended(_) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            asked.failed(status, error.to_string(), "Try again.")
        }
        ReservationError::Record { .. } => asked.broken(error),
        ReservationError::Store { source, .. } => asked.store(source),
    }
}
