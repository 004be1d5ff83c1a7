//! What an engine must do (pure): the seam between the store as the rest of
//! Tartan sees it and etcd or the embedded file.
//!
//! Requests that reach an engine are valid: [`crate::Store`] has checked
//! them. Failures leave it as a [`Fault`], to which the store adds what was
//! attempted on which thing.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;

use crate::entry::{Event, Lease, LeaseId, Listing, Revision, StoreId};
use crate::error::{Doubt, Source};
use crate::range::Range;
use crate::transaction::{Outcome, Transaction};

/// The promises are those in the crate's documentation; the contract suite
/// holds every engine to them.
#[async_trait]
pub(crate) trait Engine: Send + Sync {
    /// For people only; nothing may depend on it.
    fn name(&self) -> &'static str;

    async fn identity(&self) -> Result<StoreId, Fault>;

    async fn revision(&self) -> Result<Revision, Fault>;

    async fn list(
        &self,
        range: &Range,
        at: Option<Revision>,
    ) -> Result<Listing, Fault>;

    async fn commit(&self, change: Transaction) -> Result<Outcome, Fault>;

    async fn watch(
        &self,
        range: &Range,
        from: Revision,
    ) -> Result<Box<dyn Events>, Fault>;

    async fn grant(&self, lifetime: Duration) -> Result<Lease, Fault>;

    async fn keep_alive(&self, lease: LeaseId) -> Result<Duration, Fault>;

    async fn revoke(&self, lease: LeaseId) -> Result<(), Fault>;

    async fn compact(&self, upto: Revision) -> Result<(), Fault>;
}

/// The engine's side of a watch.
#[async_trait]
pub(crate) trait Events: Send {
    /// The next events, at least one; whole revisions, in their order.
    /// Dropping the future loses nothing.
    async fn next(&mut self) -> Result<Vec<Event>, Fault>;
}

/// A failure, without what was attempted. See [`crate::StoreError`] for what
/// each means.
#[derive(Debug)]
pub(crate) enum Fault {
    Unavailable(Source),
    Unknown(Source),
    Compacted { oldest: Option<Revision> },
    Ahead { current: Revision },
    Corrupt { what: String, remedy: &'static str, source: Source },
    Busy { waited: Duration, source: Source },
    Full(Source, Doubt),
    LeaseEnded(LeaseId),
    Denied(Source),
    Invalid(Source),
    Newer { file: PathBuf, found: u32, known: u32 },
}
