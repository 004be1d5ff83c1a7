//! The claims of this host, mirrored in the run directory before first use:
//! an agent restarted in the same boot goes on from them while the store is
//! away. Acts on files.
//!
//! Only the claim is mirrored, not its slots: what of a block is taken, the
//! records of the attachments say.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tartan_ipam::Claimed;
use tartan_model::{BlockKey, BlockRecord, Prefix};
use tartan_store::Revision;
use thiserror::Error;

/// The directory of mirrored claims.
#[derive(Clone, Debug)]
pub(crate) struct Mirror(PathBuf);

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

impl Mirror {
    /// The mirror in a run directory, made if it is not there.
    pub(crate) fn in_run_dir(run_dir: &Path) -> Result<Self, MirrorError> {
        let dir = run_dir.join("blocks");
        fs::create_dir_all(&dir).map_err(error("create", &dir))?;
        Ok(Self(dir))
    }

    /// Writes a claim.
    pub(crate) fn put(&self, claimed: &Claimed) -> Result<(), MirrorError> {
        let path = self.path(claimed.prefix);
        let line = Line {
            prefix: claimed.prefix,
            revision: claimed.revision,
            record: BlockRecord {
                slots: Default::default(),
                ..claimed.record.clone()
            },
        };
        let temporary = path.with_extension("tmp");
        serde_json::to_vec(&line)
            .map_err(io::Error::other)
            .and_then(|bytes| fs::write(&temporary, bytes))
            .and_then(|()| fs::rename(&temporary, &path))
            .map_err(error("write", &path))
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

    /// Every claim that can be read. What cannot was never used: it is
    /// written before the claim is.
    pub(crate) fn all(&self) -> Result<Vec<Claimed>, MirrorError> {
        let mut all = Vec::new();
        let entries = fs::read_dir(&self.0).map_err(error("list", &self.0))?;
        for entry in entries {
            let path = entry.map_err(error("list", &self.0))?.path();
            let bytes = fs::read(&path).map_err(error("read", &path))?;
            match serde_json::from_slice::<Line>(&bytes) {
                Ok(line) => all.push(Claimed {
                    prefix: line.prefix,
                    record: line.record,
                    revision: line.revision,
                }),
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "no claim");
                }
            }
        }
        Ok(all)
    }

    fn path(&self, prefix: Prefix) -> PathBuf {
        let name = BlockKey(prefix).to_string().replace('/', "-");
        self.0.join(format!("{name}.json"))
    }
}

fn error(
    op: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> MirrorError {
    let path = path.to_owned();
    move |source| MirrorError { op, path, source }
}
