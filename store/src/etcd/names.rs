//! Our keys under the prefix, and what etcd says of them (pure).

use etcd_client::{EventType, KeyValue};

use crate::entry::{Entry, Event, LeaseId, Revision};
use crate::key::Key;
use crate::range::{BEHIND_ALL, Range};

/// The prefix of everything that is ours.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// With one slash at its end.
    prefix: String,
}

impl Names {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: format!("{}/", prefix.trim_end_matches('/')) }
    }

    pub(super) fn key(&self, key: &Key) -> String {
        self.place(key.as_str())
    }

    /// Start and end of a range.
    pub(super) fn range(&self, range: &Range) -> (String, String) {
        (self.place(range.start()), self.place(range.end()))
    }

    /// Where the store's identity is: behind all keys, so in no range.
    pub(super) fn identity(&self) -> String {
        self.place(&format!("{BEHIND_ALL}identity"))
    }

    /// A key that is not there but that whoever may read ours may read.
    pub(super) fn probe(&self) -> String {
        self.place(&format!("{BEHIND_ALL}probe"))
    }

    /// An entry as etcd tells it; `None` where somebody else put a key under
    /// our prefix that is none.
    pub(super) fn entry(&self, found: &KeyValue) -> Option<Entry> {
        Some(Entry {
            key: self.own(found)?,
            value: found.value().to_vec(),
            created: revision(found.create_revision()),
            modified: revision(found.mod_revision()),
            lease: Some(found.lease()).filter(|id| *id != 0).map(LeaseId),
        })
    }

    /// An event as etcd tells it.
    pub(super) fn event(&self, told: &etcd_client::Event) -> Option<Event> {
        let found = told.kv()?;
        match told.event_type() {
            EventType::Put => self.entry(found).map(Event::Put),
            EventType::Delete => Some(Event::Deleted {
                key: self.own(found)?,
                revision: revision(found.mod_revision()),
            }),
        }
    }

    fn own(&self, found: &KeyValue) -> Option<Key> {
        let text = str::from_utf8(found.key()).ok()?;
        Key::parse(text.strip_prefix(&self.prefix)?).ok()
    }

    fn place(&self, text: &str) -> String {
        format!("{}{text}", self.prefix)
    }
}

/// etcd's revisions are signed, but never negative.
pub(super) fn revision(number: i64) -> Revision {
    Revision(u64::try_from(number).unwrap_or(0))
}

/// A revision as etcd takes it.
pub(super) fn number(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
