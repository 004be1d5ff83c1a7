//! How a process learns that another one committed (acts).
//!
//! Whoever committed opens the file `notice` for writing and closes it: that
//! writes nothing, works on a full disk, and wakes everyone who listens to
//! the folder with inotify. The write-ahead file itself would not do: its
//! last write comes before the sync, and with it before the commit can be
//! seen by others.
//!
//! A process that is killed between its commit and its notice leaves the
//! others waiting for their next look at `PRAGMA data_version`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use inotify::{EventMask, Inotify, WatchMask};

use super::fault::of_io;
use super::place::private;
use crate::engine::Fault;

/// The file that is touched.
#[derive(Clone)]
pub(super) struct Notice {
    folder: PathBuf,
    file: PathBuf,
}

impl Notice {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), file: folder.join("notice") }
    }

    pub(super) fn make(&self) -> io::Result<()> {
        private().open(&self.file).map(drop)
    }

    /// Tells all processes. Where that fails they notice a second later.
    pub(super) fn give(&self) {
        if let Err(error) = self.make() {
            tracing::debug!(%error, file = %self.file.display(), "no notice");
        }
    }
}

/// The thread that sleeps in inotify. Dropping this ends it.
pub(super) struct Listener {
    notice: Notice,
    is_over: Arc<AtomicBool>,
}

impl Listener {
    /// Starts it; it calls `wake` after each notice until that says no.
    pub(super) fn spawn(
        notice: Notice,
        wake: impl Fn() -> bool + Send + 'static,
    ) -> Result<Self, Fault> {
        let is_over = Arc::new(AtomicBool::new(false));
        let ears = Ears::open(&notice, Arc::clone(&is_over)).map_err(of_io)?;
        thread::Builder::new()
            .name("store-listener".to_owned())
            .spawn(move || ears.listen(wake))
            .map_err(of_io)?;
        Ok(Self { notice, is_over })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        self.notice.give();
    }
}

struct Ears {
    inotify: Inotify,
    is_over: Arc<AtomicBool>,
}

impl Ears {
    fn open(notice: &Notice, is_over: Arc<AtomicBool>) -> io::Result<Self> {
        let inotify = Inotify::init()?;
        let mask = WatchMask::CLOSE_WRITE | WatchMask::ONLYDIR;
        inotify.watches().add(&notice.folder, mask)?;
        Ok(Self { inotify, is_over })
    }

    fn listen(mut self, wake: impl Fn() -> bool) {
        while self.hear() && wake() {}
    }

    /// Waits for something; false when there is nothing more to wait for.
    fn hear(&mut self) -> bool {
        // Several notices in one reading are one reason to look.
        let mut buffer = [0; 4096];
        let is_alive = match self.inotify.read_events_blocking(&mut buffer) {
            // IGNORED: the folder was removed, and with it the watch.
            Ok(mut events) => {
                events.all(|event| !event.mask.contains(EventMask::IGNORED))
            }
            Err(error) => error.kind() == io::ErrorKind::Interrupted,
        };
        is_alive && !self.is_over.load(Ordering::Acquire)
    }
}
