//! What was found and what became of it: the last events, counters, what is
//! left alone. A value that threads share; people and tools read it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tartan_agent_api::people::events::{DriftStatus, Event, Outcome};

use super::kind::{Difference, Kind, Subject};

/// Events that are kept.
const MOST: usize = 256;
/// Events that `status` shows.
const SHOWN: usize = 5;

/// The events of this agent's life.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    number: u64,
    last: VecDeque<Event>,
    repaired: BTreeMap<Kind, u64>,
    failed: BTreeMap<Kind, u64>,
    given_up: BTreeMap<Kind, u64>,
    /// What is given up now.
    left: Vec<String>,
}

/// What is counted, for tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) repaired: Vec<(Kind, u64)>,
    pub(crate) failed: Vec<(Kind, u64)>,
    pub(crate) given_up: Vec<(Kind, u64)>,
    /// What is given up now.
    pub(crate) left: usize,
}

impl Journal {
    /// Writes down what became of a difference, and logs it.
    pub(crate) fn note(
        &self,
        subject: &Subject,
        difference: &Difference,
        outcome: Outcome,
        why: Option<String>,
    ) {
        log(subject, difference, outcome, why.as_deref());
        let inner = &mut *self.inner();
        let counts = match outcome {
            Outcome::Repaired => Some(&mut inner.repaired),
            Outcome::Failed => Some(&mut inner.failed),
            Outcome::GivenUp => Some(&mut inner.given_up),
            Outcome::GoesOn | Outcome::Told => None,
        };
        if let Some(counts) = counts {
            *counts.entry(difference.kind).or_default() += 1;
        }
        inner.number += 1;
        let event = Event {
            number: inner.number,
            unix_ms: now(),
            kind: difference.kind.to_string(),
            object: subject.to_string(),
            found: difference.found.clone(),
            outcome,
            why,
        };
        inner.last.push_back(event);
        if inner.last.len() > MOST {
            inner.last.pop_front();
        }
    }

    /// What is given up now.
    pub(crate) fn leave(&self, given_up: &[(Subject, Kind)]) {
        let all = given_up.iter();
        self.inner().left =
            all.map(|(subject, kind)| format!("{kind} of {subject}")).collect();
    }

    /// The events with a higher number than `after`.
    pub(crate) fn since(&self, after: u64) -> Vec<Event> {
        let inner = self.inner();
        let all = inner.last.iter().filter(|event| event.number > after);
        all.cloned().collect()
    }

    /// For `status`.
    pub(crate) fn status(&self) -> DriftStatus {
        let inner = self.inner();
        let skipped = inner.last.len().saturating_sub(SHOWN);
        DriftStatus {
            repaired: inner.repaired.values().sum(),
            given_up: inner.left.clone(),
            last: inner.last.iter().skip(skipped).cloned().collect(),
        }
    }

    /// For tools.
    pub(crate) fn counts(&self) -> Counts {
        let inner = self.inner();
        let all = |counts: &BTreeMap<Kind, u64>| {
            counts.iter().map(|(kind, count)| (*kind, *count)).collect()
        };
        Counts {
            repaired: all(&inner.repaired),
            failed: all(&inner.failed),
            given_up: all(&inner.given_up),
            left: inner.left.len(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Whole between any two statements that hold the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log(
    subject: &Subject,
    difference: &Difference,
    outcome: Outcome,
    why: Option<&str>,
) {
    let Difference { kind, found } = difference;
    match outcome {
        Outcome::Repaired => {
            tracing::info!(%kind, object = %subject, found, "drift repaired");
        }
        Outcome::GoesOn => {
            tracing::info!(%kind, object = %subject, "repaired again");
        }
        Outcome::Failed => {
            tracing::warn!(%kind, object = %subject, found, why, "drift stays");
        }
        Outcome::GivenUp => tracing::warn!(
            %kind,
            object = %subject,
            found,
            "changed again and again: left alone until a quiet minute has \
             gone by or tartan gc asks"
        ),
        Outcome::Told => {
            tracing::warn!(%kind, object = %subject, found, "changed by others");
        }
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
