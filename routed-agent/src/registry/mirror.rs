//! The last snapshot, kept in the run directory: an agent that is restarted
//! in the same boot goes on from it while the store does not answer. Acts.
//!
//! The directory ends with the host. Were it to outlive it, no harm is done:
//! the number of a team or an app is never given to another.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tartan_agent_api::whole_file;
use tartan_model::{App, Pool, Reservation, Settings, Team};
use tartan_store::Revision;

use super::error::RegistryError;
use super::snapshot::Snapshot;

/// Version of the file written by this build.
const VERSION: u8 = 1;

/// The file.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    path: PathBuf,
}

/// What it holds.
#[derive(Debug, Serialize, Deserialize)]
struct Mirrored {
    v: u8,
    revision: Revision,
    settings: Settings,
    pools: Vec<Pool>,
    teams: Vec<Team>,
    apps: Vec<App>,
    reservations: Vec<Reservation>,
}

/// What a mirror of this version holds, as it is written again from the
/// snapshot that it makes; none where it is damaged or of another version.
pub(crate) fn reprinted(bytes: &[u8]) -> Option<Vec<u8>> {
    let found: Mirrored = serde_json::from_slice(bytes).ok()?;
    let snapshot = (found.v == VERSION).then(|| Snapshot::from(found))?;
    serde_json::to_vec(&Mirrored::from(&snapshot)).ok()
}

impl Mirror {
    /// The mirror in this run directory.
    pub(super) fn in_run_dir(run_dir: &Path) -> Self {
        Self { path: run_dir.join("registry.json") }
    }

    /// The last snapshot; an empty one where there is none, or a damaged one:
    /// the store has it all.
    pub(super) fn read(&self) -> Result<Snapshot, RegistryError> {
        let bytes = match whole_file::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Snapshot::default());
            }
            Err(error) => {
                let path = self.path.display();
                tracing::warn!(%path, %error, "mirror is not used");
                return Ok(Snapshot::default());
            }
            Ok(bytes) => bytes,
        };
        match serde_json::from_slice::<Mirrored>(&bytes) {
            Ok(mirrored) if mirrored.v == VERSION => Ok(mirrored.into()),
            Ok(_) => Ok(Snapshot::default()),
            Err(error) => {
                let path = self.path.display();
                tracing::warn!(%path, %error, "mirror is not used");
                Ok(Snapshot::default())
            }
        }
    }

    /// Replaces it, whole.
    pub(super) fn write(
        &self,
        snapshot: &Snapshot,
    ) -> Result<(), RegistryError> {
        serde_json::to_vec(&Mirrored::from(snapshot))
            .map_err(io::Error::other)
            .and_then(|bytes| whole_file::replace(&self.path, &bytes))
            .map_err(|source| self.error(source))
    }

    fn error(&self, source: io::Error) -> RegistryError {
        RegistryError::Mirror { path: self.path.clone(), source }
    }
}

impl From<&Snapshot> for Mirrored {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            v: VERSION,
            revision: snapshot.revision,
            settings: snapshot.settings.clone(),
            pools: snapshot.pools.values().cloned().collect(),
            teams: snapshot.teams.values().cloned().collect(),
            apps: snapshot.apps.values().cloned().collect(),
            reservations: snapshot.reservations.values().cloned().collect(),
        }
    }
}

impl From<Mirrored> for Snapshot {
    fn from(mirrored: Mirrored) -> Self {
        Self::mirrored(
            (mirrored.revision, mirrored.settings),
            mirrored.pools,
            mirrored.teams,
            mirrored.apps,
            mirrored.reservations,
        )
    }
}

#[cfg(test)]
mod tests;
