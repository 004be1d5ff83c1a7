//! Following a range (acts, through an engine): the caller's end of a watch.

use thiserror::Error;

use crate::engine::{Events, Fault};
use crate::entry::{Event, Revision};
use crate::error::{Attempt, StoreError};
use crate::range::Range;

/// Changes of a range, in their order and without a gap.
///
/// Cut connections and restarted servers do not show: the watch goes on where
/// it was. What does show is in [`WatchError`].
pub struct Watch {
    range: Range,
    events: Box<dyn Events>,
}

/// Why a watch cannot go on.
#[derive(Debug, Error)]
pub enum WatchError {
    /// The changes that come next were compacted: list again and watch from
    /// there.
    #[error("cannot watch {range}: the changes that come next are forgotten")]
    Compacted {
        /// What was watched.
        range: Range,
        /// The oldest revision that is remembered, where the store said so.
        oldest: Option<Revision>,
    },
    /// The store has not come to where the watch begins: it is another
    /// store, or was restored from a copy. List again, and beware.
    #[error("cannot watch {range}: the store is at revision {current} only")]
    Ahead {
        /// What was watched.
        range: Range,
        /// The store's revision.
        current: Revision,
    },
    /// The watch ended for another reason.
    #[error("the watch has ended")]
    Closed {
        /// Why.
        #[source]
        source: StoreError,
    },
}

impl Watch {
    pub(crate) fn new(range: Range, events: Box<dyn Events>) -> Self {
        Self { range, events }
    }

    /// Waits for the next changes: at least one, in the order of their
    /// revisions. All changes of a revision come together; within it their
    /// order means nothing.
    ///
    /// Dropping the future before it is ready loses nothing.
    pub async fn next(&mut self) -> Result<Vec<Event>, WatchError> {
        self.events.next().await.map_err(|fault| self.error(fault))
    }

    fn error(&self, fault: Fault) -> WatchError {
        let range = self.range.clone();
        let attempt = Attempt::new("watch", &range);
        match StoreError::new(attempt, fault) {
            StoreError::Compacted { oldest, .. } => {
                WatchError::Compacted { range, oldest }
            }
            StoreError::Ahead { current, .. } => {
                WatchError::Ahead { range, current }
            }
            source @ (StoreError::Unavailable { .. }
            | StoreError::Unknown { .. }
            | StoreError::Corrupt { .. }
            | StoreError::Busy { .. }
            | StoreError::Full { .. }
            | StoreError::LeaseEnded { .. }
            | StoreError::Denied { .. }
            | StoreError::Invalid { .. }
            | StoreError::Newer { .. }) => WatchError::Closed { source },
        }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("range", &self.range).finish()
    }
}
