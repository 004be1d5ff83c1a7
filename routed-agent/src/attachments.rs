//! The attachments of this host: the records, in memory and in the run
//! directory, and who is acting on which.
//!
//! One owner: every change of a record goes through here, to the file first.
//! An attachment is acted on by one at a time, and others wait; different
//! attachments never wait for each other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tartan_agent_api::record::Record;
use tartan_agent_api::run_dir::{RunDir, RunDirError};
use tartan_model::Attachment;

/// All attachments of this host.
#[derive(Debug)]
pub(crate) struct Attachments {
    run: RunDir,
    known: Mutex<Known>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Known {
    records: BTreeMap<Attachment, Record>,
    busy: BTreeSet<Attachment>,
}

/// The right to act on one attachment, until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    all: &'a Attachments,
    attachment: Attachment,
}

impl Attachments {
    /// Those whose records the run directory holds, as `records` were read.
    pub(crate) fn new(run: RunDir, records: Vec<Record>) -> Self {
        let records =
            records.into_iter().map(|r| (r.attachment.clone(), r)).collect();
        let known = Known { records, busy: BTreeSet::new() };
        Self { run, known: Mutex::new(known), freed: Condvar::new() }
    }

    /// The right to act on `attachment`; waits while somebody else has it.
    pub(crate) fn claim(&self, attachment: &Attachment) -> Claim<'_> {
        let known = self.known();
        let mut known = self
            .freed
            .wait_while(known, |known| known.busy.contains(attachment))
            .unwrap_or_else(PoisonError::into_inner);
        known.busy.insert(attachment.clone());
        Claim { all: self, attachment: attachment.clone() }
    }

    /// As [`Self::claim`], but none where somebody else has it.
    pub(crate) fn try_claim(
        &self,
        attachment: &Attachment,
    ) -> Option<Claim<'_>> {
        let is_ours = self.known().busy.insert(attachment.clone());
        is_ours.then(|| Claim { all: self, attachment: attachment.clone() })
    }

    /// Every record.
    pub(crate) fn all(&self) -> Vec<Record> {
        self.known().records.values().cloned().collect()
    }

    /// The record of one attachment.
    pub(crate) fn get(&self, attachment: &Attachment) -> Option<Record> {
        self.known().records.get(attachment).cloned()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.known().records.len()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // The sets are whole between any two statements that hold the lock.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim<'_> {
    /// The record as it is.
    pub(crate) fn record(&self) -> Option<Record> {
        self.all.get(&self.attachment)
    }

    /// Writes the record, over its predecessor if it has one.
    pub(crate) fn put(&self, record: &Record) -> Result<(), RunDirError> {
        self.all.run.put_record(record)?;
        let key = self.attachment.clone();
        self.all.known().records.insert(key, record.clone());
        Ok(())
    }

    /// Removes the record; absent is success.
    pub(crate) fn remove(&self) -> Result<(), RunDirError> {
        self.all.run.remove_record(&self.attachment)?;
        self.all.known().records.remove(&self.attachment);
        Ok(())
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.all.known().busy.remove(&self.attachment);
        self.all.freed.notify_all();
    }
}

#[cfg(test)]
mod tests;
