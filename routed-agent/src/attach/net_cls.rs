//! Tells a container's control group of its class (net_cls of cgroup v1), for
//! programs of others that match it. Acts; nothing of ours depends on it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

use tartan_model::{CgroupPath, ClassId};

/// Where the kernel tells what is mounted here.
const MOUNTS: &str = "/proc/self/mountinfo";

/// Writes the class, where the host has net_cls and the group is there.
pub(super) fn tell(class: ClassId, group: &CgroupPath) -> io::Result<()> {
    let mounts = std::fs::read_to_string(MOUNTS)?;
    let Some(root) = hierarchy(&mounts) else { return Ok(()) };
    let path = root.join(group.below_root()).join("net_cls.classid");
    match OpenOptions::new().write(true).open(path) {
        // The runtime has groups of its own in other hierarchies only.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        opened => opened?.write_all(class.bits().to_string().as_bytes()),
    }
}

/// Where net_cls is mounted, as proc(5) tells: the whole hierarchy, for a path
/// is told from its root on.
fn hierarchy(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (mount, kind) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        let mut kind = kind.split(' ');
        let is_net_cls = kind.next() == Some("cgroup")
            && kind.nth(1)?.split(',').any(|it| it == "net_cls");
        (is_net_cls && root == "/").then(|| PathBuf::from(point))
    })
}

#[cfg(test)]
mod tests;
