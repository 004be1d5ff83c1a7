//! What SQLite's errors mean to a caller (pure).

use std::io;
use std::path::Path;

use rusqlite::ffi::{self, ErrorCode};
use thiserror::Error;

use super::PATIENCE;
use crate::engine::Fault;
use crate::error::Doubt;

/// What to do about a damaged file.
const REMEDY: &str = "stop Tartan on this host, move the folder of this file \
     away or put a saved copy of the whole folder in its place, and start \
     again; running containers keep their addresses";

/// A thread of the store that is no more.
#[derive(Debug, Error)]
#[error("the store is being closed")]
pub(super) struct Gone;

/// What is wrong with a file that SQLite would take.
#[derive(Debug, Error)]
pub(super) enum Damage {
    /// Truncated to nothing, or never written to the end.
    #[error("the file is empty")]
    Empty,
    /// Its write-ahead file is there alone.
    #[error("the file is missing, but its write-ahead file is there")]
    Missing,
    /// Another program's database.
    #[error("the file is a database, but not a store of Tartan")]
    Foreign,
    /// What SQLite's own check says.
    #[error("{0}")]
    Inconsistent(String),
}

pub(super) fn gone() -> Fault {
    Fault::Unavailable(Gone.into())
}

pub(super) fn damaged(
    file: &Path,
    source: impl Into<crate::error::Source>,
) -> Fault {
    Fault::Corrupt {
        what: file.display().to_string(),
        remedy: REMEDY,
        source: source.into(),
    }
}

/// Why a file or folder could not be used.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "of the many errors of files these alone have a name of ours"
)]
pub(super) fn of_io(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Fault::Full(error.into(), Doubt::NotDone)
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Fault::Denied(error.into())
        }
        _ => Fault::Unavailable(error.into()),
    }
}

/// Why a statement failed. The transaction around it is rolled back, so
/// nothing was done.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a result code of a newer SQLite says nothing we know better"
)]
pub(super) fn of_statement(error: rusqlite::Error, file: &Path) -> Fault {
    let Some((code, extended)) = codes(&error) else {
        // A column that does not hold what we wrote there.
        return damaged(file, error);
    };
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            Fault::Busy { waited: PATIENCE, source: error.into() }
        }
        ErrorCode::DiskFull => Fault::Full(error.into(), Doubt::NotDone),
        // The index beside the write-ahead file could not grow.
        ErrorCode::SystemIoFailure if extended == ffi::SQLITE_IOERR_SHMSIZE => {
            Fault::Full(error.into(), Doubt::NotDone)
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            damaged(file, error)
        }
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
            Fault::Denied(error.into())
        }
        ErrorCode::TooBig => Fault::Invalid(error.into()),
        _ => Fault::Unavailable(error.into()),
    }
}

/// Why the end of a transaction failed. When the disk fails at that moment
/// the commit may still be found in the write-ahead file later.
pub(super) fn of_commit(error: rusqlite::Error, file: &Path) -> Fault {
    let fault = of_statement(error, file);
    if let Fault::Unavailable(source) = fault {
        return Fault::Unknown(source);
    }
    fault
}

fn codes(error: &rusqlite::Error) -> Option<(ErrorCode, i32)> {
    error.sqlite_error().map(|error| (error.code, error.extended_code))
}

#[cfg(test)]
mod tests;
