//! The bpf file system that keeps maps alive between two lives of the agent.
//! Acts: looks at mounts, and mounts one where there is none.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, mkdir, statfs};
use rustix::mount::{MountFlags, mount};
use thiserror::Error;

/// `BPF_FS_MAGIC`, include/uapi/linux/magic.h.
const BPF_FS_MAGIC: u64 = 0xcafe_4a11;
/// `SYSFS_MAGIC`, include/uapi/linux/magic.h.
const SYSFS_MAGIC: u64 = 0x6265_6572;

/// A directory that could not be made to lie on a bpf file system.
#[derive(Debug, Error)]
pub enum BpffsError {
    /// Nobody may look there.
    #[error("cannot look at the file system of {path}")]
    Look {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The directory does not exist and cannot be made.
    #[error("cannot make directory {path}")]
    MakeDirectory {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The kernel did not mount it.
    #[error("cannot mount a bpf file system on {path}")]
    Mount {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Makes `dir` a directory on a bpf file system. One that is mounted on it or
/// above it is used. Otherwise one is mounted: on `dir` itself, or, where its
/// nearest existing ancestor is of sysfs (`/sys/fs/bpf`, in which nobody can
/// make directories), on that.
pub fn ensure_bpffs(dir: &Path) -> Result<(), BpffsError> {
    let ancestor = nearest_existing(dir);
    match magic(ancestor)? {
        BPF_FS_MAGIC => make_directories(dir),
        SYSFS_MAGIC => {
            mount_bpffs(ancestor)?;
            make_directories(dir)
        }
        _ => {
            make_directories(dir)?;
            mount_bpffs(dir)
        }
    }
}

/// True where `dir` exists and is on a bpf file system.
pub(crate) fn is_on_bpffs(dir: &Path) -> bool {
    magic(dir).is_ok_and(|found| found == BPF_FS_MAGIC)
}

fn magic(path: &Path) -> Result<u64, BpffsError> {
    let stat = statfs(path).map_err(|errno| BpffsError::Look {
        path: path.to_owned(),
        source: errno.into(),
    })?;
    Ok(stat.f_type as u64)
}

fn nearest_existing(dir: &Path) -> &Path {
    dir.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"))
}

/// As `create_dir_all`, and for root alone: maps tell who talks to whom.
pub(crate) fn make_directories(dir: &Path) -> Result<(), BpffsError> {
    let missing: Vec<_> =
        dir.ancestors().take_while(|path| !path.exists()).collect();
    for path in missing.into_iter().rev() {
        match mkdir(path, Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(errno) => {
                return Err(BpffsError::MakeDirectory {
                    path: path.to_owned(),
                    source: errno.into(),
                });
            }
        }
    }
    Ok(())
}

fn mount_bpffs(on: &Path) -> Result<(), BpffsError> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("bpf", on, "bpf", flags, Some(c"mode=0700")).map_err(|errno| {
        BpffsError::Mount { path: on.to_owned(), source: errno.into() }
    })
}
