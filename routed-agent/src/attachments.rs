//! The attachments of this host: the records, in memory and in the run
//! directory, and who is acting on which.
//!
//! One owner: every change of a record goes through here, to the file first.
//! An attachment is acted on by one at a time, and others wait; different
//! attachments never wait for each other.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tartan_agent_api::plugin::Link;
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
    /// Whose a host's end is, and an address: who looks at what happened on a
    /// host asks for each thing.
    of_link: BTreeMap<u32, Attachment>,
    of_address: BTreeMap<IpAddr, Attachment>,
}

impl Known {
    fn insert(&mut self, record: Record) {
        let key = record.attachment.clone();
        self.remove(&key);
        // What happens to a link that another plugin made is not ours to mend.
        if record.link() == Link::Ours {
            self.of_link.insert(record.host_index, key.clone());
            for address in record.addresses() {
                self.of_address.insert(address, key.clone());
            }
        }
        self.records.insert(key, record);
    }

    fn remove(&mut self, key: &Attachment) {
        let Some(old) = self.records.remove(key) else { return };
        // Another may have the number or the address by now.
        if self.of_link.get(&old.host_index) == Some(key) {
            self.of_link.remove(&old.host_index);
        }
        for address in old.addresses() {
            if self.of_address.get(&address) == Some(key) {
                self.of_address.remove(&address);
            }
        }
    }
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
        let mut known = Known::default();
        records.into_iter().for_each(|record| known.insert(record));
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

    /// What `look` sees in the record of the attachment whose host's end has
    /// this number.
    pub(crate) fn look_at_link<T>(
        &self,
        index: u32,
        look: impl FnOnce(&Record) -> T,
    ) -> Option<T> {
        let known = self.known();
        let attachment = known.of_link.get(&index)?;
        known.records.get(attachment).map(look)
    }

    /// The same of the attachment that has this address.
    pub(crate) fn look_at_address<T>(
        &self,
        address: IpAddr,
        look: impl FnOnce(&Record) -> T,
    ) -> Option<T> {
        let known = self.known();
        let attachment = known.of_address.get(&address)?;
        known.records.get(attachment).map(look)
    }

    /// What `look` sees in each record.
    pub(crate) fn look_at_all<T>(
        &self,
        look: impl FnMut(&Record) -> T,
    ) -> Vec<T> {
        self.known().records.values().map(look).collect()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.known().records.len()
    }

    /// Forgets a record that is not true; its file is kept for people.
    pub(crate) fn set_aside(
        &self,
        attachment: &Attachment,
    ) -> Result<(), RunDirError> {
        self.run.set_record_aside(attachment)?;
        let mut known = self.known();
        known.remove(attachment);
        // The true one may have been taken for this one's.
        let left: Vec<Record> = known.records.values().cloned().collect();
        left.into_iter().for_each(|record| known.insert(record));
        Ok(())
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
        self.all.known().insert(record.clone());
        Ok(())
    }

    /// Removes the record; absent is success.
    pub(crate) fn remove(&self) -> Result<(), RunDirError> {
        self.all.run.remove_record(&self.attachment)?;
        self.all.known().remove(&self.attachment);
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
