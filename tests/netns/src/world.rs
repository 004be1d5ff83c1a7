//! The world of one story: what is in it came with the story, and goes with
//! it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::container::Container;
use crate::host::{Host, mount_on};
use crate::leftover;
use crate::process;

/// The hosts of a story. It is dropped clean or not at all.
#[derive(Debug)]
pub struct World {
    root: PathBuf,
    hosts: Mutex<Vec<Host>>,
}

impl World {
    /// An empty world, in namespaces that are this process's own.
    pub(crate) fn new() -> Self {
        mount_on("tmpfs", Path::new("/run"), None);
        let root = PathBuf::from("/run/story");
        for dir in [&root, Path::new("/run/netns"), Path::new("/run/lock")] {
            fs::create_dir_all(dir).expect("a directory");
        }
        let mut up = Command::new("ip");
        process::run(up.args(["link", "set", "lo", "up"])).success("lo up");
        Self { root, hosts: Mutex::default() }
    }

    /// A directory of the story for whatever it needs.
    pub fn directory(&self, name: &str) -> PathBuf {
        let path = self.root.join("of-the-story").join(name);
        fs::create_dir_all(&path).expect("a directory");
        path
    }

    /// A host with its agent, the pool `default` of both families and the
    /// teams `shop` and `blog`.
    #[track_caller]
    pub fn host(&self, name: &str) -> Host {
        let host = self.bare_host(name);
        host.starts_agent();
        host.is_furnished();
        host
    }

    /// A host whose agent has not been started yet.
    pub fn bare_host(&self, name: &str) -> Host {
        let mut hosts = self.lock();
        let host = Host::build(&self.root, name, hosts.len() + 1);
        hosts.push(host.clone());
        host
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hosts so far.
    pub fn hosts(&self) -> Vec<Host> {
        self.lock().clone()
    }

    /// Ends the story as a well-kept host ends: each container is taken off
    /// its networks, then nothing of ours may be left, then the agent stops.
    pub(crate) fn close(&self) {
        for host in self.hosts() {
            if host.is_ours() {
                leave_clean(&host);
            }
            host.containers().iter().for_each(Container::dies);
        }
        leftover::no_process();
    }

    /// Ends a story that failed: only the processes matter.
    pub(crate) fn abandon(&self) {
        for host in self.hosts() {
            host.kills_agent();
            host.containers().iter().for_each(Container::dies);
        }
    }
}

#[track_caller]
fn leave_clean(host: &Host) {
    if !host.has_agent() {
        host.starts_agent();
    }
    host.containers().iter().for_each(Container::detach_all);
    leftover::none_on(host);
    host.stops_agent();
}
