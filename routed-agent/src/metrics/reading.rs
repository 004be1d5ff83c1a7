//! Everything that a scrape tells, asked for at this moment. Acts. What
//! cannot be read is left out and logged: a scrape then lacks a family, and
//! says no wrong number.

use tartan_agent_api::record::RecordState;
use tartan_ebpf::{ClassCount, Direction, DropCount, MapError, Traffic};
use tartan_ipam::Usage;

use crate::clock::boot_time;
use crate::host::Host;
use crate::registry::Snapshot;

/// The host at one moment.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Names of classes.
    pub(super) registry: std::sync::Arc<Snapshot>,
    pub(super) classes: Vec<ClassCount>,
    /// What passed or was dropped without a place among the classes.
    pub(super) uncounted: Vec<(Direction, Traffic)>,
    pub(super) drops: Vec<DropCount>,
    pub(super) usage: Vec<Usage>,
    pub(super) ready: usize,
    pub(super) adding: usize,
    pub(super) reaper_failures: u64,
    pub(super) drift: crate::drift::Counts,
}

/// Asks.
pub(super) fn read(host: &Host) -> Reading {
    let registry = host.registry.snapshot();
    let records = host.attachments.all();
    let is_ready = |state| state == RecordState::Ready;
    let ready = records.iter().filter(|r| is_ready(r.state)).count();
    let uncounted = Direction::ALL.into_iter().filter_map(|direction| {
        let found = host.dataplane.uncounted_classes(direction);
        Some((direction, or_log(found)?))
    });
    Reading {
        classes: or_log(host.dataplane.class_counters()).unwrap_or_default(),
        uncounted: uncounted.collect(),
        drops: or_log(host.dataplane.drops()).unwrap_or_default(),
        usage: host.addresses.look(|ledger| ledger.usage(boot_time())),
        ready,
        adding: records.len() - ready,
        reaper_failures: host.reaper.report().failed,
        drift: host.drift.journal.counts(),
        registry,
    }
}

fn or_log<T>(found: Result<T, MapError>) -> Option<T> {
    found.inspect_err(|error| tracing::warn!("{}", crate::chain(error))).ok()
}
