//! The reaper: deletes links that are no longer anybody's, off the way of
//! every request.
//!
//! Deleting a link waits for RCU grace periods (some 20 ms each time), however
//! many are deleted at once. So DEL only takes a link down and puts it in the
//! reaper's group; this thread then deletes the whole group in one request.
//! The list of links to delete is that group, kept by the kernel: it survives
//! the agent.
//!
//! One thread, ended with the process. A reaping that is cut off is taken up
//! by the next agent's first.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tartan_hostnet::{Batch, OpenError, Rtnl};

use crate::attach::wire::GROUP_REAP;

/// The reaper waits until no link has come for so long: while a deletion holds
/// the kernel's lock, ADDs wait for it, and a burst of DELs seldom ends alone.
const QUIET: Duration = Duration::from_millis(25);
/// Nor does it wait longer than this, or for more links than these, where
/// containers come and go all the time: a deletion costs some 15 ms and 0.25
/// ms for each link, so that one in a hundred ADDs meets it.
const LONGEST: Duration = Duration::from_secs(1);
const MOST_LINKS: u64 = 256;
/// How long it waits after a failed deletion.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The reaper's handle.
#[derive(Clone, Debug)]
pub(crate) struct Reaper(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    turns: Mutex<Turns>,
    changed: Condvar,
}

/// Wishes count up; `done` follows `wished`.
#[derive(Clone, Copy, Debug, Default)]
struct Turns {
    wished: u64,
    done: u64,
    /// Somebody waits for the end of it: no gathering.
    is_urgent: bool,
    /// Deletions that failed.
    failed: u64,
}

/// What the reaper has done so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReaperReport {
    /// True where links wait.
    pub(crate) is_behind: bool,
    /// Deletions that failed and were tried again.
    pub(crate) failed: u64,
}

impl Reaper {
    /// Starts the thread, in the network namespace of the caller. Its first
    /// act is to delete what an earlier agent left.
    pub(crate) fn start() -> Result<Self, StartError> {
        let rtnl = Rtnl::open()?;
        let shared = Arc::new(Shared::default());
        let reaper = Self(shared);
        let worker = reaper.clone();
        thread::Builder::new()
            .name("reaper".to_owned())
            .spawn(move || worker.run(rtnl))?;
        reaper.wake();
        Ok(reaper)
    }

    /// There is something to delete.
    pub(crate) fn wake(&self) {
        self.turns().wished += 1;
        self.0.changed.notify_all();
    }

    /// Waits until everything that waits now is deleted, or has failed to be
    /// once.
    pub(crate) fn drain(&self) {
        let mut turns = self.turns();
        turns.wished += 1;
        turns.is_urgent = true;
        let wish = turns.wished;
        self.0.changed.notify_all();
        let _turns = self
            .0
            .changed
            .wait_while(turns, |turns| turns.done < wish)
            .unwrap_or_else(PoisonError::into_inner);
    }

    /// How it is doing.
    pub(crate) fn report(&self) -> ReaperReport {
        let turns = *self.turns();
        ReaperReport {
            is_behind: turns.done < turns.wished,
            failed: turns.failed,
        }
    }

    fn run(&self, mut rtnl: Rtnl) {
        loop {
            let wish = self.next();
            let result = reap(&mut rtnl);
            let mut turns = self.turns();
            turns.done = wish;
            turns.is_urgent &= turns.wished > wish;
            self.0.changed.notify_all();
            if let Err(error) = result {
                tracing::warn!(%error, "cannot delete retired links");
                turns.failed += 1;
                turns.wished += 1;
                drop(self.pause(turns, AFTER_FAILURE));
            }
        }
    }

    /// Waits for a wish and, unless it is urgent, for its company.
    fn next(&self) -> u64 {
        let mut turns = self
            .0
            .changed
            .wait_while(self.turns(), |turns| turns.done == turns.wished)
            .unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        loop {
            let seen = turns.wished;
            turns = self.pause(turns, QUIET);
            let is_quiet = turns.wished == seen;
            let is_long = turns.wished - turns.done >= MOST_LINKS
                || began.elapsed() >= LONGEST;
            if is_quiet || is_long || turns.is_urgent {
                return turns.wished;
            }
        }
    }

    /// Waits for `time`, or until somebody is in a hurry.
    fn pause<'a>(
        &'a self,
        turns: MutexGuard<'a, Turns>,
        time: Duration,
    ) -> MutexGuard<'a, Turns> {
        let (turns, _) = self
            .0
            .changed
            .wait_timeout_while(turns, time, |turns| !turns.is_urgent)
            .unwrap_or_else(PoisonError::into_inner);
        turns
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.0.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reap(rtnl: &mut Rtnl) -> Result<(), tartan_hostnet::BatchError> {
    let mut batch = Batch::new();
    batch.delete_group(GROUP_REAP);
    match rtnl.apply(batch) {
        Err(error) if !error.is_absent() => Err(error),
        _ => Ok(()),
    }
}

/// The reaper could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot open a netlink socket for the reaper")]
    Netlink(#[from] OpenError),
    #[error("cannot start the reaper's thread")]
    Thread(#[from] io::Error),
}
