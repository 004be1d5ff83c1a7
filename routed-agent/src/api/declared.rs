//! All that was declared, out as documents, and documents in. Acts; what
//! becomes of each is decided in [`crate::declared`].

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use tartan_agent_api::people::declared::{
    Declare, DeclareLine, DeclareReport, DeclareVerdict, DeclaredApp,
    DeclaredPool, DeclaredTeam, Document,
};
use tartan_agent_api::people::gc::Mode;
use tartan_ipam::pools::{self, Flow};
use tartan_ipam::records::{self, Record, RecordError};
use tartan_ipam::reservations;
use tartan_model::{Reservation, Settings};
use tartan_store::{Entry, Key, Range, StoreError};
use thiserror::Error;

use super::Answer;
use super::ips::reservation;
use super::refusal::{Attempt, Question, Refusal, attempt};
use crate::declared::{Known, stored};
use crate::follow;
use crate::host::Host;
use crate::registry::{Counter, Numbers, RegistryError, Setting};

/// What the store has could not be read.
#[derive(Debug, Error)]
enum ReadError {
    #[error("the store did not answer")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What was declared.
pub(super) async fn export(
    State(host): State<Arc<Host>>,
) -> Answer<Vec<Document>> {
    Ok(Json(known(&host).await?.documents()))
}

/// The same, with hosts and blocks.
pub(super) async fn export_claims(
    State(host): State<Arc<Host>>,
) -> Answer<Vec<Document>> {
    let known = known(&host).await?;
    let all = known.documents().into_iter().chain(known.claims());
    Ok(Json(all.collect()))
}

/// Makes documents true. They are judged as a whole: where one is refused, or
/// only the differences are asked for, nothing is done. Then they are done one
/// after another, whether or not the caller waits; what a failure leaves
/// undone is done when they are sent again.
pub(super) async fn apply(
    State(host): State<Arc<Host>>,
    Question(Declare { mut documents, mode }): Question<Declare>,
) -> Answer<DeclareReport> {
    let lines = known(&host).await?.judge(&mut documents);
    let is_refused = |it: &DeclareLine| it.verdict == DeclareVerdict::Refused;
    if mode == Mode::Apply && !lines.iter().any(is_refused) {
        let todo = documents.into_iter().zip(&lines);
        let todo = todo.filter(|(_, line)| {
            let verdict = line.verdict;
            matches!(verdict, DeclareVerdict::New | DeclareVerdict::Changed)
        });
        let todo: Vec<_> = todo.map(|(document, _)| document).collect();
        let taken = take_all(Arc::clone(&host), todo);
        let asked = attempt("apply documents on", &host.name);
        let ended = tokio::spawn(taken).await;
        ended.map_err(|error| asked.broken(&error))??;
    }
    Ok(Json(DeclareReport { lines }))
}

async fn take_all(
    host: Arc<Host>,
    documents: Vec<Document>,
) -> Result<(), Refusal> {
    let mut taken = Ok(());
    for document in &documents {
        taken = take(&host, document).await;
        if taken.is_err() {
            break;
        }
    }
    host.registry.read_again();
    follow::feed(&host);
    taken
}

async fn take(host: &Host, document: &Document) -> Result<(), Refusal> {
    let (_, kind) = document.kind();
    let asked = attempt("apply", format!("{kind} {}", document.name()));
    let failed = |error: RegistryError| asked.registry(&error);
    match document {
        Document::Settings(it) => {
            for (key, value) in &it.values {
                let setting: Setting = key
                    .parse()
                    .map_err(|e| failed(RegistryError::Setting(e)))?;
                host.registry.set(setting, value).await.map_err(failed)?;
            }
            Ok(())
        }
        Document::Pool(it) => take_pool(host, &asked, it).await,
        Document::Team(it) => take_team(host, it).await.map_err(failed),
        Document::App(it) => take_app(host, it).await.map_err(failed),
        Document::Reservation(it) => {
            reservations::reserve(&host.store, it.address, it.name.clone())
                .await
                .map(drop)
                .map_err(|error| reservation::refusal(&asked, &error))
        }
        // Their agents make them.
        Document::Host(_) | Document::Block(_) => Ok(()),
    }
}

async fn take_pool(
    host: &Host,
    asked: &Attempt,
    wanted: &DeclaredPool,
) -> Result<(), Refusal> {
    let name = &wanted.name;
    let failed = |error| asked.pool(&error);
    let pool = stored(wanted);
    let found = pools::list(&host.store).await;
    let found = found.map_err(|error| asked.store(&error))?;
    let Some(now) = found.pools.iter().find(|it| it.name == *name) else {
        pools::create(&host.store, &pool).await.map_err(failed)?;
        host.registry.heard(|now| now.pools.contains_key(name)).await;
        return Ok(());
    };
    if now.cidrs.iter().any(|it| !pool.cidrs.contains(it)) {
        let cidrs = &pool.cidrs;
        pools::enlarge(&host.store, name, cidrs).await.map_err(failed)?;
    }
    if now.draining != pool.draining {
        let flow = if pool.draining { Flow::Draining } else { Flow::Open };
        pools::set_flow(&host.store, name, flow).await.map_err(failed)?;
    }
    Ok(())
}

async fn take_team(
    host: &Host,
    wanted: &DeclaredTeam,
) -> Result<(), RegistryError> {
    match wanted.number {
        Some(number) => host.registry.enter_team(&wanted.name, number).await,
        None => host.registry.create_team(&wanted.name).await.map(drop),
    }
}

async fn take_app(
    host: &Host,
    wanted: &DeclaredApp,
) -> Result<(), RegistryError> {
    let DeclaredApp { team, name, number } = wanted;
    match number {
        Some(number) => host.registry.enter_app(team, name, *number).await,
        None => host.registry.create_app(team, name).await.map(drop),
    }
}

async fn known(host: &Host) -> Result<Known, Refusal> {
    let asked = attempt("read what was declared on", &host.name);
    read(host).await.map_err(|error| match error {
        ReadError::Store(error) => asked.store(&error),
        ReadError::Record(_) => asked.broken(&error),
    })
}

async fn read(host: &Host) -> Result<Known, ReadError> {
    let store = &host.store;
    let settings = store.get(&Key::new(&["settings"])).await?;
    let settings: Option<Settings> =
        settings.as_ref().map(records::decode).transpose()?;
    let hosts = entries(host, "hosts/").await?;
    let hosts = hosts.iter().map(|entry| {
        let name = entry.key.components().last()?.parse().ok()?;
        Some(records::decode(entry).map(|record| (name, record)))
    });
    let blocks = entries(host, "blocks/").await?;
    let blocks = blocks.iter().map(records::decode_block);
    Ok(Known {
        settings: settings.unwrap_or_default(),
        pools: all(host, "pools/").await?,
        teams: all(host, "teams/").await?,
        apps: all(host, "apps/").await?,
        reservations: all::<Reservation>(host, "reservations/").await?,
        hosts: hosts.flatten().collect::<Result<_, _>>()?,
        blocks: blocks.collect::<Result<_, _>>()?,
        numbers: numbers(host).await?,
    })
}

/// Where the counters stand, and what this host has seen of numbers.
async fn numbers(host: &Host) -> Result<Numbers, ReadError> {
    let memory = host.seen.memory();
    let mut numbers = Numbers { memory, ..Numbers::default() };
    for entry in entries(host, "numbers/").await? {
        let last = records::decode::<Counter>(&entry)?.last;
        let parts = entry.key.components();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            [_, "teams"] => numbers.teams = Some(last),
            [_, "apps", team] => {
                let team = team.parse().ok();
                numbers.apps.extend(team.map(|team| (team, last)));
            }
            _ => {}
        }
    }
    Ok(numbers)
}

async fn all<T: Record>(host: &Host, under: &str) -> Result<Vec<T>, ReadError> {
    let entries = entries(host, under).await?;
    Ok(entries.iter().map(records::decode).collect::<Result<_, _>>()?)
}

async fn entries(host: &Host, under: &str) -> Result<Vec<Entry>, StoreError> {
    Ok(host.store.list(&Range::prefix(under), None).await?.entries)
}
