//! Endpoints of this host, with what the kernel counted for them. Acts; which
//! one is meant is decided by [`find`], which is pure.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use tartan_agent_api::people::endpoints::{
    Dropped, EndpointDetail, EndpointView, Passed, Peer,
};
use tartan_agent_api::plugin::Link;
use tartan_agent_api::record::Record;
use tartan_ebpf::{
    ClassCount, Direction, DropReason, EndpointCounters, MapError,
};
use tokio::task::spawn_blocking;

use super::Answer;
use super::refusal::attempt;
use crate::host::Host;
use crate::registry::Snapshot;

/// All endpoints.
pub(super) async fn list(
    State(host): State<Arc<Host>>,
) -> Json<Vec<EndpointView>> {
    let registry = host.registry.snapshot();
    let records = wired(&host);
    Json(records.iter().map(|record| view(record, &registry)).collect())
}

/// One endpoint.
pub(super) async fn show(
    State(host): State<Arc<Host>>,
    Path(id): Path<String>,
) -> Answer<EndpointDetail> {
    let asked = attempt("show the endpoint", &id);
    let records = wired(&host);
    let record = match find(&records, &id)[..] {
        [record] => record,
        [] => {
            return Err(asked.not_found(
                "no attachment of this host has such a name or address",
                "tartan endpoint list shows all.",
            ));
        }
        ref several => {
            let names: Vec<String> =
                several.iter().map(|r| r.attachment.to_string()).collect();
            let hint = format!("Name one of them: {}", names.join(" "));
            return Err(asked.conflict("several could be meant", hint));
        }
    };
    let record = record.clone();
    // A walk over the map of all pairs of classes takes milliseconds.
    let reading = spawn_blocking(move || detail(&host, &record));
    let shown = reading.await.map_err(|error| asked.broken(&error))?;
    shown.map(Json).map_err(|error| asked.broken(&error))
}

/// Attachments on links of ours: of others' nothing is in the kernel.
fn wired(host: &Host) -> Vec<Record> {
    let records = host.attachments.all().into_iter();
    records.filter(|record| record.link() == Link::Ours).collect()
}

/// The records that `id` can mean: an address, an attachment, a host's link
/// or a container's id name one; the beginning of an id may name several.
fn find<'a>(records: &'a [Record], id: &str) -> Vec<&'a Record> {
    let is_named = |record: &&Record| {
        record.addresses().any(|address| address.to_string() == id)
            || record.attachment.to_string() == id
            || record.attached.host_link == id
    };
    let container = |record: &Record| -> String {
        record.attachment.container().to_string()
    };
    let mut found: Vec<_> = records.iter().filter(is_named).collect();
    if found.is_empty() {
        found = records.iter().filter(|r| container(r) == id).collect();
    }
    if found.is_empty() && !id.is_empty() {
        let begins = |r: &&Record| container(r).starts_with(id);
        found = records.iter().filter(begins).collect();
    }
    found
}

fn view(record: &Record, registry: &Snapshot) -> EndpointView {
    EndpointView {
        attachment: record.attachment.clone(),
        state: record.state,
        class: record.class(),
        class_name: registry.label(record.class()),
        addresses: record.addresses().collect(),
        mac: record.mac(),
        mtu: record.attached.mtu,
        attach: record.attach,
        limits: record.limits,
        host_link: record.attached.host_link.clone(),
        host_index: record.host_index,
        generation: record.generation(),
        netns: record.netns_path.clone(),
    }
}

fn detail(host: &Host, record: &Record) -> Result<EndpointDetail, MapError> {
    let registry = host.registry.snapshot();
    let counters = host.dataplane.endpoint_counters(record.host_index)?;
    let classes = host.dataplane.class_counters()?;
    let own = classes.iter().filter(|count| count.local == record.class());
    Ok(EndpointDetail {
        endpoint: view(record, &registry),
        passed: counters.as_ref().map(passed).unwrap_or_default(),
        dropped: counters.as_ref().map(dropped).unwrap_or_default(),
        peers: own.map(|count| peer(count, &registry)).collect(),
    })
}

fn passed(counters: &EndpointCounters) -> Vec<Passed> {
    let directions = Direction::ALL.map(|direction| {
        let traffic = counters.passed(direction);
        Passed {
            direction: direction.as_str().to_owned(),
            packets: traffic.packets,
            bytes: traffic.bytes,
        }
    });
    directions.into()
}

fn dropped(counters: &EndpointCounters) -> Vec<Dropped> {
    let mut found = Vec::new();
    for direction in Direction::ALL {
        for reason in DropReason::ALL {
            let packets = counters.dropped(direction, reason);
            if packets > 0 {
                found.push(Dropped {
                    direction: direction.as_str().to_owned(),
                    reason: reason.as_str().to_owned(),
                    packets,
                });
            }
        }
    }
    found
}

fn peer(count: &ClassCount, registry: &Snapshot) -> Peer {
    Peer {
        class: count.peer,
        class_name: registry.label(count.peer),
        direction: count.direction.as_str().to_owned(),
        verdict: count.verdict.as_str().to_owned(),
        packets: count.traffic.packets,
        bytes: count.traffic.bytes,
    }
}

#[cfg(test)]
mod tests;
