//! Brings the maps of a host into this build's layout, whatever build made
//! them, while packets pass. Acts; `lineage` decides between which sets, and
//! `migration_step` has the steps and the reason of their order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use thiserror::Error;

use crate::abi;
use crate::lineage::{Course, MapSet, Stage};
use crate::migration_step::MigrationStep;
use crate::pinned::{PinnedError, PinnedMap};
use crate::shape::ShapeError;
use crate::tcx;

/// Counters, each with the map that keeps what former ones counted. All other
/// maps are copied.
pub(crate) const COUNTED: [(&str, &str); 5] = [
    ("endpoint_traffic", "endpoint_traffic_carried"),
    ("endpoint_drops", "endpoint_drops_carried"),
    ("class_counters", "class_counters_carried"),
    ("class_counter_overflow", "class_counter_overflow_carried"),
    ("drops", "drops_carried"),
];

/// Where the kernel cannot be asked to wait for its programs (`nohz_full`):
/// they run for microseconds.
const LONG_ENOUGH: Duration = Duration::from_millis(200);

/// Maps that could not be brought into this build's layout. The old ones stay
/// as they are, and the next start tries again.
#[derive(Debug, Error)]
pub enum MigrationError {
    /// The sets of maps cannot be listed, made, renamed or removed.
    #[error("cannot {operation} {path}")]
    Directory {
        /// What was attempted.
        operation: &'static str,
        /// On which directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A map cannot be used.
    #[error("cannot migrate map {map} of {dir}")]
    Map {
        /// Which map.
        map: String,
        /// The directory of its pin.
        dir: PathBuf,
        /// Why not.
        #[source]
        source: PinnedError,
    },
    /// A value does not fit into the new layout.
    #[error("cannot migrate map {map} of {dir}")]
    Shape {
        /// Which map.
        map: String,
        /// The directory of its pin.
        dir: PathBuf,
        /// Why not.
        #[source]
        source: ShapeError,
    },
}

/// The sets of maps of this host, seen from this build.
pub(crate) struct Migration {
    bpf_dir: PathBuf,
    course: Course,
}

/// Keys and values in the own layout.
type Sums = BTreeMap<Vec<u8>, Vec<u8>>;

/// Everything of ours that is pinned in `bpf_dir`, of whichever build. What
/// cannot be listed is not there.
pub fn pins_in(bpf_dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(bpf_dir).into_iter().flatten().flatten();
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| {
            name == tcx::DIRECTORY || MapSet::read(name).is_some()
        })
    };
    entries.map(|entry| entry.path()).filter(is_ours).collect()
}

impl Migration {
    /// Looks what is there.
    pub(crate) fn look(
        bpf_dir: &Path,
        layout: u64,
    ) -> Result<Self, MigrationError> {
        let failed = |source| MigrationError::Directory {
            operation: "list",
            path: bpf_dir.to_owned(),
            source,
        };
        let mut found = Vec::new();
        for entry in fs::read_dir(bpf_dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            found.extend(name.to_str().and_then(MapSet::read));
        }
        let course = Course::among(&found, layout);
        Ok(Self { bpf_dir: bpf_dir.to_owned(), course })
    }

    /// Where the maps of this build are pinned now.
    pub(crate) fn pins(&self) -> PathBuf {
        self.dir(self.course.own)
    }

    /// True where the maps have to be made.
    pub(crate) fn is_filling(&self) -> bool {
        self.course.own.stage == Stage::Filling
    }

    /// True where former ones have been taken over.
    pub(crate) fn is_whole(&self) -> bool {
        self.course.own.stage == Stage::Whole
    }

    /// True where another set of maps was at work.
    pub(crate) fn has_sources(&self) -> bool {
        !self.course.sources.is_empty()
    }

    /// True where the own maps are the whole truth, and nothing else is left.
    pub(crate) fn is_over(&self) -> bool {
        self.course.own.stage == Stage::Whole
            && self.course.sources.is_empty()
            && self.course.needless.is_empty()
    }

    /// Takes `step`, if this file does. What `Make` makes besides, the loader
    /// does.
    pub(crate) fn take(
        &mut self,
        step: MigrationStep,
    ) -> Result<(), MigrationError> {
        match step {
            MigrationStep::Make => self.make(),
            MigrationStep::Copy => self.copy(),
            MigrationStep::Offer => self.rename(Stage::Joining),
            MigrationStep::Replace(_) => Ok(()),
            MigrationStep::TakeOver => self.take_over(),
            MigrationStep::Settle => self.rename(Stage::Whole),
            MigrationStep::RemoveOld => self.remove_old(),
        }
    }

    fn make(&mut self) -> Result<(), MigrationError> {
        let dir = self.pins();
        fs::create_dir(&dir).map_err(|source| MigrationError::Directory {
            operation: "make",
            path: dir,
            source,
        })
    }

    fn copy(&self) -> Result<(), MigrationError> {
        let Some(source) = self.course.sources.first() else {
            return Ok(());
        };
        let source = self.dir(*source);
        for name in self.names()? {
            if COUNTED.iter().any(|(_, carried)| *carried == name) {
                continue;
            }
            let is_counter = COUNTED.iter().any(|(live, _)| *live == name);
            let Some(old) = open_other(&source, &name) else { continue };
            let Some(new) = open(&self.pins(), &name)? else { continue };
            if !is_counter {
                self.copy_entries(&name, (&source, &old), &new)?;
            } else if !new.is_array() {
                self.make_counters(&name, (&source, &old), &new)?;
            }
        }
        Ok(())
    }

