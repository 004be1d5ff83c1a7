//! The configuration and the directories of this host. The decisions are
//! pure; [`read`] is thin.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::statfs::{BPF_FS_MAGIC, FsType, TMPFS_MAGIC, statfs};
use nix::sys::statvfs::{FsFlags, statvfs};

use super::finding::{Case, Finding, Severity};
use super::ground::Ground;

/// A file system with less room than this for us is nearly full.
const LEAST_PERCENT: u64 = 5;

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Directories {
    Config { path: PathBuf, trouble: String },
    NoBpffs { dir: PathBuf },
    RunAbsent { dir: PathBuf },
    RunNotTmpfs { dir: PathBuf },
    RunOpen { dir: PathBuf, owner: u32, mode: u32 },
    NotWritable { dir: PathBuf },
    StateAbsent { dir: PathBuf },
    NearlyFull { dir: PathBuf, free_percent: u64 },
    StoreDamaged { file: PathBuf },
}

impl Directories {
    fn object(&self) -> String {
        match self {
            Self::Config { path, .. } => path,
            Self::StoreDamaged { file } => file,
            Self::NoBpffs { dir }
            | Self::RunAbsent { dir }
            | Self::RunNotTmpfs { dir }
            | Self::RunOpen { dir, .. }
            | Self::NotWritable { dir }
            | Self::StateAbsent { dir }
            | Self::NearlyFull { dir, .. } => dir,
        }
        .display()
        .to_string()
    }

    fn id(&self) -> (&'static str, Severity) {
        use Severity::{Failure, Warning};
        match self {
            Self::Config { .. } => ("config-unusable", Failure),
            Self::NoBpffs { .. } => ("bpf-dir-no-bpffs", Failure),
            Self::RunAbsent { .. } => ("run-dir-absent", Failure),
            Self::RunNotTmpfs { .. } => ("run-dir-not-tmpfs", Warning),
            Self::RunOpen { .. } => ("run-dir-open", Failure),
            Self::NotWritable { .. } => ("dir-not-writable", Failure),
            Self::StateAbsent { .. } => ("state-dir-absent", Failure),
            Self::NearlyFull { .. } => ("disk-nearly-full", Warning),
            Self::StoreDamaged { .. } => ("store-damaged", Failure),
        }
    }

    fn why(&self) -> String {
        match self {
            Self::Config { trouble, .. } => {
                format!("the agent does not start with it: {trouble}")
            }
            Self::NoBpffs { .. } => "it is on no bpf file system: an agent \
                 that ends takes the maps with it"
                .to_owned(),
            Self::RunAbsent { .. } | Self::StateAbsent { .. } => {
                "it is not there: the agent has never run with it".to_owned()
            }
            Self::RunNotTmpfs { .. } => "it is on a disk: each ADD waits for \
                 it, and records outlive the boot"
                .to_owned(),
            Self::RunOpen { owner, mode, .. } => format!(
                "owner {owner}, mode {mode:o}: others than root may change \
                 records and sockets"
            ),
            Self::NotWritable { .. } => {
                "it is mounted read-only: nothing can be kept".to_owned()
            }
            Self::NearlyFull { free_percent, .. } => {
                format!("{free_percent} % of its file system are free")
            }
            Self::StoreDamaged { .. } => "it is no database: the agent does \
                 not start with it"
                .to_owned(),
        }
    }

    fn remedy(&self) -> String {
        let object = self.object();
        match self {
            Self::Config { .. } => format!(
                "mend {object}, or have a new one: tartan init --force \
                 --config {object}"
            ),
            Self::NoBpffs { .. } => format!("mount -t bpf bpf {object}"),
            Self::RunAbsent { .. } | Self::StateAbsent { .. } => {
                "systemctl start tartan-agent, which makes it".to_owned()
            }
            Self::RunNotTmpfs { .. } => format!(
                "end the containers and the agent, then: mount -t tmpfs -o \
                 mode=755 tmpfs {object}"
            ),
            Self::RunOpen { .. } => {
                format!("chown root {object} && chmod 755 {object}")
            }
            Self::NotWritable { .. } => {
                format!(
                    "mount -o remount,rw $(findmnt -n -o TARGET -T {object})"
                )
            }
            Self::NearlyFull { .. } => {
                format!("make room on the file system of {object}")
            }
            Self::StoreDamaged { .. } => format!(
                "stop the agent, put back a copy of {object}, or lose pools and \
                 teams: mv {object} {object}.damaged; start the agent"
            ),
        }
    }
}

impl Case for Directories {
    fn finding(&self) -> Finding {
        let (id, severity) = self.id();
        let (object, why, remedy) = (self.object(), self.why(), self.remedy());
        Finding { id, severity, object, why, remedy }
    }
}

