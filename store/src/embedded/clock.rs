//! The clock of leases (acts: reads it). Boot time goes on while the host
//! sleeps and never jumps, and all processes of a boot share it.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tartan_model::BootId;

/// A moment of one boot.
pub(super) struct Moment {
    /// The boot.
    pub(super) boot: BootId,
    /// Time since it began.
    pub(super) since_boot: Duration,
}

impl Moment {
    pub(super) fn now(boot: &BootId) -> Self {
        let time = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
        Self { boot: boot.clone(), since_boot: Duration::new(seconds, nanos) }
    }
}