    fn copy_entries(
        &self,
        name: &str,
        (dir, old): (&Path, &PinnedMap),
        new: &PinnedMap,
    ) -> Result<(), MigrationError> {
        for (key, values) in old.entries().map_err(in_map(name, dir))? {
            let key = old.key.rewrite(&key, &new.key);
            let key = key.map_err(in_shape(name, dir))?;
            let values =
                values.iter().map(|v| old.value.rewrite(v, &new.value));
            let values = values.collect::<Result<Vec<_>, _>>();
            let values = values.map_err(in_shape(name, dir))?;
            new.put(&key, &values).map_err(in_map(name, &self.pins()))?;
        }
        Ok(())
    }

    /// Room for what is counted already; the counts come later.
    fn make_counters(
        &self,
        name: &str,
        (dir, old): (&Path, &PinnedMap),
        new: &PinnedMap,
    ) -> Result<(), MigrationError> {
        for (key, _) in old.entries().map_err(in_map(name, dir))? {
            let key = old.key.rewrite(&key, &new.key);
            let key = key.map_err(in_shape(name, dir))?;
            new.put(&key, &[]).map_err(in_map(name, &self.pins()))?;
        }
        Ok(())
    }

    fn take_over(&self) -> Result<(), MigrationError> {
        if !self.has_sources() {
            return Ok(());
        }
        if let Err(error) = abi::wait_for_running_programs() {
            tracing::debug!(%error, "waiting for programs by the clock");
            let deadline = Instant::now() + LONG_ENOUGH;
            while Instant::now() < deadline {
                thread::park_timeout(LONG_ENOUGH);
            }
        }
        let pins = self.pins();
        for (live, carried) in COUNTED {
            let Some(new) = open(&pins, carried)? else { continue };
            for (key, value) in self.sums(live, carried, &new)? {
                new.put(&key, &[value]).map_err(in_map(carried, &pins))?;
            }
        }
        Ok(())
    }

    /// What was counted before the own maps: by each source, and before the
    /// first.
    fn sums(
        &self,
        live: &str,
        carried: &str,
        new: &PinnedMap,
    ) -> Result<Sums, MigrationError> {
        let mut sums = Sums::new();
        for (place, source) in self.course.sources.iter().enumerate() {
            let dir = self.dir(*source);
            let former = (place == 0).then_some(carried);
            for name in [live].into_iter().chain(former) {
                let Some(old) = open_other(&dir, name) else { continue };
                add(&mut sums, (name, &dir, &old), new)?;
            }
        }
        Ok(sums)
    }

    fn remove_old(&mut self) -> Result<(), MigrationError> {
        let old = std::mem::take(&mut self.course.sources);
        let needless = std::mem::take(&mut self.course.needless);
        for set in needless.into_iter().chain(old) {
            let path = self.dir(set);
            fs::remove_dir_all(&path).map_err(|source| {
                MigrationError::Directory { operation: "remove", path, source }
            })?;
        }
        Ok(())
    }

    fn rename(&mut self, stage: Stage) -> Result<(), MigrationError> {
        let path = self.pins();
        let set = self.course.own.at(stage);
        fs::rename(&path, self.dir(set)).map_err(|source| {
            MigrationError::Directory { operation: "rename", path, source }
        })?;
        self.course.own = set;
        Ok(())
    }

    /// Names of the own maps.
    fn names(&self) -> Result<Vec<String>, MigrationError> {
        let dir = self.pins();
        let failed = |source| MigrationError::Directory {
            operation: "list",
            path: dir.clone(),
            source,
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&dir).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            names.extend(name.into_string().ok());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn dir(&self, set: MapSet) -> PathBuf {
        self.bpf_dir.join(set.to_string())
    }
}

fn add(
    sums: &mut Sums,
    (name, dir, old): (&str, &Path, &PinnedMap),
    new: &PinnedMap,
) -> Result<(), MigrationError> {
    for (key, values) in old.entries().map_err(in_map(name, dir))? {
        let key = old.key.rewrite(&key, &new.key);
        let key = key.map_err(in_shape(name, dir))?;
        let zero = || vec![0; new.value.size()];
        let sum = sums.entry(key).or_insert_with(zero);
        for value in values {
            let value = old.value.rewrite(&value, &new.value);
            new.value.add(sum, &value.map_err(in_shape(name, dir))?);
        }
    }
    Ok(())
}

fn open(dir: &Path, name: &str) -> Result<Option<PinnedMap>, MigrationError> {
    PinnedMap::open(&dir.join(name)).map_err(in_map(name, dir))
}

/// Another build's map. One that nobody can read is as good as none: what
/// containers need of it comes back from the records.
fn open_other(dir: &Path, name: &str) -> Option<PinnedMap> {
    match open(dir, name) {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(map = name, dir = %dir.display(), error = &error as &dyn std::error::Error, "left behind");
            None
        }
    }
}

fn in_map<'a>(
    map: &'a str,
    dir: &'a Path,
) -> impl Fn(PinnedError) -> MigrationError + 'a {
    |source| MigrationError::Map {
        map: map.to_owned(),
        dir: dir.to_owned(),
        source,
    }
}

fn in_shape<'a>(
    map: &'a str,
    dir: &'a Path,
) -> impl Fn(ShapeError) -> MigrationError + 'a {
    |source| MigrationError::Shape {
        map: map.to_owned(),
        dir: dir.to_owned(),
        source,
    }
}
