//! The claims of this host, mirrored in the run directory before first use,
//! and when the store last answered: an agent restarted in the same boot goes
//! on from them while the store is away. Acts on files.
//!
//! Only the claim is mirrored, not its slots: what of a block is taken, the
//! records of the attachments say. What another boot mirrored is void.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tartan_agent_api::whole_file;
use tartan_ipam::{BootTime, Claimed};
use tartan_model::{BlockKey, BlockRecord, BootId, Prefix};
use tartan_store::Revision;
use thiserror::Error;

/// The directory of mirrored claims.
#[derive(Clone, Debug)]
pub(crate) struct Mirror {
    dir: PathBuf,
    contact: PathBuf,
    lost: PathBuf,
    boot: BootId,
}

/// A mirrored claim that could not be written or read.
#[derive(Debug, Error)]
#[error("cannot {op} {path}")]
pub(crate) struct MirrorError {
    op: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

#[derive(Serialize, Deserialize)]
struct Line {
    prefix: Prefix,
    revision: Revision,
    record: BlockRecord,
}

/// The last contact with the store, by the clock of a boot.
#[derive(Serialize, Deserialize)]
struct Kept {
    boot: BootId,
    millis: u64,
}

/// Blocks that were taken from this host.
#[derive(Serialize, Deserialize)]
struct Lost {
    boot: BootId,
    blocks: BTreeSet<Prefix>,
}

impl Mirror {
    /// The mirror in a run directory, made if it is not there.
    pub(crate) fn in_run_dir(
        run_dir: &Path,
        boot: BootId,
    ) -> Result<Self, MirrorError> {
        let dir = run_dir.join("blocks");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .map_err(error("create", &dir))?;
        let contact = run_dir.join("contact.json");
        let lost = run_dir.join("lost.json");
        Ok(Self { dir, contact, lost, boot })
    }

    /// Writes a claim.
    pub(crate) fn put(&self, claimed: &Claimed) -> Result<(), MirrorError> {
        let path = self.path(claimed.prefix);
        let line = Line {
            prefix: claimed.prefix,
            revision: claimed.revision,
            record: BlockRecord {
                slots: Default::default(),
                // The store may not have heard of this boot yet.
                boot: self.boot.clone(),
                ..claimed.record.clone()
            },
        };
        write(&path, &line)
    }

    /// Keeps the moment of the last contact with the store.
    pub(super) fn put_contact(&self, at: BootTime) -> Result<(), MirrorError> {
        let kept = Kept { boot: self.boot.clone(), millis: at.as_millis() };
        write(&self.contact, &kept)
    }

    /// The last contact of this boot; none where none is known.
    pub(super) fn contact(&self) -> Option<BootTime> {
        let bytes = whole_file::read(&self.contact).ok()?;
        let kept: Kept = serde_json::from_slice(&bytes).ok()?;
        (kept.boot == self.boot).then(|| BootTime::from_millis(kept.millis))
    }

    /// Keeps which blocks were taken from this host.
    pub(super) fn put_lost(
        &self,
        blocks: &BTreeSet<Prefix>,
    ) -> Result<(), MirrorError> {
        let blocks = blocks.clone();
        write(&self.lost, &Lost { boot: self.boot.clone(), blocks })
    }

    /// The blocks that were taken from this host in this boot.
    pub(super) fn lost(&self) -> BTreeSet<Prefix> {
        let kept = whole_file::read(&self.lost).ok();
        let kept: Option<Lost> =
            kept.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let of_boot = kept.filter(|kept| kept.boot == self.boot);
        of_boot.map(|kept| kept.blocks).unwrap_or_default()
    }

    /// Forgets a claim that was given back or lost.
    pub(crate) fn remove(&self, prefix: Prefix) -> Result<(), MirrorError> {
        let path = self.path(prefix);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(error("remove", &path)(e))
            }
            _ => Ok(()),
        }
    }

    /// Every claim of this boot that can be read. One that cannot gives
    /// nothing until the store has confirmed it.
    pub(crate) fn all(&self) -> Result<Vec<Claimed>, MirrorError> {
        let mut all = Vec::new();
        let entries =
            fs::read_dir(&self.dir).map_err(error("list", &self.dir))?;
        for entry in entries {
            let path = entry.map_err(error("list", &self.dir))?.path();
            match read(&path) {
                Ok(line) if line.record.boot == self.boot => {
                    all.push(line.into());
                }
                Ok(_) => {
                    tracing::info!(path = %path.display(), "of another boot");
                    fs::remove_file(&path).map_err(error("remove", &path))?;
                }
                Err(error) => tracing::warn!(
                    path = %path.display(),
                    %error,
                    "a mirrored claim cannot be read; the store has it too"
                ),
            }
        }
        Ok(all)
    }

    fn path(&self, prefix: Prefix) -> PathBuf {
        let name = BlockKey(prefix).to_string().replace('/', "-");
        self.dir.join(format!("{name}.json"))
    }
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), MirrorError> {
    serde_json::to_vec(value)
        .map_err(io::Error::other)
        .and_then(|bytes| whole_file::replace(path, &bytes))
        .map_err(error("write", path))
}

fn read(path: &Path) -> io::Result<Line> {
    Ok(serde_json::from_slice(&whole_file::read(path)?)?)
}

/// The claim that a mirrored file holds; none where it is damaged.
pub(crate) fn parse(bytes: &[u8]) -> Option<Claimed> {
    serde_json::from_slice::<Line>(bytes).ok().map(Claimed::from)
}

impl From<Line> for Claimed {
    fn from(line: Line) -> Self {
        let Line { prefix, revision, record } = line;
        Self { prefix, record, revision }
    }
}

fn error(
    op: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> MirrorError {
    let path = path.to_owned();
    move |source| MirrorError { op, path, source }
}

#[cfg(test)]
mod tests;
