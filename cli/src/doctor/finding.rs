//! A finding: what is wrong, with what, why that matters, what to do. Pure.

use serde::Serialize;

use crate::output::{Shown, Width};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Containers cannot be attached, or do not reach what they should.
    Failure,
    /// Something does not work as it should, or soon will not.
    Warning,
    /// Something that is asked for is not to be had here.
    Lack,
}

impl Severity {
    /// The word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Lack => "lack",
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// Its name in docs/doctor.md.
    pub(super) id: &'static str,
    pub(super) severity: Severity,
    /// What it is about.
    pub(super) object: String,
    /// What is wrong, and what comes of it.
    pub(super) why: String,
    /// What to do: followed literally, it works.
    pub(super) remedy: String,
}

/// A case of one subject.
pub(super) trait Case {
    /// The finding.
    fn finding(&self) -> Finding;
}

/// All that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Diagnosis {
    pub(super) findings: Vec<Finding>,
}

impl Shown for Diagnosis {
    fn text(&self, _width: Width) -> String {
        let lines = self.findings.iter().map(|finding| {
            let Finding { id, severity, object, why, remedy } = finding;
            let severity = severity.as_str();
            format!("{severity}: {object}: {why} [{id}]\n  do: {remedy}\n")
        });
        lines.collect()
    }

    fn nothing(&self) -> &'static str {
        "Nothing is wrong."
    }
}
