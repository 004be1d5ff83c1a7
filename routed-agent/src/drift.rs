//! Drift: what others change of ours is put back within a second, each time
//! with an event. A reconciler in the five files that every one has, and what
//! makes it quick and patient:
//!
//! | file | |
//! |---|---|
//! | `kind` | pure: what can be changed, and whose it is |
//! | `desired` | pure: a record -> what its two ends should have |
//! | `observed` | acts: reads the same types from the kernel |
//! | `plan` | pure: the two -> what differs, in the order of repair |
//! | `apply` | acts: puts it back |
//! | `report` | the last events, counters, what is left alone |
//! | `watch` | acts: the thread that hears what happens and has it looked at |
//! | `hear` | acts: reads what the kernel tells |
//! | `suspect` | pure: does what happened agree with the record? |
//! | `namespaces` | pure: which containers are where |
//! | `pace` | pure: what is looked at next, and when |
//! | `patience` | pure: when to stop repairing |
//! | `enter` | acts: the way into a container |
//! | `look` | acts: one look at one end |
//! | `host_wide`, `doors` | acts: what is no attachment's |
//!
//! It costs what changes, not what exists: an event is parsed and held against
//! one record; only what does not agree leads to a look, and a look reads what
//! is that attachment's own.
//!
//! Tasks: one thread, ended with the process. Whatever it had not yet repaired
//! the next agent's first round finds.

mod apply;
mod desired;
mod doors;
mod enter;
mod hear;
mod host_wide;
mod kind;
mod look;
mod namespaces;
mod observed;
mod pace;
mod patience;
mod plan;
mod report;
mod suspect;
mod watch;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::eventfd::{EfdFlags, EventFd};

pub(crate) use doors::Doors;
pub(crate) use kind::Kind;
pub(crate) use report::{Counts, Journal};
pub(crate) use watch::{StartError, start};

/// Drift, as other parts of the agent know it.
#[derive(Debug)]
pub(crate) struct Drift {
    /// What was found.
    pub(crate) journal: Journal,
    /// Somebody asked for everything to be looked at, and for what was given
    /// up to be taken up again.
    is_asked: AtomicBool,
    wake: EventFd,
}

impl Drift {
    /// Nothing has been found yet.
    pub(crate) fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self {
            journal: Journal::default(),
            is_asked: AtomicBool::new(false),
            wake: EventFd::from_value_and_flags(0, flags)?,
        })
    }

    /// Everything is looked at soon, what was given up too.
    pub(crate) fn look_at_all(&self) {
        self.is_asked.store(true, Ordering::Relaxed);
        // Full: then it wakes already.
        let _ = self.wake.write(1);
    }

    /// True once after somebody asked.
    fn take_asked(&self) -> bool {
        let _ = self.wake.read();
        self.is_asked.swap(false, Ordering::Relaxed)
    }
}
