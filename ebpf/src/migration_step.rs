//! The steps of bringing the maps of a host into this build's layout, by name
//! and in order: the one list. Pure.
//!
//! Until the programs are replaced nothing but copies is made: whoever comes
//! back finds the old ones at work. From the first program replaced on, old
//! and new maps count, each what its programs see. What the old ones counted
//! is taken over when nobody adds to it any more, by writing sums, so that
//! twice is once. Then the new set becomes the whole truth, by one rename, and
//! only then the old ones go. What each directory is at each moment:
//! `lineage`.

use std::fmt;

use crate::counters::Direction;

/// A step of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MigrationStep {
    /// New maps, empty.
    Make,
    /// Endpoints, addresses and settings, by the names of fields; counters at
    /// zero.
    Copy,
    /// The new maps may meet packets: what they count counts.
    Offer,
    /// The program of this direction is replaced. Whoever put it where packets
    /// pass takes this step.
    Replace(Direction),
    /// What the old maps counted, per CPU, as one sum beside the new counters.
    TakeOver,
    /// The new maps are the whole truth.
    Settle,
    /// The old pins go, and the old maps with them.
    RemoveOld,
}

impl MigrationStep {
    /// All, in order.
    pub const ALL: [Self; 8] = [
        Self::Make,
        Self::Copy,
        Self::Offer,
        Self::Replace(Direction::FromContainer),
        Self::Replace(Direction::ToContainer),
        Self::TakeOver,
        Self::Settle,
        Self::RemoveOld,
    ];
}

impl fmt::Display for MigrationStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Make => "migrate:make",
            Self::Copy => "migrate:copy",
            Self::Offer => "migrate:offer",
            Self::Replace(Direction::FromContainer) => {
                "migrate:replace-from-container"
            }
            Self::Replace(Direction::ToContainer) => {
                "migrate:replace-to-container"
            }
            Self::TakeOver => "migrate:take-over",
            Self::Settle => "migrate:settle",
            Self::RemoveOld => "migrate:remove-old",
        })
    }
}
