//! What a run of the reconciler came to: a value for logs and for people.

use crate::endpoints::Step;

/// What was done and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Steps taken; in a dry run, those that would be.
    pub(crate) done: Vec<Step>,
    /// Steps found needless when they were looked at again.
    pub(crate) needless: usize,
    /// Steps that failed, each with why.
    pub(crate) failed: Vec<(Step, String)>,
}

impl Report {
    /// Takes in what another run came to.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.done.extend(other.done);
        self.needless += other.needless;
        self.failed.extend(other.failed);
    }

    /// Nothing was done; these steps would be.
    pub(crate) fn planned(steps: Vec<Step>) -> Self {
        Self { done: steps, ..Self::default() }
    }
}
