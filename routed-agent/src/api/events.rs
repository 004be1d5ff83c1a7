//! What others changed of ours, as far as it is remembered. Acts by reading.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use tartan_agent_api::people::events::{Event, Since};

use super::Answer;
use crate::host::Host;

/// Lists it, oldest first.
pub(super) async fn list(
    State(host): State<Arc<Host>>,
    Query(Since { after }): Query<Since>,
) -> Answer<Vec<Event>> {
    Ok(Json(host.drift.journal.since(after)))
}
