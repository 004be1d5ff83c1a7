//! The thread that reads (acts): listings at once, watches when there is
//! something to tell.
//!
//! A watch asks for what comes after its position and is parked while there
//! is nothing. While any is parked the thread looks when the listener wakes
//! it, when the next lease lapses, and once a second in case a notice was
//! lost. Without a parked watch it sleeps for good.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use tartan_model::BootId;
use tokio::sync::oneshot;

use super::clock::Moment;
use super::fault::{gone, of_statement};
use super::place::Place;
use super::read::{self, Extent};
use super::worker::{Diligent, Worker};
use super::writer::Writer;
use super::{Shared, leases};
use crate::engine::{Events, Fault};
use crate::entry::{Event, Listing, Revision};
use crate::range::Range;

/// How late a change is seen at most when its notice was lost. One look costs
/// some ten microseconds.
const FALLBACK: Duration = Duration::from_secs(1);

/// The connection that reads.
pub(super) struct Reader {
    connection: Connection,
    boot: BootId,
    file: PathBuf,
    writer: Arc<Worker<Writer>>,
    parked: Vec<Parked>,
    /// What `PRAGMA data_version` said at the last look.
    seen: i64,
    /// When the next lease lapses, since boot.
    deadline: Option<Duration>,
}

/// A watch that waits.
struct Parked {
    range: Range,
    position: Arc<AtomicU64>,
    answer: oneshot::Sender<Result<Vec<Event>, Fault>>,
}

impl Reader {
    pub(super) fn new(
        connection: Connection,
        boot: BootId,
        place: &Place,
        writer: Arc<Worker<Writer>>,
    ) -> Self {
        Self {
            connection,
            boot,
            file: place.database().to_owned(),
            writer,
            parked: Vec::new(),
            seen: 0,
            deadline: None,
        }
    }

    pub(super) fn revision(&mut self) -> Result<Revision, Fault> {
        read::extent(&self.connection)
            .map(|extent| extent.head)
            .map_err(|error| of_statement(error, &self.file))
    }

    pub(super) fn list(
        &mut self,
        range: &Range,
        at: Option<Revision>,
    ) -> Result<Listing, Fault> {
        let now = Moment::now(&self.boot);
        self.at_one_moment(|connection, extent| {
            let Some(at) = at else {
                let entries = read::present(connection, range, &now);
                return Ok(entries.map(|entries| Listing {
                    revision: extent.head,
                    entries,
                }));
            };
            check(extent, at)?;
            let entries = read::past(connection, range, at);
            Ok(entries.map(|entries| Listing { revision: at, entries }))
        })
    }

    /// Looks what is new for those who wait.
    pub(super) fn look(&mut self) {
        self.parked.retain(|parked| !parked.answer.is_closed());
        for parked in std::mem::take(&mut self.parked) {
            self.serve(parked);
        }
        self.note();
    }

    fn ask(&mut self, parked: Parked) {
        self.serve(parked);
        self.note();
    }

    /// Answers a watch, or parks it.
    fn serve(&mut self, parked: Parked) {
        let after = Revision(parked.position.load(Ordering::Acquire));
        let found = self.at_one_moment(|connection, extent| {
            check(extent, after)?;
            let events = read::changes(connection, &parked.range, after);
            Ok(events.map(|events| (events, extent.head)))
        });
        match found {
            Ok((events, head)) if events.is_empty() => {
                // Nothing was missed up to here, and none of it is needed.
                parked.position.store(head.0, Ordering::Release);
                self.parked.push(parked);
            }
            // Who asked may have stopped waiting; it asks again from there.
            Ok((events, _)) => drop(parked.answer.send(Ok(events))),
            Err(fault) => drop(parked.answer.send(Err(fault))),
        }
    }

    /// Remembers when there is reason to look again.
    fn note(&mut self) {
        if self.parked.is_empty() {
            return;
        }
        let now = Moment::now(&self.boot);
        self.seen = read::data_version(&self.connection).unwrap_or(self.seen);
        self.deadline = leases::until_next(&self.connection, &now)
            .ok()
            .flatten()
            .map(|wait| now.since_boot + wait);
    }

    fn at_one_moment<T>(
        &mut self,
        job: impl FnOnce(&Connection, Extent) -> Result<rusqlite::Result<T>, Fault>,
    ) -> Result<T, Fault> {
        let file = self.file.as_path();
        let transaction = self
            .connection
            .transaction()
            .map_err(|error| of_statement(error, file))?;
        let extent = read::extent(&transaction)
            .map_err(|error| of_statement(error, file))?;
        job(&transaction, extent)?.map_err(|error| of_statement(error, file))
    }
}

impl Diligent for Reader {
    fn patience(&self) -> Option<Duration> {
        if self.parked.is_empty() {
            return None;
        }
        let now = Moment::now(&self.boot).since_boot;
        let until_lapse =
            self.deadline.map(|deadline| deadline.saturating_sub(now));
        Some(until_lapse.map_or(FALLBACK, |wait| wait.min(FALLBACK)))
    }

    fn tick(&mut self) {
        let now = Moment::now(&self.boot).since_boot;
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            // Should the sweep fail, it is tried again in a second.
            self.deadline = Some(now + FALLBACK);
            self.writer.give(Writer::sweep);
        }
        if read::data_version(&self.connection).ok() != Some(self.seen) {
            self.look();
        }
    }
}

/// Whether what was at a revision, and came after it, is remembered.
fn check(extent: Extent, at: Revision) -> Result<(), Fault> {
    if at > extent.head {
        return Err(Fault::Ahead { current: extent.head });
    }
    if at < extent.oldest {
        return Err(Fault::Compacted { oldest: Some(extent.oldest) });
    }
    Ok(())
}

/// The caller's end of a watch.
pub(super) struct Watching {
    shared: Arc<Shared>,
    range: Range,
    /// All up to here was told. The reader moves it on over what is not in
    /// the range, we do over what we were told.
    position: Arc<AtomicU64>,
}

impl Watching {
    pub(super) fn new(
        shared: Arc<Shared>,
        range: Range,
        from: Revision,
    ) -> Self {
        Self { shared, range, position: Arc::new(AtomicU64::new(from.0)) }
    }
}

#[async_trait]
impl Events for Watching {
    async fn next(&mut self) -> Result<Vec<Event>, Fault> {
        let (answer, answered) = oneshot::channel();
        let parked = Parked {
            range: self.range.clone(),
            position: Arc::clone(&self.position),
            answer,
        };
        self.shared.reader.give(move |reader| reader.ask(parked));
        let events = answered.await.unwrap_or_else(|_| Err(gone()))?;
        if let Some(last) = events.last() {
            self.position.store(last.revision().0, Ordering::Release);
        }
        Ok(events)
    }
}
