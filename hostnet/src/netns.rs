//! Network namespaces: holding one, and running code inside one.
//!
//! A namespace is entered by a thread of its own that ends with the code: no
//! worker of a runtime, and no caller, is ever in a namespace it does not
//! expect to be in, not even after a panic.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::panic;
use std::path::{Path, PathBuf};
use std::thread;

use nix::libc;
use nix::sched::CloneFlags;
use nix::sys::statfs::{NSFS_MAGIC, fstatfs};
use thiserror::Error;

use crate::sys;

/// A network namespace, kept alive by this descriptor.
#[derive(Debug)]
pub struct NetNs(OwnedFd);

/// What can go wrong with a namespace.
#[derive(Debug, Error)]
pub enum NetnsError {
    /// The file cannot be opened.
    #[error("cannot open network namespace {path}")]
    Open {
        /// The path given.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The descriptor cannot be asked what it is.
    #[error("cannot inspect descriptor {fd}")]
    Inspect {
        /// The descriptor.
        fd: RawFd,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The descriptor is of something else.
    #[error("descriptor {fd} is not a network namespace")]
    NotNetwork {
        /// The descriptor.
        fd: RawFd,
    },
    /// The kernel refused to let a thread in.
    #[error("cannot enter network namespace of descriptor {fd}")]
    Enter {
        /// The descriptor.
        fd: RawFd,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No thread could be started.
    #[error("cannot start a thread to enter a network namespace")]
    Thread {
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl NetNs {
    /// Takes over a descriptor, which must be of a network namespace.
    pub fn from_fd(fd: OwnedFd) -> Result<Self, NetnsError> {
        let raw = fd.as_raw_fd();
        let inspect = |source| NetnsError::Inspect { fd: raw, source };
        let system = fstatfs(&fd).map_err(|errno| inspect(errno.into()))?;
        if system.filesystem_type() != NSFS_MAGIC {
            return Err(NetnsError::NotNetwork { fd: raw });
        }
        let kind = sys::namespace_type(fd.as_fd()).map_err(inspect)?;
        if kind != libc::CLONE_NEWNET {
            return Err(NetnsError::NotNetwork { fd: raw });
        }
        Ok(Self(fd))
    }

    /// Opens a path such as /run/netns/NAME or /proc/PID/ns/net.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, NetnsError> {
        let path = path.as_ref();
        // Without O_NONBLOCK a fifo in the place of a namespace would keep
        // the caller for ever.
        OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
            .map_err(|source| NetnsError::Open { path: path.into(), source })
            .and_then(|file: File| Self::from_fd(file.into()))
    }

    /// The namespace of the calling thread.
    pub fn current() -> Result<Self, NetnsError> {
        Self::open("/proc/thread-self/ns/net")
    }

    fn enter(&self) -> Result<(), NetnsError> {
        let fd = self.0.as_raw_fd();
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that enters namespaces"
        )]
        let entered = nix::sched::setns(&self.0, CloneFlags::CLONE_NEWNET);
        entered.map_err(|errno| NetnsError::Enter { fd, source: errno.into() })
    }
}

impl AsFd for NetNs {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Runs `f` inside the namespace, on a thread made for it. A panic of `f`
/// goes on in the caller, who has never left its own namespace.
pub fn within<T: Send>(
    ns: &NetNs,
    f: impl FnOnce() -> T + Send,
) -> Result<T, NetnsError> {
    thread::scope(|scope| {
        thread::Builder::new()
            .name("netns".into())
            .spawn_scoped(scope, || ns.enter().map(|()| f()))
            .map_err(|source| NetnsError::Thread { source })?
            .join()
            .unwrap_or_else(|cause| panic::resume_unwind(cause))
    })
}
