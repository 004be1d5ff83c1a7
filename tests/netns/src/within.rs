//! Waiting for something to become true. The only pause of the harness.

use std::thread;
use std::time::{Duration, Instant};

/// How long to wait between two looks: short beside any deadline, long
/// enough to leave two CPUs to those who are waited for.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks again and again until `look` finds something, at most for
/// `patience`; then fails with `what` was awaited.
pub fn within<T>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {patience:?}: {what}");
        thread::park_timeout(PAUSE);
    }
}

/// As [`within`], until `look` finds nothing to complain of; fails with the
/// last complaint.
pub fn until_fine(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> Result<(), String>,
) {
    let deadline = Instant::now() + patience;
    while let Err(complaint) = look() {
        assert!(
            Instant::now() < deadline,
            "not within {patience:?}: {what}: {complaint}"
        );
        thread::park_timeout(PAUSE);
    }
}

/// Seconds, for deadlines: generous ones, for a test promises no speed.
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
