//! What is counted, and where tools read it: `/metrics`, `/healthz` and
//! `/readyz` on a loopback address, nothing else.
//!
//! | file | |
//! |---|---|
//! | `reading` | acts: asks the kernel's maps, the ledger and the records |
//! | `page` | pure: a reading as OpenMetrics text |
//! | `server` | acts: answers tools |
//!
//! What the kernel counts is read when somebody asks and kept nowhere, so
//! that a scrape costs what it reads and an agent that nobody asks costs
//! nothing. Only requests of plugins are counted here.

mod page;
mod reading;
mod server;

use std::time::Duration;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;

pub(crate) use page::Outcome;
pub(crate) use server::{MetricsError, serve};

use page::{Labels, Operation};

/// Upper ends of the histogram's buckets, in seconds. A lone ADD takes about
/// a millisecond and 10 s is what runtimes wait: twelve steps between them.
const BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.1, 0.3, 1.0, 3.0, 10.0,
];

/// Counters of this process. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    requests: Family<Labels, Histogram, fn() -> Histogram>,
}

impl Default for Metrics {
    fn default() -> Self {
        let new: fn() -> Histogram = || Histogram::new(BUCKETS);
        Self { requests: Family::new_with_constructor(new) }
    }
}

impl Metrics {
    /// An ADD has ended.
    pub(crate) fn observe_add(
        &self,
        took: Duration,
        outcome: impl Into<Outcome>,
    ) {
        self.observe(Operation::Add, took, outcome.into());
    }

    /// A DEL has ended.
    pub(crate) fn observe_delete(
        &self,
        took: Duration,
        outcome: impl Into<Outcome>,
    ) {
        self.observe(Operation::Delete, took, outcome.into());
    }

    fn observe(&self, operation: Operation, took: Duration, outcome: Outcome) {
        let labels = page::request(operation, outcome);
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }
}
