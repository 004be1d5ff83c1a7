//! A result: one figure of ours beside one of a peer, and the goal between
//! them. Decides, does nothing.

use serde::{Serialize, Serializer};

use crate::statistics::Estimate;

/// One line of a table and of a results file.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) metric: String,
    pub(crate) unit: &'static str,
    pub(crate) ours: Option<f64>,
    pub(crate) peer: Option<f64>,
    pub(crate) peer_name: &'static str,
    pub(crate) ratio: Option<f64>,
    pub(crate) low: Option<f64>,
    pub(crate) high: Option<f64>,
    pub(crate) goal: Option<Goal>,
    pub(crate) met: Option<bool>,
}

/// What a ratio should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

impl Goal {
    /// Whether the whole interval clears it.
    pub(crate) fn is_met_by(self, ratio: Estimate) -> bool {
        match self {
            Self::AtMost(most) => ratio.high <= most,
            Self::AtLeast(least) => ratio.low >= least,
        }
    }
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "<= {most:.2}"),
            Self::AtLeast(least) => write!(f, ">= {least:.2}"),
        }
    }
}

impl Serialize for Goal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// What is compared, without the figures.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) metric: String,
    pub(crate) unit: &'static str,
    pub(crate) peer_name: &'static str,
    pub(crate) goal: Option<Goal>,
}

impl Question {
    /// The row where both were measured.
    pub(crate) fn answered(self, ours: f64, peer: f64, by: Estimate) -> Row {
        Row {
            ours: Some(ours),
            peer: Some(peer),
            ratio: Some(by.value),
            low: Some(by.low),
            high: Some(by.high),
            met: self.goal.map(|goal| goal.is_met_by(by)),
            ..self.without_ours(peer)
        }
    }

    /// The row where ours did not take part.
    pub(crate) fn without_ours(self, peer: f64) -> Row {
        Row {
            metric: self.metric,
            unit: self.unit,
            ours: None,
            peer: Some(peer),
            peer_name: self.peer_name,
            ratio: None,
            low: None,
            high: None,
            goal: self.goal,
            met: None,
        }
    }
}

#[cfg(test)]
mod tests;
