//! Reading and writing the run directory. Acts on files, decides nothing.
//!
//! A file is written whole under a temporary name and renamed, so that a
//! reader meets the old one or the new one. The directory is a tmpfs: nothing
//! is flushed to a disk, for it ends with the host as the containers do.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tartan_model::{Attachment, Generation};
use thiserror::Error;

use crate::record::{Record, Tombstone, VERSION};
use crate::whole_file;

/// Longest record or tombstone that is read, in bytes: more is not ours.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// The records and tombstones of one agent.
#[derive(Clone, Debug)]
pub struct RunDir {
    records: PathBuf,
    tombstones: PathBuf,
    aside: PathBuf,
}

/// A file of the run directory that could not be used.
#[derive(Debug, Error)]
pub enum RunDirError {
    /// Reading or writing failed.
    #[error("cannot {op} {path}")]
    Io {
        /// What was tried.
        op: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The content is not what its name promises.
    #[error("{path} is not a whole {kind}")]
    Damaged {
        /// What it should be.
        kind: &'static str,
        /// Which file.
        path: PathBuf,
        /// What was found.
        #[source]
        source: io::Error,
    },
}

impl RunDirError {
    /// True where no room was left on the file system, or it is read-only.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::StorageFull
                    | io::ErrorKind::ReadOnlyFilesystem
                    | io::ErrorKind::QuotaExceeded
            ),
            Self::Damaged { .. } => false,
        }
    }
}

impl RunDir {
    /// The directory at `path`; nothing is touched.
    pub fn at(path: &Path) -> Self {
        Self {
            records: path.join("attachments"),
            tombstones: path.join("tombstones"),
            aside: path.join("damaged"),
        }
    }

    /// Makes the directories, for root alone.
    pub fn create(&self) -> Result<(), RunDirError> {
        [&self.records, &self.tombstones, &self.aside].into_iter().try_for_each(
            |dir| {
                fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(dir)
                    .map_err(io_error("create", dir))
            },
        )
    }

    /// The record of an attachment; none where there is none.
    pub fn record(
        &self,
        attachment: &Attachment,
    ) -> Result<Option<Record>, RunDirError> {
        read(&file(&self.records, attachment), "record")
    }

    /// Writes a record over its predecessor.
    pub fn put_record(&self, record: &Record) -> Result<(), RunDirError> {
        write(&file(&self.records, &record.attachment), record)
    }

    /// Removes a record; absent is success.
    pub fn remove_record(
        &self,
        attachment: &Attachment,
    ) -> Result<(), RunDirError> {
        remove(&file(&self.records, attachment))
    }

    /// Every record that can be read, and what could not be.
    pub fn records(
        &self,
    ) -> Result<Vec<Result<Record, RunDirError>>, RunDirError> {
        read_all(&self.records, "record")
    }

    /// True where there is a record of any attachment. Looks at names alone
    /// and changes nothing.
    pub fn has_records(&self) -> bool {
        let is_record = |entry: io::Result<fs::DirEntry>| {
            let path = entry.map(|entry| entry.path()).unwrap_or_default();
            path.extension().is_some_and(|e| e == "json")
        };
        fs::read_dir(&self.records)
            .is_ok_and(|mut entries| entries.any(is_record))
    }

    /// Leaves a tombstone for one life of an attachment.
    pub fn put_tombstone(
        &self,
        attachment: &Attachment,
        generation: Generation,
    ) -> Result<(), RunDirError> {
        let attachment = attachment.clone();
        let path = file(&self.tombstones, &attachment);
        write(&path, &Tombstone { v: VERSION, attachment, generation })
    }

    /// Removes a tombstone; absent is success.
    pub fn remove_tombstone(
        &self,
        attachment: &Attachment,
    ) -> Result<(), RunDirError> {
        remove(&file(&self.tombstones, attachment))
    }

    /// Every tombstone that can be read, and what could not be.
    pub fn tombstones(
        &self,
    ) -> Result<Vec<Result<Tombstone, RunDirError>>, RunDirError> {
        read_all(&self.tombstones, "tombstone")
    }

    /// Moves a record that is not true out of the way.
    pub fn set_record_aside(
        &self,
        attachment: &Attachment,
    ) -> Result<(), RunDirError> {
        self.set_aside(&file(&self.records, attachment))
    }

