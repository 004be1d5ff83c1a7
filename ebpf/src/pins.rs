//! The names of our maps in the bpf file system, and making them anew where
//! somebody took them away. Acts.
//!
//! A map lives as long as somebody holds it: this agent does, so that maps and
//! what they say outlive their names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aya::maps::{MapData, MapError as KernelError, MapInfo};
use thiserror::Error;

use crate::bpffs::{BpffsError, ensure_bpffs, is_on_bpffs};
use crate::maps::NAMES;
use crate::object::OpenError;

/// A map that could not be named again.
#[derive(Debug, Error)]
pub enum PinError {
    /// There is nowhere to pin it.
    #[error("cannot have a bpf file system for the maps")]
    Bpffs(#[from] BpffsError),
    /// What has its name cannot be taken away.
    #[error("cannot remove {path}, which is not our map")]
    Remove {
        /// The pin.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The kernel refused.
    #[error("cannot pin map {map} again")]
    Pin {
        /// Its name.
        map: &'static str,
        /// Why not.
        #[source]
        source: aya::pin::PinError,
    },
}

/// A map that is held, and its name.
struct Held {
    name: &'static str,
    id: u32,
    map: MapData,
}

/// The maps of this host, held, and where their names are.
pub(crate) struct Pins {
    dir: PathBuf,
    held: Vec<Held>,
}

impl Pins {
    /// Takes hold of what is pinned in `dir`.
    pub(crate) fn held(dir: &Path) -> Result<Self, OpenError> {
        let held = NAMES.into_iter().map(|name| {
            hold(dir, name).map_err(|source| OpenError::Map {
                map: name,
                dir: dir.to_owned(),
                source,
            })
        });
        let held = held.collect::<Result<_, _>>()?;
        Ok(Self { dir: dir.to_owned(), held })
    }

    /// The names that lead to nothing any more. Whether a file is of the map
    /// is not asked: that takes opening it, and this is asked all the time.
    pub(crate) fn lost(&self) -> Vec<&'static str> {
        let is_lost = |held: &&Held| !self.dir.join(held.name).exists();
        self.held.iter().filter(is_lost).map(|held| held.name).collect()
    }

    pub(crate) fn again(&self) -> Result<(), PinError> {
        if !is_on_bpffs(&self.dir) {
            // Where bpf_dir itself was the mount point, it is once more.
            ensure_bpffs(self.dir.parent().unwrap_or(&self.dir))?;
            ensure_bpffs(&self.dir)?;
        }
        self.held.iter().try_for_each(|held| self.one_again(held))
    }

    fn one_again(&self, held: &Held) -> Result<(), PinError> {
        let path = self.dir.join(held.name);
        if path.exists() {
            let is_ours =
                MapInfo::from_pin(&path).is_ok_and(|info| info.id() == held.id);
            if is_ours {
                return Ok(());
            }
            fs::remove_file(&path)
                .map_err(|source| PinError::Remove { path, source })?;
        }
        held.map
            .pin(self.dir.join(held.name))
            .map_err(|source| PinError::Pin { map: held.name, source })
    }
}

fn hold(dir: &Path, name: &'static str) -> Result<Held, KernelError> {
    let map = MapData::from_pin(dir.join(name))?;
    let id = map.info()?.id();
    Ok(Held { name, id, map })
}
