//! How long a thing is repaired that somebody changes again and again. Pure:
//! a state machine with the time as an argument.
//!
//! ```text
//!   fine --changed--> repaired --the 5th time in a minute--> given up
//!    ^                   |                                      |
//!    '---- a minute -----'          changed: stays given up     |
//!    ^                                                          |
//!    '----------- a minute without a change, or asked ----------'
//! ```
//!
//! What keeps packets judged is never given up: it is repaired whenever it is
//! found changed, and that it does not end is told once a minute.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Changes within [`WINDOW`] at which repairing stops.
const MOST: usize = 5;
/// The minute.
const WINDOW: Duration = Duration::from_secs(60);

/// What to do about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Repair it.
    Repair,
    /// Repair it, and say that it is changed again and again.
    RepairAndTell,
    /// Stop repairing it, and say so.
    GiveUp,
    /// It is given up: leave it.
    Leave,
}

/// Why a thing was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Somebody changed something there.
    Change,
    /// Everything is looked at.
    Sweep,
}

/// What is known of a thing that was changed.
#[derive(Debug)]
enum Case {
    /// When it was changed, at most [`MOST`] times.
    Repaired(VecDeque<Instant>),
    /// As before, of what is never given up; when that was told at last.
    Kept(VecDeque<Instant>, Option<Instant>),
    /// Given up; when it was changed at last.
    GivenUp(Instant),
}

/// What is known of all things that were changed lately.
#[derive(Debug)]
pub(crate) struct Patience<K>(BTreeMap<K, Case>);

impl<K> Default for Patience<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Clone> Patience<K> {
    /// A thing was found changed.
    pub(crate) fn judge(
        &mut self,
        key: &K,
        cause: Cause,
        now: Instant,
    ) -> Verdict {
        let fresh = || Case::Repaired(VecDeque::new());
        match self.0.entry(key.clone()).or_insert_with(fresh) {
            Case::Kept(..) => self.keep(key, now),
            Case::GivenUp(last) => {
                if cause == Cause::Change {
                    *last = now;
                }
                Verdict::Leave
            }
            Case::Repaired(times) => {
                times.retain(|time| now.duration_since(*time) < WINDOW);
                times.push_back(now);
                if times.len() < MOST {
                    return Verdict::Repair;
                }
                self.0.insert(key.clone(), Case::GivenUp(now));
                Verdict::GiveUp
            }
        }
    }

    /// A thing was found changed that is never given up.
    pub(crate) fn keep(&mut self, key: &K, now: Instant) -> Verdict {
        let fresh = || Case::Kept(VecDeque::new(), None);
        let case = self.0.entry(key.clone()).or_insert_with(fresh);
        let Case::Kept(times, told) = case else { return Verdict::Repair };
        times.retain(|time| now.duration_since(*time) < WINDOW);
        times.push_back(now);
        if times.len() > MOST {
            times.pop_front();
        }
        let is_told = told.is_some_and(|at| now.duration_since(at) < WINDOW);
        if times.len() < MOST || is_told {
            return Verdict::Repair;
        }
        *told = Some(now);
        Verdict::RepairAndTell
    }

    /// Forgets what has been quiet for a minute; gives the things of it that
    /// had been given up.
    pub(crate) fn calm_down(&mut self, now: Instant) -> Vec<K> {
        let mut over = Vec::new();
        self.0.retain(|key, case| {
            let (last, is_given_up) = match case {
                Case::Repaired(times) | Case::Kept(times, _) => {
                    (times.back().copied(), false)
                }
                Case::GivenUp(last) => (Some(*last), true),
            };
            let is_quiet =
                last.is_none_or(|last| now.duration_since(last) >= WINDOW);
            if is_quiet && is_given_up {
                over.push(key.clone());
            }
            !is_quiet
        });
        over
    }

    /// Forgets everything; gives what had been given up.
    pub(crate) fn forgive(&mut self) -> Vec<K> {
        let all = std::mem::take(&mut self.0);
        all.into_iter()
            .filter(|(_, case)| matches!(case, Case::GivenUp(_)))
            .map(|(key, _)| key)
            .collect()
    }

    /// What is given up now.
    pub(crate) fn given_up(&self) -> Vec<K> {
        let all = self.0.iter();
        all.filter(|(_, case)| matches!(case, Case::GivenUp(_)))
            .map(|(key, _)| key.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests;
