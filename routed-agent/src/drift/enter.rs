//! The way into a container whose runtime has long gone: a netlink socket in
//! its network namespace, and nothing kept open afterwards. Acts.
//!
//! A path leads to whatever was put there last, and so does the number of a
//! process. So whatever is found is held against the cookie of the record,
//! which the kernel gives to no other namespace; a record that lost it is held
//! against the number that the host's end tells of its peer's namespace.

use std::collections::BTreeSet;
use std::os::linux::fs::MetadataExt;

use tartan_agent_api::record::Record;
use tartan_hostnet::{Link, NetNs, Rtnl};

/// A container's namespace, for as long as this lives.
pub(crate) struct Entered {
    /// Netlink inside it.
    pub(crate) rtnl: Rtnl,
    /// Number of the container's end.
    pub(crate) index: u32,
}

/// Enters the container whose host's end is `link`; none where no way leads
/// there: no process is in it, and this agent cannot see its path.
pub(crate) fn enter(
    rtnl: &mut Rtnl,
    record: &Record,
    link: &Link,
) -> Option<Entered> {
    let index = match record.container_index {
        0 => link.peer_index?,
        known => known,
    };
    let by_path = || {
        if record.netns_path.is_empty() || record.netns_cookie == 0 {
            return None;
        }
        open(&record.netns_path, record)
    };
    let rtnl = by_path().or_else(|| by_process(rtnl, record, link))?;
    Some(Entered { rtnl, index })
}

fn open(path: &str, record: &Record) -> Option<Rtnl> {
    let netns = NetNs::open(path).ok()?;
    let rtnl = Rtnl::open_in(&netns).ok()?;
    let is_it = record.netns_cookie == 0
        || rtnl.netns_cookie().is_ok_and(|it| it == record.netns_cookie);
    is_it.then_some(rtnl)
}

/// Looks for a process that is in it. The kernel tells of each namespace what
/// number it has here, so that none is entered in vain.
fn by_process(rtnl: &mut Rtnl, record: &Record, link: &Link) -> Option<Rtnl> {
    let wanted = link.peer_netns_id?;
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        let path = format!("/proc/{process}/ns/net");
        let Ok(file) = std::fs::metadata(&path) else { continue };
        if !seen.insert((file.st_dev(), file.st_ino())) {
            continue;
        }
        if rtnl.netns_id_of(process).ok().flatten() != Some(wanted) {
            continue;
        }
        if let Some(found) = open(&path, record) {
            return Some(found);
        }
    }
    None
}
