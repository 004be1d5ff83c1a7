//! The store as the rest of Tartan sees it (acts, through an engine): checks
//! a request, hands it on, and says of a failure what was attempted.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tartan_model::BootId;

use crate::embedded::Embedded;
use crate::engine::{Engine, Fault};
use crate::entry::{Entry, Lease, LeaseId, Listing, Revision, StoreId};
use crate::error::{Attempt, InvalidRequest, StoreError};
use crate::etcd::{Etcd, EtcdSettings};
use crate::key::Key;
use crate::range::Range;
use crate::transaction::{Compare, Op, Outcome, Transaction};
use crate::watch::Watch;

/// What the cluster remembers. Cheap to clone; all clones share a connection.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
}

impl Store {
    /// Opens the store of a single host, in the folder `store` of the state
    /// directory; makes it when it is used for the first time. Several
    /// processes may have it open.
    ///
    /// `boot` decides which leases are still alive.
    pub async fn open_embedded(
        state_dir: &Path,
        boot: &BootId,
    ) -> Result<Self, StoreError> {
        let attempt = Attempt::new("open", state_dir.display());
        let engine = Embedded::open(state_dir, boot.clone())
            .await
            .map_err(|fault| StoreError::new(attempt, fault))?;
        Ok(Self { engine: Arc::new(engine) })
    }

    /// Speaks to the store of a cluster. Settings are checked and files read;
    /// that etcd answers is no condition: a host starts without it.
    ///
    /// Watches are served by a task of the runtime in which this is called.
    pub async fn connect_etcd(
        settings: EtcdSettings,
    ) -> Result<Self, StoreError> {
        let attempt = Attempt::new("use", settings.endpoints.join(","));
        let engine = Etcd::new(settings)
            .map_err(|fault| StoreError::new(attempt, fault))?;
        Ok(Self { engine: Arc::new(engine) })
    }

    /// Name of the engine, for `tartan status`; nothing may depend on it.
    pub fn engine_name(&self) -> &'static str {
        self.engine.name()
    }

    /// Which store this is. Together with [`Self::revision`] it shows that a
    /// store was exchanged or restored.
    pub async fn identity(&self) -> Result<StoreId, StoreError> {
        fail("name", "the store", self.engine.identity().await)
    }

    /// The current revision.
    pub async fn revision(&self) -> Result<Revision, StoreError> {
        fail("read", "the revision", self.engine.revision().await)
    }

    /// Reads a key.
    pub async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let listing = self.engine.list(&Range::one(key), None).await;
        Ok(fail("read", key, listing)?.entries.into_iter().next())
    }

    /// Reads a range as it is, or as it was at a revision.
    pub async fn list(
        &self,
        range: &Range,
        at: Option<Revision>,
    ) -> Result<Listing, StoreError> {
        let listing = match check_range(range).and(check_revision(at)) {
            Ok(()) => self.engine.list(range, at).await,
            Err(fault) => Err(fault),
        };
        fail("list", range, listing)
    }

    /// Follows a range: everything that happens to it after a revision.
    pub async fn watch(
        &self,
        range: &Range,
        from: Revision,
    ) -> Result<Watch, StoreError> {
        let events = match check_range(range) {
            Ok(()) => self.engine.watch(range, from).await,
            Err(fault) => Err(fault),
        };
        Ok(Watch::new(range.clone(), fail("watch", range, events)?))
    }

    /// Does a transaction, whole or not at all. What it did is on disk when
    /// this returns. Dropping the future leaves open whether it is done.
    pub async fn commit(
        &self,
        change: Transaction,
    ) -> Result<Outcome, StoreError> {
        let subject = subject(&change);
        let outcome = match change.check() {
            Ok(()) => self.engine.commit(change).await,
            Err(invalid) => Err(Fault::Invalid(invalid.into())),
        };
        fail("commit", subject, outcome)
    }

    /// Makes a lease. An engine may make it longer than asked, never shorter.
    pub async fn grant(&self, lifetime: Duration) -> Result<Lease, StoreError> {
        let lease = if lifetime.is_zero() {
            Err(Fault::Invalid(InvalidRequest::NoLifetime.into()))
        } else {
            self.engine.grant(lifetime).await
        };
        fail("grant", "a lease", lease)
    }

    /// Lets a lease live for its lifetime from now on; says how long that is.
    pub async fn keep_alive(
        &self,
        lease: LeaseId,
    ) -> Result<Duration, StoreError> {
        fail("keep alive lease", lease, self.engine.keep_alive(lease).await)
    }

    /// Ends a lease and deletes what is on it; one that has ended is no
    /// failure.
    pub async fn revoke(&self, lease: LeaseId) -> Result<(), StoreError> {
        fail("revoke lease", lease, self.engine.revoke(lease).await)
    }

    /// Forgets what was before a revision.
    pub async fn compact(&self, upto: Revision) -> Result<(), StoreError> {
        let done = match check_revision(Some(upto)) {
            Ok(()) => self.engine.compact(upto).await,
            Err(fault) => Err(fault),
        };
        fail("compact the store up to revision", upto, done)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("engine", &self.engine_name()).finish()
    }
}

fn fail<T>(
    verb: &'static str,
    subject: impl fmt::Display,
    result: Result<T, Fault>,
) -> Result<T, StoreError> {
    result.map_err(|fault| StoreError::new(Attempt::new(verb, subject), fault))
}

fn check_range(range: &Range) -> Result<(), Fault> {
    if range.is_void() {
        let invalid = InvalidRequest::VoidRange(range.clone());
        return Err(Fault::Invalid(invalid.into()));
    }
    Ok(())
}

fn check_revision(at: Option<Revision>) -> Result<(), Fault> {
    if at == Some(Revision(0)) {
        return Err(Fault::Invalid(InvalidRequest::BeforeFirst.into()));
    }
    Ok(())
}

/// A transaction is called by what it changes first.
fn subject(change: &Transaction) -> String {
    let first = change.then.first().map(|op| match op {
        Op::Put { key, .. } | Op::Delete(key) => key.to_string(),
        Op::DeleteRange(range) => range.to_string(),
    });
    let compared = change.compare.first().map(|compare| match compare {
        Compare::Absent(key)
        | Compare::Value(key, _)
        | Compare::Modified(key, _) => key.to_string(),
        Compare::Empty(range) | Compare::Unchanged(range, _) => {
            range.to_string()
        }
    });
    let name = first.or(compared).unwrap_or_else(|| "nothing".to_owned());
    match change.then.len() {
        0 | 1 => name,
        more => format!("{name} and {} more", more - 1),
    }
}
