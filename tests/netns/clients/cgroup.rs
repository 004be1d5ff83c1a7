//! The control groups that a runtime makes are the machine's, not the
//! story's: they lie under a parent of the story's own and are removed with
//! everything in them.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tartan_stories::within;
use tartan_stories::within::seconds;

/// The parent of all control groups of one story.
#[derive(Debug)]
pub(crate) struct Parent(String);

impl Parent {
    /// A parent whose name no other story has.
    pub(crate) fn new() -> Self {
        let since = std::time::UNIX_EPOCH.elapsed().unwrap();
        Self(format!("tartan-story-{}", since.as_nanos()))
    }

    /// Its path from the root of each hierarchy.
    pub(crate) fn path(&self) -> String {
        format!("/{}", self.0)
    }

    /// Where it is in each hierarchy.
    fn places(&self) -> Vec<PathBuf> {
        let root = Path::new("/sys/fs/cgroup");
        let below = fs::read_dir(root).into_iter().flatten().flatten();
        below
            .map(|entry| entry.path())
            .chain([root.to_owned()])
            .map(|hierarchy| hierarchy.join(&self.0))
            .filter(|place| place.is_dir())
            .collect()
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        for place in self.places() {
            within(seconds(10), "control groups are removed", || {
                remove(&place);
                (!place.exists()).then_some(())
            });
        }
    }
}

/// Ends what is in a group and below, and removes it.
fn remove(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove(&entry.path());
        }
    }
    let members = fs::read_to_string(group.join("cgroup.procs"));
    for pid in members.unwrap_or_default().lines() {
        // 0: a process of another pid namespace, which we did not start.
        if let Ok(pid @ 1..) = pid.parse() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
    let _ = fs::remove_dir(group);
}
