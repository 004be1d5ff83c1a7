//! A change that happens whole or not at all (pure): comparisons, and what
//! to do when all of them hold.

use crate::entry::{LeaseId, Revision};
use crate::error::InvalidRequest;
use crate::key::Key;
use crate::range::Range;

/// Most comparisons, and most operations, of one transaction. etcd's default
/// `--max-txn-ops`; every engine keeps to it, so that what works on one host
/// works on a cluster.
pub const MOST_OPERATIONS: usize = 128;

/// Most bytes of keys and values of one transaction. etcd's default
/// `--max-request-bytes` is 1.5 MiB; the rest is for the envelope.
pub const MOST_BYTES: usize = 1_000_000;

/// What must hold for a transaction to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compare {
    /// There is no such key.
    Absent(Key),
    /// The key holds exactly this.
    Value(Key, Vec<u8>),
    /// The key was last put at this revision.
    Modified(Key, Revision),
    /// There is no key in the range.
    Empty(Range),
    /// No key that is in the range was put after this revision. A key that
    /// was deleted since is not noticed.
    Unchanged(Range, Revision),
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Sets a key.
    Put {
        /// The key.
        key: Key,
        /// What it shall hold.
        value: Vec<u8>,
        /// The lease it ends with; a put without one takes it off a lease.
        lease: Option<LeaseId>,
    },
    /// Deletes a key; an absent one is no failure.
    Delete(Key),
    /// Deletes every key of a range.
    DeleteRange(Range),
}

/// Comparisons and the operations that are done if all of them hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// What must hold.
    pub compare: Vec<Compare>,
    /// What is then done, at one revision. No key is changed twice.
    pub then: Vec<Op>,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done. The revision of the change, or the current one where there was
    /// nothing to change.
    Committed(Revision),
    /// A comparison did not hold; nothing was done.
    Refused,
}

impl Transaction {
    /// A transaction that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a comparison.
    #[must_use]
    pub fn when(mut self, compare: Compare) -> Self {
        self.compare.push(compare);
        self
    }

    /// Adds a put.
    #[must_use]
    pub fn put(self, key: Key, value: impl Into<Vec<u8>>) -> Self {
        self.then(Op::Put { key, value: value.into(), lease: None })
    }

    /// Adds a put of a key that ends with a lease.
    #[must_use]
    pub fn put_leased(
        self,
        key: Key,
        value: impl Into<Vec<u8>>,
        lease: LeaseId,
    ) -> Self {
        self.then(Op::Put { key, value: value.into(), lease: Some(lease) })
    }

    /// Adds the deletion of a key.
    #[must_use]
    pub fn delete(self, key: Key) -> Self {
        self.then(Op::Delete(key))
    }

    /// Adds the deletion of a range.
    #[must_use]
    pub fn delete_range(self, range: Range) -> Self {
        self.then(Op::DeleteRange(range))
    }

    /// Adds any operation.
    #[must_use]
    pub fn then(mut self, op: Op) -> Self {
        self.then.push(op);
        self
    }

    /// What no engine would take.
    pub(crate) fn check(&self) -> Result<(), InvalidRequest> {
        let size = self.compare.len().max(self.then.len());
        if size > MOST_OPERATIONS {
            return Err(InvalidRequest::TooLarge { size });
        }
        let bytes = self.bytes();
        if bytes > MOST_BYTES {
            return Err(InvalidRequest::TooManyBytes { bytes });
        }
        if let Some(range) = self.ranges().find(|range| range.is_void()) {
            return Err(InvalidRequest::VoidRange(range.clone()));
        }
        match self.first_key_changed_twice() {
            Some(key) => Err(InvalidRequest::ChangedTwice(key.clone())),
            None => Ok(()),
        }
    }

    /// Of what can be large; ranges cannot.
    fn bytes(&self) -> usize {
        let compared = self.compare.iter().map(|compare| match compare {
            Compare::Value(_, value) => value.len(),
            Compare::Absent(_)
            | Compare::Modified(..)
            | Compare::Empty(_)
            | Compare::Unchanged(..) => 0,
        });
        let written = self.then.iter().map(|op| match op {
            Op::Put { key, value, .. } => key.as_str().len() + value.len(),
            Op::Delete(key) => key.as_str().len(),
            Op::DeleteRange(_) => 0,
        });
        compared.chain(written).sum()
    }

    fn ranges(&self) -> impl Iterator<Item = &Range> {
        let compared =
            self.compare.iter().filter_map(|compare| match compare {
                Compare::Empty(range) | Compare::Unchanged(range, _) => {
                    Some(range)
                }
                Compare::Absent(_)
                | Compare::Value(..)
                | Compare::Modified(..) => None,
            });
        compared.chain(self.then.iter().filter_map(|op| match op {
            Op::DeleteRange(range) => Some(range),
            Op::Put { .. } | Op::Delete(_) => None,
        }))
    }

    /// A put key that another operation changes too. Deletions may overlap.
    fn first_key_changed_twice(&self) -> Option<&Key> {
        self.then.iter().enumerate().find_map(|(place, op)| match op {
            Op::Put { key, .. } => self
                .then
                .iter()
                .enumerate()
                .any(|(other, op)| other != place && op.changes(key))
                .then_some(key),
            Op::Delete(_) | Op::DeleteRange(_) => None,
        })
    }
}

impl Op {
    fn changes(&self, wanted: &Key) -> bool {
        match self {
            Self::Put { key, .. } | Self::Delete(key) => key == wanted,
            Self::DeleteRange(range) => range.contains(wanted),
        }
    }
}

#[cfg(test)]
mod tests;
