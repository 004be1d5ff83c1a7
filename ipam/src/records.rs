//! The form of records in the store: JSON with a version. Pure. A record that
//! cannot be read is an error that names its key, never a panic and never
//! taken for an absent one: what is not understood is not given away.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tartan_model::{App, BlockRecord, Pool, Reservation, Settings, Team};
use tartan_store::{Entry, Key};
use thiserror::Error;

use crate::host_record::{Contact, HostRecord, LastEpoch};
use crate::keys;
use crate::request::Claimed;

/// A record that cannot be read, or not be written.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It is not the JSON that it should be.
    #[error("cannot read the record {key}")]
    Unreadable {
        /// Its key.
        key: Key,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// It was written by a newer Tartan.
    #[error("the record {key} has form {found}, this version reads {known}")]
    Newer {
        /// Its key.
        key: Key,
        /// Its version.
        found: u8,
        /// The newest that is understood.
        known: u8,
    },
    /// Its key is not the key of such a record.
    #[error("{key} is not the key of a block")]
    Misplaced {
        /// The key.
        key: Key,
    },
    /// It has no JSON form.
    #[error("cannot write the record {key}")]
    Unwritable {
        /// Its key.
        key: Key,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// A value that the store keeps.
pub trait Record: Serialize + DeserializeOwned {
    /// Newest version of the form that this build understands.
    const VERSION: u8;
}

impl Record for Pool {
    const VERSION: u8 = Self::VERSION;
}

impl Record for BlockRecord {
    const VERSION: u8 = Self::VERSION;
}

impl Record for Settings {
    const VERSION: u8 = Self::VERSION;
}

impl Record for Team {
    const VERSION: u8 = 1;
}

impl Record for App {
    const VERSION: u8 = 1;
}

impl Record for Reservation {
    const VERSION: u8 = Self::VERSION;
}

impl Record for HostRecord {
    const VERSION: u8 = Self::VERSION;
}

impl Record for Contact {
    const VERSION: u8 = 1;
}

impl Record for LastEpoch {
    const VERSION: u8 = 1;
}

#[derive(Deserialize)]
struct Versioned {
    v: u8,
}

/// Reads a record. White space around it is no fault.
pub fn decode<R: Record>(entry: &Entry) -> Result<R, RecordError> {
    let unreadable = |source| {
        let key = entry.key.clone();
        RecordError::Unreadable { key, source }
    };
    let Versioned { v: found } =
        serde_json::from_slice(&entry.value).map_err(unreadable)?;
    if found > R::VERSION {
        let key = entry.key.clone();
        return Err(RecordError::Newer { key, found, known: R::VERSION });
    }
    serde_json::from_slice(&entry.value).map_err(unreadable)
}

/// Writes a record as it goes under `key`.
pub fn encode<R: Record>(
    key: &Key,
    record: &R,
) -> Result<Vec<u8>, RecordError> {
    serde_json::to_vec(record).map_err(|source| {
        let key = key.clone();
        RecordError::Unwritable { key, source }
    })
}

/// Reads a block with the prefix that its key names.
pub fn decode_block(entry: &Entry) -> Result<Claimed, RecordError> {
    let Some(prefix) = keys::block_of(&entry.key) else {
        let key = entry.key.clone();
        return Err(RecordError::Misplaced { key });
    };
    let record = decode(entry)?;
    Ok(Claimed { prefix, record, revision: entry.modified })
}

#[cfg(test)]
mod tests;
