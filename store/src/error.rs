//! How a request to the store fails (pure).
//!
//! What a caller must ask first is [`StoreError::may_have_been_done`]: after
//! [`StoreError::Unavailable`] nothing was done, after
//! [`StoreError::Unknown`] nobody knows.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use crate::engine::Fault;
use crate::entry::{LeaseId, Revision};
use crate::key::Key;
use crate::range::Range;
use crate::transaction::{MOST_BYTES, MOST_OPERATIONS};

/// What lies under a failure; which engine it comes from is nobody's concern.
pub type Source = Box<dyn Error + Send + Sync>;

/// What was attempted on which thing, as it reads behind "cannot".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The verb: `read`, `commit`, `watch`.
    pub verb: &'static str,
    /// The thing: a key, a range, a lease, a file.
    pub subject: String,
}

impl Attempt {
    pub(crate) fn new(verb: &'static str, subject: impl fmt::Display) -> Self {
        Self { verb, subject: subject.to_string() }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}", self.verb, self.subject)
    }
}

/// A request to the store that failed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The store cannot be reached. Nothing was done: ask again later.
    #[error("{attempt}: the store is not available")]
    Unavailable {
        /// What was attempted.
        attempt: Attempt,
        /// Why.
        #[source]
        source: Source,
    },
    /// The answer was lost: it may have been done, or be done shortly. Read
    /// back what was to be written before doing anything else.
    #[error("{attempt}: it is not known whether it was done")]
    Unknown {
        /// What was attempted.
        attempt: Attempt,
        /// Why.
        #[source]
        source: Source,
    },
    /// The store no longer remembers that revision: list again.
    #[error("{attempt}: the store has forgotten that revision")]
    Compacted {
        /// What was attempted.
        attempt: Attempt,
        /// The oldest revision it remembers, where it said so.
        oldest: Option<Revision>,
    },
    /// The store has not come to that revision: it is not the store that
    /// gave it, or it was restored from a copy.
    #[error("{attempt}: the store is at revision {current} only")]
    Ahead {
        /// What was attempted.
        attempt: Attempt,
        /// The store's revision.
        current: Revision,
    },
    /// The store is damaged.
    #[error("{attempt}: {what} is damaged; {remedy}")]
    Corrupt {
        /// What was attempted.
        attempt: Attempt,
        /// The file, or the cluster.
        what: String,
        /// What to do about it.
        remedy: &'static str,
        /// What was found.
        #[source]
        source: Source,
    },
    /// Another process held the store all the while. Nothing was done.
    #[error("{attempt}: another process kept the store locked for {waited:?}")]
    Busy {
        /// What was attempted.
        attempt: Attempt,
        /// How long it was waited for.
        waited: Duration,
        /// What the engine said.
        #[source]
        source: Source,
    },
    /// There is no room left.
    #[error("{attempt}: the store has no room left")]
    Full {
        /// What was attempted.
        attempt: Attempt,
        /// Whether it is known that it was not done.
        doubt: Doubt,
        /// What the engine said.
        #[source]
        source: Source,
    },
    /// The lease does not exist, or no longer.
    #[error("{attempt}: the lease {lease} has ended")]
    LeaseEnded {
        /// What was attempted.
        attempt: Attempt,
        /// The lease.
        lease: LeaseId,
    },
    /// The store does not let us.
    #[error("{attempt}: permission denied")]
    Denied {
        /// What was attempted.
        attempt: Attempt,
        /// What it said.
        #[source]
        source: Source,
    },
    /// The request itself is wrong: asking again is of no use.
    #[error("{attempt}: the request is not valid")]
    Invalid {
        /// What was attempted.
        attempt: Attempt,
        /// What is wrong with it.
        #[source]
        source: Source,
    },
    /// The store was written by a newer Tartan.
    #[error("{attempt}: {file} has format {found}, this version reads {known}")]
    Newer {
        /// What was attempted.
        attempt: Attempt,
        /// The file.
        file: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that is understood.
        known: u32,
    },
}

/// What is known of a request that found no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It was not done: an embedded store takes back what does not fit.
    NotDone,
    /// It may have been: an etcd that comes to its quota does the request and
    /// then refuses it.
    MayBeDone,
}

impl StoreError {
    /// Whether the request may have been done although it failed. Then what
    /// it was to write must be read back.
    pub fn may_have_been_done(&self) -> bool {
        matches!(
            self,
            Self::Unknown { .. } | Self::Full { doubt: Doubt::MayBeDone, .. }
        )
    }

    pub(crate) fn new(attempt: Attempt, fault: Fault) -> Self {
        match fault {
            Fault::Unavailable(source) => Self::Unavailable { attempt, source },
            Fault::Unknown(source) => Self::Unknown { attempt, source },
            Fault::Compacted { oldest } => Self::Compacted { attempt, oldest },
            Fault::Ahead { current } => Self::Ahead { attempt, current },
            Fault::Corrupt { what, remedy, source } => {
                Self::Corrupt { attempt, what, remedy, source }
            }
            Fault::Busy { waited, source } => {
                Self::Busy { attempt, waited, source }
            }
            Fault::Full(source, doubt) => Self::Full { attempt, doubt, source },
            Fault::LeaseEnded(lease) => Self::LeaseEnded { attempt, lease },
            Fault::Denied(source) => Self::Denied { attempt, source },
            Fault::Invalid(source) => Self::Invalid { attempt, source },
            Fault::Newer { file, found, known } => {
                Self::Newer { attempt, file, found, known }
            }
        }
    }
}

/// A request that no engine would take.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidRequest {
    /// Too many comparisons or operations.
    #[error("{size} comparisons or operations are more than {MOST_OPERATIONS}")]
    TooLarge {
        /// How many.
        size: usize,
    },
    /// Too much in one go.
    #[error("{bytes} bytes of keys and values are more than {MOST_BYTES}")]
    TooManyBytes {
        /// How many.
        bytes: usize,
    },
    /// A range whose end is not behind its start.
    #[error("the range {0} has its ends confused")]
    VoidRange(Range),
    /// A key that is put and changed by another operation.
    #[error("the key {0} is changed twice")]
    ChangedTwice(Key),
    /// A revision in front of the store's first.
    #[error("revision 0 is before the first one")]
    BeforeFirst,
    /// A lease that would end at once.
    #[error("a lease needs a lifetime")]
    NoLifetime,
}
