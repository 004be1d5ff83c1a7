//! What is watched and how far each watch has come (pure).
//!
//! A watch that was told everything up to revision F asks etcd for what comes
//! from F on, not from F + 1, and leaves F out: etcd then says itself when F
//! is compacted. Asked for F + 1, an etcd that is compacted at exactly F + 1
//! answers, but may leave out a deletion of that revision.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::names::{Names, number, revision};
use crate::engine::Fault;
use crate::entry::{Event, Revision};
use crate::range::Range;

/// How many batches wait for a reader. Who is further behind lists again,
/// which is cheaper than what would pile up here.
pub(super) const BACKLOG: usize = 1024;

/// What a watch is sent.
pub(super) type Batch = Result<Vec<Event>, Fault>;

/// One watch.
pub(super) struct Subscription {
    range: Range,
    /// Everything up to here was told.
    position: Revision,
    /// How often etcd has denied it since it last told something. The first
    /// time the login may have run out; a new connection logs in again.
    denials: u32,
    batches: mpsc::Sender<Batch>,
}

/// All watches of a connection, by the number that they have in etcd.
pub(super) struct Subscriptions {
    names: Names,
    by_number: BTreeMap<i64, Subscription>,
}

/// What etcd tells a watch.
#[derive(Debug)]
pub(super) struct Told {
    /// The watch.
    pub(super) number: i64,
    /// The revision of the member that tells it.
    pub(super) at: Revision,
    /// What it tells.
    pub(super) news: News,
}

/// The kinds of things that etcd tells.
#[derive(Debug)]
pub(super) enum News {
    /// The watch has begun.
    Begun,
    /// The watch has ended: its position is compacted.
    Compacted { oldest: Revision },
    /// The watch has ended: we may not, or our login ran out.
    Denied { reason: String },
    /// The watch has ended for a reason that may pass.
    Ended,
    /// Events, or none when etcd only says how far it has come.
    Events(Vec<Event>),
}

/// What the task has to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Go on.
    Listen,
    /// Tell etcd that this watch is over.
    Cancel(i64),
    /// Find out whether the store has come to where this watch is.
    Verify(i64),
    /// Begin again with a new connection.
    Reconnect,
}

impl Subscription {
    pub(super) fn new(
        range: Range,
        from: Revision,
        batches: mpsc::Sender<Batch>,
    ) -> Self {
        Self { range, position: from, denials: 0, batches }
    }
}

impl Subscriptions {
    pub(super) fn new(names: Names) -> Self {
        Self { names, by_number: BTreeMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_number.is_empty()
    }

    pub(super) fn add(&mut self, number: i64, subscription: Subscription) {
        self.by_number.insert(number, subscription);
    }

    pub(super) fn remove(&mut self, number: i64) {
        self.by_number.remove(&number);
    }

    /// The numbers of all watches.
    pub(super) fn numbers(&self) -> Vec<i64> {
        self.by_number.keys().copied().collect()
    }

    /// How far a watch has come.
    pub(super) fn position(&self, number: i64) -> Option<Revision> {
        self.by_number.get(&number).map(|watch| watch.position)
    }

    /// Start, end and first revision to ask etcd for.
    pub(super) fn wanted(&self, of: i64) -> Option<(String, String, i64)> {
        let watch = self.by_number.get(&of)?;
        let (start, end) = self.names.range(&watch.range);
        // 0 would mean "from now on"; nothing happens at revision 1.
        Some((start, end, number(watch.position).max(1)))
    }

    /// Ends a watch with a fault.
    pub(super) fn fail(&mut self, number: i64, fault: Fault) {
        if let Some(watch) = self.by_number.remove(&number) {
            // A reader that is gone, or too far behind to see this, sees the
            // end of the channel.
            drop(watch.batches.try_send(Err(fault)));
        }
    }

    /// Takes in what etcd tells.
    pub(super) fn on(&mut self, told: Told) -> Next {
        let Some(watch) = self.by_number.get_mut(&told.number) else {
            // One that we cancelled a moment ago.
            return Next::Listen;
        };
        match told.news {
            News::Begun if told.at < watch.position => {
                Next::Verify(told.number)
            }
            News::Begun => Next::Listen,
            News::Events(events) => watch.tell(told.number, told.at, events),
            News::Ended => Next::Reconnect,
            News::Compacted { oldest } => {
                let oldest = Some(oldest);
                self.fail(told.number, Fault::Compacted { oldest });
                Next::Listen
            }
            News::Denied { .. } if watch.denials == 0 => {
                watch.denials += 1;
                Next::Reconnect
            }
            News::Denied { reason } => {
                self.fail(told.number, Fault::Denied(reason.into()));
                Next::Listen
            }
        }
    }
}

impl Subscription {
    fn tell(
        &mut self,
        number: i64,
        at: Revision,
        mut events: Vec<Event>,
    ) -> Next {
        self.denials = 0;
        let is_progress = events.is_empty();
        events.retain(|event| event.revision() > self.position);
        let Some(last) = events.last().map(Event::revision) else {
            if is_progress {
                self.position = self.position.max(at);
            }
            return Next::Listen;
        };
        match self.batches.try_send(Ok(events)) {
            Ok(()) => {
                self.position = last;
                Next::Listen
            }
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {
                Next::Cancel(number)
            }
        }
    }
}

impl Told {
    /// Reads an answer of etcd.
    pub(super) fn read(
        names: &Names,
        answer: &etcd_client::WatchResponse,
    ) -> Self {
        let at = answer.header().map_or(0, |header| header.revision());
        Self {
            number: answer.watch_id(),
            at: revision(at),
            news: News::read(names, answer),
        }
    }
}

impl News {
    fn read(names: &Names, answer: &etcd_client::WatchResponse) -> Self {
        let reason = answer.cancel_reason();
        if answer.compact_revision() > 0 {
            let oldest = revision(answer.compact_revision());
            return Self::Compacted { oldest };
        }
        if answer.canceled() && reason.contains("permission denied") {
            return Self::Denied { reason: reason.to_owned() };
        }
        if answer.canceled() {
            return Self::Ended;
        }
        if answer.created() {
            return Self::Begun;
        }
        let told = answer.events().iter();
        let events: Vec<Event> =
            told.filter_map(|event| names.event(event)).collect();
        match events.is_empty() && !answer.events().is_empty() {
            // Only keys that are none of ours: no progress to speak of.
            true => Self::Begun,
            false => Self::Events(events),
        }
    }
}

#[cfg(test)]
mod tests;
