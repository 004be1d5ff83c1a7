//! The agent's API for people and tools: HTTP/1.1 with JSON over a Unix
//! socket that root and the group `tartan` may use.
//!
//! | file | |
//! |---|---|
//! | `caller` | who may ask |
//! | `bounded` | connections that end |
//! | `refusal` | our errors as answers |
//! | `socket` | the socket's file |
//! | `pools`, `ips`, `teams`, `apps`, `endpoints`, `settings`, `hosts` | one type of thing each |
//! | `declared` | all that was declared, out and in |
//! | `status`, `events`, `gc` | the host as a whole |
//!
//! Tasks: [`serve`]'s, and one for each connection, which ends after
//! [`PATIENCE`] at the latest. Aborted, a change that was begun is done whole
//! or not at all: each is one transaction of the store.

mod apps;
mod bounded;
mod caller;
mod declared;
mod endpoints;
mod events;
mod gc;
mod hosts;
mod ips;
mod pools;
mod refusal;
mod settings;
mod socket;
mod status;
mod teams;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, DefaultBodyLimit, Request};
use axum::http::Method;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use tartan_agent_api::people::{Done, path};

pub(crate) use bounded::Bounded;
pub(crate) use socket::ApiError;

use crate::host::Host;
use caller::Caller;
use refusal::Refusal;

/// How long a connection may last. A sweep of a full host is the longest
/// answer, with some seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// Connections at a time.
const MOST_CONNECTIONS: usize = 64;
/// Longest question, in bytes: each is one small object.
const MOST_BYTES: usize = 64 * 1024;

/// Longest set of documents: ten thousand blocks.
const MOST_DECLARED_BYTES: usize = 32 << 20;

/// What a handler answers.
type Answer<T> = Result<Json<T>, Refusal>;

/// Listens on the people's socket; what comes back serves until it is aborted.
pub(crate) async fn serve(
    host: Arc<Host>,
) -> Result<impl Future<Output = ()>, ApiError> {
    let listener = socket::listen(&host.places.people_socket())?;
    let listener = Bounded::new(listener, MOST_CONNECTIONS, PATIENCE);
    let router = router(host);
    Ok(async move {
        let service = router.into_make_service_with_connect_info::<Caller>();
        if let Err(error) = axum::serve(listener, service).await {
            tracing::error!(%error, "people are not served any more");
        }
    })
}

fn router(host: Arc<Host>) -> Router {
    let one = |base: &str| format!("{base}/{{name}}");
    let app = format!("{}/{{team}}/{{name}}", path::APPS);
    let of_pool = |verb: &str| format!("{}/{verb}", one(path::POOLS));
    let kept = format!("{}/{}", one(path::IPS), path::RESERVATION);
    let removal = format!("{}/{}", one(path::HOSTS), path::REMOVAL);
    Router::new()
        .route(path::STATUS, get(status::show))
        .route(path::POOLS, get(pools::list).post(pools::create))
        .route(&one(path::POOLS), get(pools::show).delete(pools::delete))
        .route(&of_pool(path::DRAIN), post(pools::drain))
        .route(&of_pool(path::UNDRAIN), post(pools::undrain))
        .route(&of_pool(path::ENLARGE), post(pools::enlarge))
        .route(path::IPS, get(ips::list))
        .route(&one(path::IPS), get(ips::show))
        .route(&kept, put(ips::reserve).delete(ips::release))
        .route(path::CHECK_IPS, post(ips::check))
        .route(path::TEAMS, get(teams::list).post(teams::create))
        .route(&one(path::TEAMS), get(teams::show).delete(teams::delete))
        .route(path::APPS, get(apps::list).post(apps::create))
        .route(&app, get(apps::show).delete(apps::delete))
        .route(path::ENDPOINTS, get(endpoints::list))
        .route(&one(path::ENDPOINTS), get(endpoints::show))
        .route(path::HOSTS, get(hosts::list))
        .route(&one(path::HOSTS), get(hosts::show))
        .route(&removal, post(hosts::remove))
        .route(path::FORGET_MISSING, post(hosts::forget_missing))
        .route(path::SETTINGS, get(settings::show))
        .route(&one(path::SETTINGS), put(settings::set))
        .route(path::EVENTS, get(events::list))
        .route(path::GC, post(gc::collect))
        .route(path::DECLARED_CLAIMS, get(declared::export_claims))
        .route(
            path::DECLARED,
            get(declared::export)
                .post(declared::apply)
                .layer(DefaultBodyLimit::max(MOST_DECLARED_BYTES)),
        )
        .fallback(nothing_there)
        .method_not_allowed_fallback(nothing_there)
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(from_fn(gate))
        .with_state(host)
}

/// Lets in who may ask, and writes down who changed something.
async fn gate(
    ConnectInfo(caller): ConnectInfo<Caller>,
    request: Request,
    next: Next,
) -> Response {
    if !caller.may_ask().await {
        return Refusal::not_allowed(&caller).into_response();
    }
    if request.method() != Method::GET {
        let (method, path) = (request.method(), request.uri().path());
        tracing::info!(%caller, %method, path, "asked");
    }
    next.run(request).await
}

async fn nothing_there(request: Request) -> Refusal {
    Refusal::no_such_path(request.method(), request.uri().path())
}

fn done(what: String) -> Json<Done> {
    Json(Done { done: what })
}
