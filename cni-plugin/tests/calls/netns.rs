//! A network namespace for as long as a test runs.

use std::os::linux::fs::MetadataExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Held by a process that ends with its standard input, and so with the test.
pub(crate) struct Netns(Child);

impl Netns {
    #[expect(
        clippy::disallowed_methods,
        reason = "a namespace lives as long as somebody in it"
    )]
    pub(crate) fn new() -> Self {
        let child = Command::new("unshare")
            .args(["--net", "cat"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let netns = Self(child);
        let deadline = Instant::now() + Duration::from_secs(20);
        while inode(&netns.path()) == inode("/proc/self/ns/net") {
            assert!(Instant::now() < deadline, "no namespace was made");
            std::thread::yield_now();
        }
        netns
    }

    pub(crate) fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.0.id())
    }

    pub(crate) fn inode(&self) -> u64 {
        inode(&self.path())
    }

    /// How many links it has, under two lines of headings.
    pub(crate) fn links(&self) -> usize {
        let path = format!("/proc/{}/net/dev", self.0.id());
        std::fs::read_to_string(path).unwrap().lines().count() - 2
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn inode(path: &str) -> u64 {
    std::fs::metadata(path).unwrap().st_ino()
}
