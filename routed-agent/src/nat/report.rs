//! What a run of the reconciler came to: a value for logs and for people.

use tartan_model::Family;

use crate::nat::{LeaveError, Nat, Step};

/// What was done and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// Steps taken; in a dry run, those that would be.
    pub(crate) done: Vec<Step>,
    /// Steps that failed, each with why.
    pub(crate) failed: Vec<(Step, String)>,
    /// Why nothing could be looked at.
    pub(crate) failing: Option<String>,
    /// Families in which iptables-legacy filters, where we cannot look.
    pub(crate) legacy: Vec<Family>,
}

impl Report {
    /// Nothing was done; these steps would be.
    pub(super) fn planned(steps: Vec<Step>) -> Self {
        Self { done: steps, ..Self::default() }
    }

    /// As an error, where something is left.
    pub(crate) fn into_result(self) -> Result<(), LeaveError> {
        match self.failed.is_empty() && self.failing.is_none() {
            true => Ok(()),
            false => Err(LeaveError::Left(Box::new(self))),
        }
    }

    /// Nothing could be looked at.
    pub(super) fn failing(why: String) -> Self {
        Self { failing: Some(why), ..Self::default() }
    }

    /// What is wrong, in one line.
    pub(crate) fn trouble(&self) -> Option<String> {
        let failed = self.failed.iter();
        let failed = failed.map(|(step, why)| format!("cannot {step}: {why}"));
        let legacy = self.legacy.iter().map(|family| {
            format!(
                "iptables-legacy filters {family} here: where it drops what \
                 is forwarded, containers are cut off"
            )
        });
        let all: Vec<_> =
            self.failing.iter().cloned().chain(failed).chain(legacy).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

impl Nat {
    /// Families in which iptables-legacy filters.
    pub(super) fn legacy(&self) -> Vec<Family> {
        let legacy = self.foreign.iter().filter(|(_, found)| found.is_legacy);
        legacy.map(|(family, _)| *family).collect()
    }
}
