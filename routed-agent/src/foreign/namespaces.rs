//! Which network namespaces exist on this host. Acts, by looking only.
//!
//! A namespace is told from others by its cookie alone. Within one look the
//! inode number saves entering a namespace twice: what is looked for lives
//! through the whole look, or is gone.
//!
//! Some mounts cannot be looked into: a user's own, say, behind a directory
//! that is closed to an agent without the capability. Their inode numbers tell
//! which namespaces those may be.
//!
//! A look is no moment: a process could leave for a place that was looked at
//! already. So what is not found is looked for a second time.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nix::errno::Errno;
use nix::sys::stat::fstat;
use tartan_hostnet::{NetNs, NetnsError, OpenError, Rtnl};
use thiserror::Error;

/// Longest table of mounts that is read, in bytes.
const MOST_MOUNTS: u64 = 16 * 1024 * 1024;
/// How many paths that cannot be looked at are told of.
const MOST_TOLD: usize = 1024;

/// Something that may be a namespace could not be looked at.
#[derive(Debug, Error)]
pub(super) enum LookError {
    #[error("cannot look at {path}")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot look into {path}")]
    Enter {
        path: PathBuf,
        #[source]
        source: NetnsError,
    },
    #[error("cannot open a netlink socket in {path}")]
    Open {
        path: PathBuf,
        #[source]
        source: OpenError,
    },
}

/// Inode number of a namespace.
pub(super) fn inode(netns: &NetNs) -> Option<u64> {
    fstat(netns.as_fd()).ok().map(|found| found.st_ino)
}

/// Inode number of the namespace that a process is in.
pub(super) fn of(pid: i32) -> Option<u64> {
    fs::metadata(format!("/proc/{pid}/ns/net")).ok().map(|found| found.ino())
}

/// What was not found.
pub(super) struct Gone {
    missing: BTreeSet<u64>,
    /// Inode numbers of what could not be looked into.
    blind: BTreeSet<u64>,
}

impl Gone {
    /// True where the namespace of that cookie exists no longer: it was not
    /// found, and it is none of those that could not be looked into.
    pub(super) fn is_proven(&self, cookie: u64, inode: Option<u64>) -> bool {
        let may_be_blind = match inode {
            Some(inode) => self.blind.contains(&inode),
            None => !self.blind.is_empty(),
        };
        self.missing.contains(&cookie) && !may_be_blind
    }
}

/// Those of `cookies` whose namespace exists no longer. `paths` are looked at
/// first: there they were.
pub(super) fn gone(
    cookies: BTreeSet<u64>,
    paths: &BTreeSet<PathBuf>,
) -> Result<Gone, LookError> {
    let (mut missing, mut blind) = (cookies, BTreeSet::new());
    for _ in 0..2 {
        let mut look = Look { missing, blind, inodes: BTreeSet::new() };
        look.all(paths)?;
        (missing, blind) = (look.missing, look.blind);
    }
    Ok(Gone { missing, blind })
}

/// One look around.
struct Look {
    missing: BTreeSet<u64>,
    blind: BTreeSet<u64>,
    inodes: BTreeSet<u64>,
}

impl Look {
    fn all(&mut self, paths: &BTreeSet<PathBuf>) -> Result<(), LookError> {
        for path in paths {
            // A mere hint where to look first: what is there is mounted, or a
            // process is in it, and is met again below.
            if let Err(error) = self.place(path) {
                warn_once(path, &error);
            }
        }
        let proc = Path::new("/proc");
        let processes: Vec<_> =
            numbered(proc).map_err(|source| read(proc, source))?;
        for process in &processes {
            if self.missing.is_empty() {
                return Ok(());
            }
            self.process(process)?;
        }
        let mut tables = BTreeSet::new();
        for process in &processes {
            if self.missing.is_empty() {
                return Ok(());
            }
            self.mounts(process, &mut tables)?;
        }
        Ok(())
    }

    /// The namespaces of a process: each of its threads has one.
    fn process(&mut self, process: &Path) -> Result<(), LookError> {
        let tasks = process.join("task");
        let tasks = match numbered(&tasks) {
            Err(error) if !is_gone(&error) => return Err(read(&tasks, error)),
            tasks => tasks.unwrap_or_default(),
        };
        tasks.iter().try_for_each(|task| self.place(&task.join("ns/net")))
    }

