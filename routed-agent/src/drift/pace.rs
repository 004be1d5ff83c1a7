//! What is looked at next, and when. Pure: the time is an argument.
//!
//! Whatever happens to a thing, it is looked at some milliseconds later, so
//! that what comes together is seen together. Where it does not become quiet,
//! looks become rarer, up to [`LONGEST`]: within a second in any case.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::patience::Cause;

/// From what happened to the look.
const SETTLE: Duration = Duration::from_millis(30);
/// Between two looks at a thing that does not become quiet.
const LONGEST: Duration = Duration::from_millis(480);
/// A thing that was not looked at for so long is quiet.
const QUIET: Duration = Duration::from_secs(2);

/// A look that is due.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: Instant,
    cause: Cause,
}

/// A look that was.
#[derive(Clone, Copy, Debug)]
struct Looked {
    at: Instant,
    next: Duration,
}

/// Things to look at.
#[derive(Debug)]
pub(crate) struct Pace<K> {
    due: BTreeMap<K, Due>,
    /// The same by time.
    order: BTreeSet<(Instant, K)>,
    looked: BTreeMap<K, Looked>,
}

impl<K> Default for Pace<K> {
    fn default() -> Self {
        let (due, looked) = (BTreeMap::new(), BTreeMap::new());
        Self { due, order: BTreeSet::new(), looked }
    }
}

impl<K: Ord + Clone> Pace<K> {
    /// Something happened to it, or it is its turn in a sweep.
    pub(crate) fn mark(&mut self, key: K, cause: Cause, now: Instant) {
        let soonest = now + SETTLE;
        let at = match self.looked.get(&key) {
            Some(looked) => soonest.max(looked.at + looked.next),
            None => soonest,
        };
        let new = || Due { at, cause };
        let due = self.due.entry(key.clone()).or_insert_with(new);
        self.order.insert((due.at, key));
        if cause == Cause::Change {
            due.cause = cause;
        }
    }

    /// The next that is due, if it is so now. It counts as looked at.
    pub(crate) fn next(&mut self, now: Instant) -> Option<(K, Cause)> {
        self.deadline().filter(|at| *at <= now)?;
        let (_, key) = self.order.pop_first()?;
        let cause = self.due.remove(&key)?.cause;
        let before = self.looked.get(&key).copied();
        let next = match before {
            Some(b) if now.duration_since(b.at) < QUIET => {
                (b.next * 2).min(LONGEST)
            }
            _ => SETTLE,
        };
        self.looked.insert(key.clone(), Looked { at: now, next });
        Some((key, cause))
    }

    /// When the next is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Forgets what has become quiet.
    pub(crate) fn calm_down(&mut self, now: Instant) {
        self.looked.retain(|_, l| now.duration_since(l.at) < QUIET);
    }
}

#[cfg(test)]
mod tests;
