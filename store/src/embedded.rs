//! The engine of a single host (acts): a SQLite file that the agent, the
//! volume driver and the command share as processes.
//!
//! | file | what |
//! |---|---|
//! | `place` | where the file is, how it is made, who may read it |
//! | `schema` | its tables |
//! | `read`, `write`, `leases` | what is done to them, in a transaction |
//! | `fault` | what SQLite's errors mean |
//! | `worker` | a thread that owns a connection |
//! | `writer`, `reader` | the two threads of a process |
//! | `notice` | how one process learns that another one committed |
//!
//! Threads of an open store, all ended when the last [`Shared`] is dropped:
//! the writer (commits, leases), the reader (reads, watches; not held up by
//! a commit that waits for the disk or for another process) and the
//! listener, which sleeps in inotify and wakes the reader.

mod clock;
mod columns;
mod fault;
mod leases;
mod notice;
mod place;
mod read;
mod reader;
mod schema;
mod worker;
mod write;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tartan_model::BootId;
use tokio::time::timeout;

use self::fault::{Gone, gone};
use self::notice::Listener;
use self::place::Place;
use self::reader::{Reader, Watching};
use self::worker::Worker;
use self::writer::Writer;
use crate::engine::{Engine, Events, Fault};
use crate::entry::{Lease, LeaseId, Listing, Revision, StoreId};
use crate::range::Range;
use crate::transaction::{Outcome, Transaction};

/// How long a commit waits for another process to let go of the file. A
/// commit holds it for the time of one fsync; five seconds are a hundred of
/// those on a bad disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// The embedded engine.
pub(crate) struct Embedded {
    shared: Arc<Shared>,
}

/// What engine and watches have in common.
struct Shared {
    identity: StoreId,
    reader: Worker<Reader>,
    writer: Arc<Worker<Writer>>,
    _listener: Listener,
}

impl Embedded {
    /// Opens the store of a state directory, or makes it.
    pub(crate) async fn open(
        state_dir: &Path,
        boot: BootId,
    ) -> Result<Self, Fault> {
        let place = Place::new(state_dir);
        let opening =
            tokio::task::spawn_blocking(move || Shared::open(&place, boot));
        // Only another process that is stopped while it opens can hold us up.
        match timeout(2 * PATIENCE, opening).await {
            Ok(Ok(shared)) => Ok(Self { shared: Arc::new(shared?) }),
            Ok(Err(_)) => Err(gone()),
            Err(elapsed) => Err(Fault::Busy {
                waited: 2 * PATIENCE,
                source: elapsed.into(),
            }),
        }
    }

    async fn read<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Reader) -> Result<R, Fault> + Send + 'static,
    ) -> Result<R, Fault> {
        self.shared.reader.call(job).await.unwrap_or_else(|| Err(gone()))
    }

    /// The job is done even where its caller stops waiting for it.
    async fn write<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Writer) -> Result<R, Fault> + Send + 'static,
    ) -> Result<R, Fault> {
        let done = self.shared.writer.call(job).await;
        done.unwrap_or_else(|| Err(Fault::Unknown(Gone.into())))
    }
}

impl Shared {
    fn open(place: &Place, boot: BootId) -> Result<Self, Fault> {
        let identity = place.prepare()?;
        let notice = place.notice();
        let writer = Writer::new(place.connect()?, boot.clone(), place);
        let writer = Arc::new(Worker::spawn("store-writer", writer)?);
        let reader =
            Reader::new(place.connect()?, boot, place, Arc::clone(&writer));
        let reader = Worker::spawn("store-reader", reader)?;
        let wake = reader.waker(Reader::look);
        let listener = Listener::spawn(notice, wake)?;
        Ok(Self { identity, reader, writer, _listener: listener })
    }
}

#[async_trait]
impl Engine for Embedded {
    fn name(&self) -> &'static str {
        "embedded"
    }

    async fn identity(&self) -> Result<StoreId, Fault> {
        Ok(self.shared.identity.clone())
    }

    async fn revision(&self) -> Result<Revision, Fault> {
        self.read(|reader| reader.revision()).await
    }

    async fn list(
        &self,
        range: &Range,
        at: Option<Revision>,
    ) -> Result<Listing, Fault> {
        let range = range.clone();
        self.read(move |reader| reader.list(&range, at)).await
    }

    async fn commit(&self, change: Transaction) -> Result<Outcome, Fault> {
        self.write(move |writer| writer.commit(&change)).await
    }

    async fn watch(
        &self,
        range: &Range,
        from: Revision,
    ) -> Result<Box<dyn Events>, Fault> {
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(Watching::new(shared, range.clone(), from)))
    }

    async fn grant(&self, lifetime: Duration) -> Result<Lease, Fault> {
        self.write(move |writer| writer.grant(lifetime)).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Result<Duration, Fault> {
        self.write(move |writer| writer.keep_alive(lease)).await
    }

    async fn revoke(&self, lease: LeaseId) -> Result<(), Fault> {
        self.write(move |writer| writer.revoke(lease)).await
    }

    async fn compact(&self, upto: Revision) -> Result<(), Fault> {
        self.write(move |writer| writer.compact(upto)).await
    }
}
