//! Opens the network namespace that `CNI_NETNS` names, and a netlink socket
//! inside it. Acts.
//!
//! The namespace is entered for that socket and not left again: the plugin has
//! one thread, which does nothing afterwards but speak to the agent over a
//! path. The agent would need a thread of its own for the same.
//!
//! What is refused, and with which code of the specification: a path that
//! cannot be opened or is no namespace, 4 (the variable is not accepted); our
//! own namespace, 8, as the reference skeleton does.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, fstat, fstatfs, openat, stat};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use thiserror::Error;

use crate::environment::OwnNetns;

/// File system of namespaces: `NSFS_MAGIC` of include/uapi/linux/magic.h.
const NSFS_MAGIC: i64 = 0x6e73_6673;

/// A `CNI_NETNS` that cannot serve.
#[derive(Debug, Error)]
pub enum NetnsError {
    /// Nothing can be opened there.
    #[error("cannot open CNI_NETNS {path}")]
    Open {
        /// What it names.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is something else: a plain file where a mount is gone, say.
    #[error("CNI_NETNS {path} is not a network namespace")]
    NotNetns {
        /// What it names.
        path: PathBuf,
    },
    /// It is the namespace that the plugin itself runs in.
    #[error(
        "plugin's netns and netns from CNI_NETNS should not be the same: {path}"
    )]
    Own {
        /// What it names.
        path: PathBuf,
    },
}

/// A namespace as the agent gets it.
#[derive(Debug)]
pub struct Netns {
    namespace: OwnedFd,
    rtnl: Option<OwnedFd>,
}

impl Netns {
    /// The descriptors that go beside a request.
    pub fn beside(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let rtnl = self.rtnl.as_ref().map(AsFd::as_fd);
        std::iter::once(self.namespace.as_fd()).chain(rtnl)
    }
}

/// Opens the namespace at `path` and enters it.
pub fn open(path: &Path, own: OwnNetns) -> Result<Netns, NetnsError> {
    let namespace = namespace(path, own)?;
    match rtnl_inside(&namespace) {
        // A namespace of another kind (setns(2)).
        Err(Errno::INVAL) => {
            Err(NetnsError::NotNetns { path: path.to_owned() })
        }
        // Without the socket the agent does the same work more slowly.
        rtnl => Ok(Netns { namespace, rtnl: rtnl.ok() }),
    }
}

fn rtnl_inside(namespace: &OwnedFd) -> rustix::io::Result<OwnedFd> {
    let network = Some(LinkNameSpaceType::Network);
    move_into_link_name_space(namespace.as_fd(), network)?;
    // No protocol given is NETLINK_ROUTE, number 0.
    let flags = SocketFlags::CLOEXEC;
    socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)
}

fn namespace(path: &Path, own: OwnNetns) -> Result<OwnedFd, NetnsError> {
    let failed = |errno: Errno| NetnsError::Open {
        path: path.to_owned(),
        source: errno.into(),
    };
    // Not to wait, should somebody have put a pipe there.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let netns = openat(CWD, path, flags, Mode::empty()).map_err(failed)?;
    let kind = fstatfs(&netns).map_err(failed)?.f_type;
    if kind != NSFS_MAGIC {
        return Err(NetnsError::NotNetns { path: path.to_owned() });
    }
    let ours = stat("/proc/self/ns/net").map_err(failed)?;
    let its = fstat(&netns).map_err(failed)?;
    let is_own = (its.st_dev, its.st_ino) == (ours.st_dev, ours.st_ino);
    match own {
        OwnNetns::Refuse if is_own => {
            Err(NetnsError::Own { path: path.to_owned() })
        }
        OwnNetns::Refuse | OwnNetns::Accept => Ok(netns),
    }
}