/// What is read of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) owner: u32,
    pub(super) mode: u32,
    pub(super) is_tmpfs: bool,
    pub(super) is_bpffs: bool,
    pub(super) is_read_only: bool,
    pub(super) free_percent: u64,
}

/// What is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) config: (PathBuf, Option<String>),
    pub(super) run: (PathBuf, Option<Seen>),
    pub(super) state: (PathBuf, Option<Seen>),
    pub(super) bpf: (PathBuf, Option<Seen>),
    /// The first bytes of the embedded store, where there is one.
    pub(super) store: Option<(PathBuf, Vec<u8>)>,
}

/// Reads them.
pub(super) fn read(ground: &Ground) -> Facts {
    let places = &ground.places;
    let look = |dir: &PathBuf| (dir.clone(), seen(dir));
    // Before its first start: what the agent will make the folder in.
    let bpf = places.bpf_dir.ancestors().find_map(seen);
    let file = places.state_dir.join("store/store.db");
    let store = fs::read(&file).ok().filter(|_| ground.has_embedded_store);
    Facts {
        config: (places.config.clone(), ground.config_trouble.clone()),
        run: look(&places.run_dir),
        state: look(&places.state_dir),
        bpf: (places.bpf_dir.clone(), bpf),
        store: store.map(|bytes| (file, bytes.into_iter().take(16).collect())),
    }
}

fn seen(dir: &Path) -> Option<Seen> {
    let meta = fs::metadata(dir).ok()?;
    let system = statfs(dir).ok()?;
    let room = statvfs(dir).ok()?;
    let is = |kind: FsType| system.filesystem_type() == kind;
    let free = room.blocks_available() * 100;
    Some(Seen {
        owner: meta.uid(),
        mode: meta.mode() & 0o7777,
        is_tmpfs: is(TMPFS_MAGIC),
        is_bpffs: is(BPF_FS_MAGIC),
        is_read_only: room.flags().contains(FsFlags::ST_RDONLY),
        free_percent: free.checked_div(room.blocks()).unwrap_or(100),
    })
}

/// How a database begins (sqlite.org/fileformat.html, 1.3).
const DATABASE: &[u8] = b"SQLite format 3\0";

/// Decides.
pub(super) fn decide(facts: &Facts) -> Vec<Directories> {
    let mut all = Vec::new();
    if let (path, Some(trouble)) = facts.config.clone() {
        all.push(Directories::Config { path, trouble });
    }
    let (dir, run) = &facts.run;
    match run {
        None => all.push(Directories::RunAbsent { dir: dir.clone() }),
        Some(run) => {
            if !run.is_tmpfs {
                all.push(Directories::RunNotTmpfs { dir: dir.clone() });
            }
            let (owner, mode) = (run.owner, run.mode);
            if owner != 0 || mode & 0o022 != 0 {
                let dir = dir.clone();
                all.push(Directories::RunOpen { dir, owner, mode });
            }
            room(dir, run, &mut all);
        }
    }
    let (dir, state) = &facts.state;
    match state {
        None => all.push(Directories::StateAbsent { dir: dir.clone() }),
        Some(state) => room(dir, state, &mut all),
    }
    let (dir, bpf) = &facts.bpf;
    if !bpf.is_some_and(|bpf| bpf.is_bpffs) {
        all.push(Directories::NoBpffs { dir: dir.clone() });
    }
    if let Some((file, bytes)) = &facts.store
        && bytes != DATABASE
    {
        all.push(Directories::StoreDamaged { file: file.clone() });
    }
    all
}

fn room(dir: &Path, seen: &Seen, all: &mut Vec<Directories>) {
    let dir = dir.to_owned();
    if seen.is_read_only {
        all.push(Directories::NotWritable { dir });
    } else if seen.free_percent < LEAST_PERCENT {
        let free_percent = seen.free_percent;
        all.push(Directories::NearlyFull { dir, free_percent });
    }
}

/// One of each, for the manual.
#[cfg(test)]
pub(super) fn examples() -> Vec<Directories> {
    let dir = || PathBuf::from("DIR");
    vec![
        Directories::Config {
            path: "FILE".into(),
            trouble: "REASON".to_owned(),
        },
        Directories::NoBpffs { dir: dir() },
        Directories::RunAbsent { dir: dir() },
        Directories::RunNotTmpfs { dir: dir() },
        Directories::RunOpen { dir: dir(), owner: 0, mode: 0o777 },
        Directories::NotWritable { dir: dir() },
        Directories::StateAbsent { dir: dir() },
        Directories::NearlyFull { dir: dir(), free_percent: 1 },
        Directories::StoreDamaged { file: "FILE".into() },
    ]
}

#[cfg(test)]
mod tests;
