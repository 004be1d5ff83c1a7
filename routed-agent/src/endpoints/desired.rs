//! What the records say this host should have. Pure.

use tartan_agent_api::plugin::Link;
use tartan_agent_api::record::{Record, RecordState};
use tartan_model::AttachMode;

use crate::attach::shape::entry;
use crate::attach::shaping::Paces;
use crate::endpoints::{Endpoint, Endpoints, LimiterState};

/// The endpoints of every attachment whose ADD has ended, and which ADDs have
/// not: one on its way is its own business, one that was cut off is undone.
pub(crate) fn desired(records: &[Record]) -> Endpoints {
    let wired = records
        .iter()
        .filter(|record| record.state == RecordState::Ready)
        // Links that others made are not ours to keep in order.
        .filter(|record| record.link() == Link::Ours)
        .map(|record| (record.generation(), endpoint(record)))
        .collect();
    let unfinished = records
        .iter()
        .filter(|record| record.state == RecordState::Adding)
        .map(|record| (record.generation(), record.attachment.clone()))
        .collect();
    let classes = records.iter().filter_map(|r| r.limit_class).collect();
    let is_whole = records.iter().any(|r| r.limit_class.is_some());
    let pins = records
        .iter()
        .filter(|record| record.attach == AttachMode::Tcx)
        .map(Record::generation)
        .collect();
    let limiter = LimiterState { is_whole, classes };
    Endpoints { wired, unfinished, stray_entries: Vec::new(), pins, limiter }
}

fn endpoint(record: &Record) -> Endpoint {
    let mut routes: Vec<_> = record.addresses().collect();
    routes.sort();
    Endpoint {
        index: record.host_index,
        attachment: Some(record.attachment.clone()),
        mtu: record.attached.mtu,
        is_up: true,
        entry: Some(entry(record)),
        attach: Some(record.attach),
        paces: Paces::of(record),
        routes,
    }
}
