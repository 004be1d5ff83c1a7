//! Answers tools on a TCP address. Acts.
//!
//! Task: [`serve`]'s; each connection has one of its own, which ends after
//! [`PATIENCE`] at the latest. Aborted, nothing is lost.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

use super::{page, reading};
use crate::api::Bounded;
use crate::host::Host;
use crate::registry::Origin;

/// How long a connection may last: a scrape takes milliseconds, and a tool
/// that stays comes again.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections at a time: a few scrapers and somebody who looks.
const MOST_CONNECTIONS: usize = 16;
/// The text that the client library writes.
const OPEN_METRICS: &str =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Tools cannot be served.
#[derive(Debug, Error)]
pub(crate) enum MetricsError {
    #[error("cannot listen on {at}; set [metrics] listen, or \"off\"")]
    Listen {
        at: SocketAddr,
        #[source]
        source: io::Error,
    },
}

/// Listens at `at`; what comes back serves until it is aborted.
pub(crate) async fn serve(
    host: Arc<Host>,
    at: SocketAddr,
) -> Result<impl Future<Output = ()>, MetricsError> {
    let listener = TcpListener::bind(at)
        .await
        .map_err(|source| MetricsError::Listen { at, source })?;
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .with_state(host);
    let bounded = Bounded::new(listener, MOST_CONNECTIONS, PATIENCE);
    Ok(async move {
        if let Err(error) = axum::serve(bounded, router).await {
            tracing::error!(%error, "metrics are not served any more");
        }
    })
}

async fn metrics(State(host): State<Arc<Host>>) -> Response {
    // A walk over the map of all pairs of classes takes milliseconds.
    let writing = spawn_blocking(move || {
        page::page(&host.metrics, &reading::read(&host))
    });
    match writing.await.unwrap_or(Err(std::fmt::Error)) {
        Ok(text) => {
            ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response()
        }
        Err(error) => {
            tracing::warn!(%error, "cannot write the metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Ready is an agent that can attach: it knows the registry, from the store
/// or from the mirror. The store being away is not yet a failure.
async fn readyz(State(host): State<Arc<Host>>) -> Response {
    if host.registry.snapshot().origin != Origin::Nowhere {
        return "ok\n".into_response();
    }
    let why = "the registry was not read yet\n";
    (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}
