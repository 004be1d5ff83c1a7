//! The clocks of the host: the only place of the agent that looks at them
//! besides `main` and the loops. Everything else is told the time.

use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};
use tartan_ipam::BootTime;
use tartan_model::{BootId, Generation};

/// Where the kernel says which boot this is.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The boot of this host; `stand_in` (`TARTAN_BOOT_ID`) takes its place in
/// tests, so that a reboot can be told without one.
pub(crate) fn boot_id(
    stand_in: Option<std::ffi::OsString>,
) -> std::io::Result<BootId> {
    match stand_in.and_then(|id| id.into_string().ok()) {
        Some(id) if !id.is_empty() => Ok(BootId::new(&id)),
        _ => std::fs::read_to_string(BOOT_ID).map(|id| BootId::new(&id)),
    }
}

/// Time since the host's boot, time asleep included: it cannot be set.
pub(crate) fn boot_time() -> BootTime {
    // CLOCK_BOOTTIME exists since Linux 2.6.39 and cannot fail; were it to,
    // a standing clock only lets addresses rest longer.
    let since_boot = clock_gettime(ClockId::CLOCK_BOOTTIME)
        .map_or(Duration::ZERO, Duration::from);
    BootTime::new(since_boot)
}

/// Hands out generations, each above all before.
#[derive(Debug)]
pub(crate) struct Generations(Mutex<Generation>);

impl Generations {
    /// Begins above `highest`, the highest that is known of.
    pub(crate) fn above(highest: Generation) -> Self {
        Self(Mutex::new(highest))
    }

    /// The next one.
    pub(crate) fn next(&self) -> Generation {
        // A generation never repeats, even where records were lost.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let micros = now.map_or(0, |since| since.as_micros() as u64);
        let mut last =
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = last.next(micros);
        *last
    }
}
