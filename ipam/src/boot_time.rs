//! Moments of one boot: what rest and age are measured in. Pure: whoever asks
//! the ledger brings the time along.

use std::time::Duration;

/// A moment as CLOCK_BOOTTIME counts it: since the host started, sleep
/// included. A change of the wall clock does not move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct BootTime(Duration);

impl BootTime {
    /// The start of the host.
    pub const START: Self = Self(Duration::ZERO);

    /// The moment `since_start` after the host started.
    pub fn new(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// As records write it.
    pub fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// As records write it; rounded up, so that no rest ends early.
    pub fn as_millis(self) -> u64 {
        let millis = self.0.as_nanos().div_ceil(1_000_000);
        u64::try_from(millis).unwrap_or(u64::MAX)
    }

    /// How long ago `earlier` was; zero where it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The moment `wait` later.
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait))
    }
}