    /// Moves a damaged file out of the way, for people to look at.
    pub fn set_aside(&self, path: &Path) -> Result<(), RunDirError> {
        let name = path.file_name().unwrap_or_default();
        let free = |number: u32| {
            let mut name = name.to_owned();
            if number > 0 {
                name.push(format!(".{number}"));
            }
            let place = self.aside.join(name);
            place.symlink_metadata().is_err().then_some(place)
        };
        // Whoever looks into a damaged file wants that one, not a later one.
        let place = (0..MOST_ASIDE).find_map(free);
        let place = place.unwrap_or_else(|| self.aside.join(name));
        fs::rename(path, place).map_err(io_error("set aside", path))
    }
}

/// How many damaged files of one name are kept.
const MOST_ASIDE: u32 = 100;

fn file(dir: &Path, attachment: &Attachment) -> PathBuf {
    dir.join(format!("{attachment}.json"))
}

fn io_error(
    op: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> RunDirError {
    let path = path.to_owned();
    move |source| RunDirError::Io { op, path, source }
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), RunDirError> {
    let bytes = serde_json::to_vec(value)
        .map_err(io::Error::other)
        .map_err(io_error("encode", path))?;
    let mut result = whole_file::replace(path, &bytes);
    // A starting agent clears away what writers before it left half written,
    // and may take a living one's: then it is written again.
    if result.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
        result = whole_file::replace(path, &bytes);
    }
    result.map_err(io_error("write", path))
}

fn remove(path: &Path) -> Result<(), RunDirError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// A file that tells which version of its form it has, and of whom it is.
pub(crate) trait Versioned: DeserializeOwned {
    /// The version that it says.
    fn version(&self) -> u8;
    /// Of whom it is.
    fn attachment(&self) -> &Attachment;
}

impl Versioned for Record {
    fn version(&self) -> u8 {
        self.v
    }

    fn attachment(&self) -> &Attachment {
        &self.attachment
    }
}

impl Versioned for Tombstone {
    fn version(&self) -> u8 {
        self.v
    }

    fn attachment(&self) -> &Attachment {
        &self.attachment
    }
}

/// What a file of the run directory says.
pub(crate) fn parse<T: Versioned>(bytes: &[u8]) -> io::Result<T> {
    let value: T = serde_json::from_slice(bytes)?;
    match value.version() {
        VERSION => Ok(value),
        other => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("its form is {other}, this version reads {VERSION}"),
        )),
    }
}

fn read<T: Versioned>(
    path: &Path,
    kind: &'static str,
) -> Result<Option<T>, RunDirError> {
    use io::Read;
    let mut bytes = Vec::new();
    let read = fs::File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => parse(&bytes).map(Some).map_err(|source| {
            let path = path.to_owned();
            RunDirError::Damaged { kind, path, source }
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("read", path)(error)),
    }
}

fn read_all<T: Versioned>(
    dir: &Path,
    kind: &'static str,
) -> Result<Vec<Result<T, RunDirError>>, RunDirError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error("list", dir))? {
        let path = entry.map_err(io_error("list", dir))?.path();
        let is_file = fs::symlink_metadata(&path).is_ok_and(|m| m.is_file());
        if !is_file {
            // A pipe would keep the reader for ever, a link leads elsewhere.
            let source = io::Error::other("it is no regular file");
            found.push(Err(RunDirError::Damaged { kind, path, source }));
            continue;
        }
        // What a writer that died left under a temporary name was never said.
        if path.extension().is_some_and(|e| e == "tmp") {
            remove(&path)?;
            continue;
        }
        let read = read(&path, kind).transpose();
        found.extend(
            read.map(|one| one.and_then(|one| named(one, &path, kind))),
        );
    }
    Ok(found)
}

/// Refuses a file under another's name: a copy, which nobody would remove.
fn named<T: Versioned>(
    value: T,
    path: &Path,
    kind: &'static str,
) -> Result<T, RunDirError> {
    let dir = path.parent().unwrap_or(path);
    if file(dir, value.attachment()) == path {
        return Ok(value);
    }
    let attachment = value.attachment();
    let source = io::Error::other(format!("it is of {attachment}"));
    Err(RunDirError::Damaged { kind, path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