    /// The namespaces that are mounted where a process sees them, once for
    /// all processes that see the same.
    fn mounts(
        &mut self,
        process: &Path,
        tables: &mut BTreeSet<u64>,
    ) -> Result<(), LookError> {
        let table = process.join("ns/mnt");
        let Some(table) = there(&table, fs::metadata(&table))? else {
            return Ok(());
        };
        if !tables.insert(table.ino()) {
            return Ok(());
        }
        let path = process.join("mountinfo");
        let mut text = String::new();
        let all = File::open(&path)
            .and_then(|f| f.take(MOST_MOUNTS).read_to_string(&mut text));
        if there(&path, all)?.is_none() {
            return Ok(());
        }
        for (inode, mounted) in text.lines().filter_map(mounted_netns) {
            if self.inodes.contains(&inode) {
                continue;
            }
            let path = process.join("root").join(&mounted);
            let looked = self.place(&path);
            if let Err(error) = &looked {
                tracing::debug!("{}", crate::chain(error));
            }
            if !self.inodes.contains(&inode) && still_lists(process, inode) {
                self.blind.insert(inode);
            }
        }
        Ok(())
    }

    /// Looks at what is at `path`, if anything is.
    fn place(&mut self, path: &Path) -> Result<(), LookError> {
        let Some(found) = there(path, fs::metadata(path))? else {
            return Ok(());
        };
        if self.inodes.contains(&found.ino()) {
            return Ok(());
        }
        let netns = match NetNs::open(path) {
            Ok(netns) => netns,
            // Something else has taken the place of a namespace.
            Err(NetnsError::NotNetwork { .. }) => return Ok(()),
            Err(NetnsError::Open { source, .. }) if is_gone(&source) => {
                return Ok(());
            }
            Err(source) => {
                return Err(LookError::Enter { path: path.into(), source });
            }
        };
        let inside = Rtnl::open_in(&netns)
            .map_err(|source| LookError::Open { path: path.into(), source })?;
        let cookie = inside.netns_cookie().map_err(|e| read(path, e))?;
        self.missing.remove(&cookie);
        let stat = fstat(netns.as_fd()).map_err(|e| read(path, e.into()))?;
        self.inodes.insert(stat.st_ino);
        Ok(())
    }
}

/// A path that was remembered once stays as it is: it is told of once.
fn warn_once(path: &Path, error: &LookError) {
    static TOLD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.len() < MOST_TOLD && told.insert(path.to_owned()) {
        tracing::warn!("{}", crate::chain(error));
    }
}

fn still_lists(process: &Path, inode: u64) -> bool {
    let table = fs::read_to_string(process.join("mountinfo"));
    let table = table.unwrap_or_default();
    table.lines().filter_map(mounted_netns).any(|(found, _)| found == inode)
}

/// Inode and place of a namespace in a line of mountinfo (proc(5)), the place
/// without its leading slash.
fn mounted_netns(line: &str) -> Option<(u64, PathBuf)> {
    let mut words = line.split(' ').skip(3);
    let (root, place) = (words.next()?, words.next()?);
    let inode = root.strip_prefix("net:[")?.strip_suffix(']')?;
    let place = unescaped(place.trim_start_matches('/'))?;
    Some((inode.parse().ok()?, place))
}

/// Blanks and the like are written as three octal digits.
fn unescaped(text: &str) -> Option<PathBuf> {
    let mut parts = text.split('\\');
    let mut plain = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(3)?;
        plain.push(u8::from_str_radix(digits, 8).ok()?);
        plain.extend(rest.as_bytes());
    }
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(plain).into())
}

/// What is named by a number in a directory of /proc.
fn numbered(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// None where it, or its process, is gone.
fn there<T>(path: &Path, found: io::Result<T>) -> Result<Option<T>, LookError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(read(path, error)),
    }
}

fn is_gone(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::ENOENT | Errno::ESRCH | Errno::ENOTDIR))
}

fn read(path: &Path, source: io::Error) -> LookError {
    LookError::Read { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
