//! The thread that writes (acts): commits and leases, each one transaction,
//! each on disk when it is answered.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tartan_model::BootId;

use super::clock::Moment;
use super::fault::{of_commit, of_statement};
use super::notice::Notice;
use super::place::Place;
use super::read::{Extent, extent};
use super::worker::Diligent;
use super::{leases, write};
use crate::engine::Fault;
use crate::entry::{Lease, LeaseId, Revision};
use crate::transaction::{Op, Outcome, Transaction};

/// How many revisions are remembered. A watch that is further behind lists
/// again, which is cheaper by then.
const REMEMBERED: u64 = 10_000;

/// After how many more of them they are forgotten, all at once.
const FORGET_STEP: u64 = 1_000;

/// The connection that writes.
pub(super) struct Writer {
    connection: Connection,
    boot: BootId,
    file: PathBuf,
    notice: Notice,
}

/// How a job inside a transaction ends.
enum End<T> {
    /// Keep what was done.
    Keep(T),
    /// There is nothing to keep.
    Nothing(T),
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        boot: BootId,
        place: &Place,
    ) -> Self {
        let file = place.database().to_owned();
        Self { connection, boot, file, notice: place.notice() }
    }

    pub(super) fn commit(
        &mut self,
        change: &Transaction,
    ) -> Result<Outcome, Fault> {
        self.transact(|tables, _| tables.commit(change))
    }

    pub(super) fn grant(&mut self, lifetime: Duration) -> Result<Lease, Fault> {
        self.transact(|tables, now| {
            let id =
                tables.ask(leases::grant(tables.connection, lifetime, now))?;
            Ok(End::Keep(Lease { id, lifetime }))
        })
    }

    pub(super) fn keep_alive(
        &mut self,
        lease: LeaseId,
    ) -> Result<Duration, Fault> {
        self.transact(|tables, now| {
            let extended = leases::extend(tables.connection, lease, now);
            Ok(match tables.ask(extended)? {
                Some(lifetime) => End::Keep(Ok(lifetime)),
                None => End::Nothing(Err(Fault::LeaseEnded(lease))),
            })
        })?
    }

    pub(super) fn revoke(&mut self, lease: LeaseId) -> Result<(), Fault> {
        self.transact(|tables, _| {
            tables.ask(leases::end(tables.connection, lease)).map(End::Keep)
        })
    }

    pub(super) fn compact(&mut self, upto: Revision) -> Result<(), Fault> {
        self.transact(|tables, _| {
            let Extent { head, oldest } = tables.extent()?;
            if upto > head {
                return Err(Fault::Ahead { current: head });
            }
            if upto <= oldest {
                return Ok(End::Nothing(()));
            }
            tables.ask(write::forget(tables.connection, upto)).map(End::Keep)
        })
    }

    /// Turns lapsed leases into deletions; on failure somebody does it later.
    pub(super) fn sweep(&mut self) {
        if let Err(fault) = self.transact(|_, _| Ok(End::Nothing(()))) {
            tracing::warn!(?fault, "lapsed leases are not swept yet");
        }
    }

    /// Does a job in a transaction of its own. Like each one it begins with
    /// the sweep, which is kept even where the job has nothing to keep.
    fn transact<T>(
        &mut self,
        job: impl FnOnce(&Tables<'_>, &Moment) -> Result<End<T>, Fault>,
    ) -> Result<T, Fault> {
        let file = self.file.as_path();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| of_statement(error, file))?;
        let tables = Tables { connection: &transaction, file };
        let now = Moment::now(&self.boot);
        let has_swept = tables.ask(leases::sweep(&transaction, &now))?;
        let (answer, is_kept) = match job(&tables, &now)? {
            End::Keep(answer) => (answer, true),
            End::Nothing(answer) => (answer, has_swept),
        };
        if is_kept {
            transaction.commit().map_err(|error| of_commit(error, file))?;
            self.notice.give();
        }
        Ok(answer)
    }
}

/// The tables inside a transaction.
struct Tables<'a> {
    connection: &'a Connection,
    file: &'a Path,
}

impl Tables<'_> {
    fn ask<T>(&self, result: rusqlite::Result<T>) -> Result<T, Fault> {
        result.map_err(|error| of_statement(error, self.file))
    }

    fn extent(&self) -> Result<Extent, Fault> {
        self.ask(extent(self.connection))
    }

    fn commit(&self, change: &Transaction) -> Result<End<Outcome>, Fault> {
        for compare in &change.compare {
            if !self.ask(write::holds(self.connection, compare))? {
                return Ok(End::Nothing(Outcome::Refused));
            }
        }
        let next = self.ask(write::next_revision(self.connection))?;
        let mut is_changed = false;
        for op in &change.then {
            self.check_lease(op)?;
            is_changed |= self.ask(write::apply(self.connection, op, next))?;
        }
        if is_changed {
            self.forget_old(next)?;
            return Ok(End::Keep(Outcome::Committed(next)));
        }
        Ok(End::Nothing(Outcome::Committed(self.extent()?.head)))
    }

    fn check_lease(&self, op: &Op) -> Result<(), Fault> {
        match op {
            Op::Put { lease: Some(lease), .. } => {
                match self.ask(leases::is_alive(self.connection, *lease))? {
                    true => Ok(()),
                    false => Err(Fault::LeaseEnded(*lease)),
                }
            }
            Op::Put { lease: None, .. }
            | Op::Delete(_)
            | Op::DeleteRange(_) => Ok(()),
        }
    }

    fn forget_old(&self, head: Revision) -> Result<(), Fault> {
        let oldest = self.extent()?.oldest;
        if head.0.saturating_sub(oldest.0) < REMEMBERED + FORGET_STEP {
            return Ok(());
        }
        let upto = Revision(head.0 - REMEMBERED);
        self.ask(write::forget(self.connection, upto))
    }
}

impl Diligent for Writer {
    fn patience(&self) -> Option<Duration> {
        None
    }

    fn tick(&mut self) {}
}
