//! This host on one screen: everything is asked for at this moment. Acts.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use tartan_agent_api::people::endpoints::Dropped;
use tartan_agent_api::people::status::{
    AttachmentStatus, DataplaneStatus, Program, RegistryStatus, Status,
    StoreStatus, Worker,
};
use tartan_agent_api::record::{Record, RecordState};
use tartan_ebpf::Direction;
use tartan_model::HostName;
use tokio::task::spawn_blocking;

use super::refusal::attempt;
use super::{Answer, pools};
use crate::addresses::Standing;
use crate::chain;
use crate::host::Host;
use crate::registry::Origin;

/// How long the store may take to say its revision: people wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shows it.
pub(super) async fn show(State(host): State<Arc<Host>>) -> Answer<Status> {
    let asked = attempt("show the status of", &host.name);
    let store = store(&host).await;
    // A walk over the kernel's maps takes milliseconds.
    let reading = spawn_blocking(move || status(&host, store));
    reading.await.map(Json).map_err(|error| asked.broken(&error))
}

fn status(host: &Host, store: StoreStatus) -> Status {
    Status {
        host: host.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        boot: host.boot.clone(),
        store,
        registry: registry(host),
        attachments: attachments(host),
        pools: pools::views(host),
        dataplane: dataplane(host),
        workers: vec![
            claims(host),
            publisher(host),
            reaper(host),
            translation(host),
        ],
        drift: host.drift.journal.status(),
    }
}

async fn store(host: &Host) -> StoreStatus {
    let engine = host.store.engine_name().to_owned();
    let asked = tokio::time::timeout(PATIENCE, host.store.revision()).await;
    let (revision, trouble) = match asked {
        Ok(Ok(revision)) => (Some(revision.0), None),
        Ok(Err(error)) => (None, Some(chain(&error))),
        Err(_) => (None, Some(format!("no answer within {PATIENCE:?}"))),
    };
    StoreStatus { engine, revision, trouble }
}

fn registry(host: &Host) -> RegistryStatus {
    let registry = host.registry.snapshot();
    let origin = match registry.origin {
        Origin::Nowhere => "nowhere",
        Origin::Mirror => "mirror",
        Origin::Store => "store",
    };
    RegistryStatus {
        origin: origin.to_owned(),
        revision: registry.revision.0,
        teams: registry.teams.len(),
        apps: registry.apps.len(),
    }
}

fn attachments(host: &Host) -> AttachmentStatus {
    let records = host.attachments.all();
    let is_ready = |record: &&Record| record.state == RecordState::Ready;
    let ready = records.iter().filter(is_ready).count();
    let adding = records.len() - ready;
    let addresses = records.iter().map(|r| r.addresses().count()).sum();
    AttachmentStatus { ready, adding, addresses }
}

fn dataplane(host: &Host) -> DataplaneStatus {
    let programs = Direction::ALL.map(|direction| {
        let identity = host.dataplane.identity(direction);
        Program {
            name: direction.as_str().to_owned(),
            id: identity.id,
            tag: format!("{:016x}", identity.tag),
        }
    });
    let endpoints = host.dataplane.endpoints();
    let drops = host.dataplane.drops();
    let trouble = endpoints.as_ref().err().or(drops.as_ref().err());
    let trouble = trouble.map(|error| chain(error));
    let drops = drops.unwrap_or_default();
    let dropped = drops.iter().filter(|drop| drop.packets > 0);
    DataplaneStatus {
        programs: programs.into(),
        attach: host.attach(),
        endpoints: endpoints.ok().map(|found| found.len()),
        dropped: dropped
            .map(|drop| Dropped {
                direction: drop.direction.as_str().to_owned(),
                reason: drop.reason.as_str().to_owned(),
                packets: drop.packets,
            })
            .collect(),
        trouble,
    }
}

fn claims(host: &Host) -> Worker {
    let report = host.claims.report();
    let (again, lost) = (report.again, report.lost);
    let waiting = match host.addresses.standing() {
        Standing::Confirmed(_) => None,
        Standing::Unconfirmed => Some("not confirmed by the store".to_owned()),
        Standing::Removed => Some("removed from the cluster".to_owned()),
        Standing::Waiting(hosts) => {
            let names: Vec<_> = hosts.iter().map(HostName::as_str).collect();
            Some(format!("waiting for the claims of {}", names.join(", ")))
        }
    };
    let trouble = [report.alarm, waiting.clone(), report.failing];
    let trouble: Vec<_> = trouble.into_iter().flatten().collect();
    let confirmed = waiting.map_or("confirmed by the store", |_| "held");
    Worker {
        name: "own blocks".to_owned(),
        state: match (again, lost) {
            (0, 0) => confirmed.to_owned(),
            _ => format!("{confirmed}, {again} claimed again, {lost} lost"),
        },
        trouble: (!trouble.is_empty()).then(|| trouble.join("; ")),
    }
}

fn publisher(host: &Host) -> Worker {
    let report = host.addresses.publish_report();
    let written = report.written;
    Worker {
        name: "publish".to_owned(),
        state: match report.behind {
            0 => format!("all is in the store, {written} writes"),
            behind => format!("{behind} blocks to write, {written} writes"),
        },
        trouble: report.failing,
    }
}

fn translation(host: &Host) -> Worker {
    let (ports, leaving) = host.nat.held();
    let ports = ports.len();
    let port = if ports == 1 { "port" } else { "ports" };
    Worker {
        name: "translate".to_owned(),
        state: format!("{ports} host {port}, {leaving} masqueraded"),
        trouble: host.nat.report().trouble(),
    }
}

fn reaper(host: &Host) -> Worker {
    let report = host.reaper.report();
    let failed = report.failed;
    Worker {
        name: "reap links".to_owned(),
        state: match report.is_behind {
            true => "links wait to be deleted".to_owned(),
            false => "nothing waits".to_owned(),
        },
        trouble: (failed > 0)
            .then(|| format!("{failed} deletions had to be repeated")),
    }
}
