//! The file of the memory: replaced whole, on disk before anybody relies on
//! it. Acts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tartan_agent_api::whole_file;
use thiserror::Error;

use super::memory::Memory;

/// Version of the file written by this build.
const VERSION: u8 = 1;

/// The file could not be read or written.
#[derive(Debug, Error)]
#[error("cannot {op} {path}")]
pub(crate) struct SeenError {
    op: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

#[derive(Serialize, Deserialize)]
struct Versioned {
    v: u8,
    memory: Memory,
}

/// The memory that a file of this version holds, as it is written again; none
/// where it is damaged or of another version.
pub(crate) fn reprinted(bytes: &[u8]) -> Option<Vec<u8>> {
    let found: Versioned = serde_json::from_slice(bytes).ok()?;
    (found.v == VERSION).then(|| serde_json::to_vec(&found).ok()).flatten()
}

/// Where the memory is kept.
#[derive(Clone, Debug)]
pub(super) struct MemoryFile(PathBuf);

impl MemoryFile {
    pub(super) fn in_state_dir(state_dir: &Path) -> Self {
        Self(state_dir.join("seen.json"))
    }

    /// The memory; none where there is no file. A damaged one is set aside:
    /// the store counts then, and what the run directory mirrors.
    pub(super) fn read(&self) -> Result<Option<Memory>, SeenError> {
        let bytes = match whole_file::read(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            other => other.map_err(self.error("read"))?,
        };
        match serde_json::from_slice::<Versioned>(&bytes) {
            Ok(found) if found.v == VERSION => Ok(Some(found.memory)),
            Ok(found) => {
                tracing::error!(
                    path = %self.0.display(),
                    form = found.v,
                    "the memory of the store is of another version of Tartan; \
                     set aside: a restored store would not be noticed now"
                );
                self.set_aside().map(|()| None)
            }
            Err(error) => {
                tracing::error!(
                    path = %self.0.display(),
                    %error,
                    "the memory of the store is damaged; set aside: a \
                     restored store would not be noticed now"
                );
                self.set_aside().map(|()| None)
            }
        }
    }

    fn set_aside(&self) -> Result<(), SeenError> {
        let aside = self.0.with_extension("damaged");
        fs::rename(&self.0, aside).map_err(self.error("set aside"))
    }

    /// Replaces it; it is on disk when this returns.
    pub(super) fn write(&self, memory: &Memory) -> Result<(), SeenError> {
        let kept = Versioned { v: VERSION, memory: memory.clone() };
        serde_json::to_vec(&kept)
            .map_err(io::Error::other)
            .and_then(|bytes| whole_file::replace_on_disk(&self.0, &bytes))
            .map_err(self.error("write"))
    }

    fn error(&self, op: &'static str) -> impl FnOnce(io::Error) -> SeenError {
        let path = self.0.clone();
        move |source| SeenError { op, path, source }
    }
}

#[cfg(test)]
mod tests;
