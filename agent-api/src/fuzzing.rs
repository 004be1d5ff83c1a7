//! What the fuzz targets may reach of this crate: the readers of records and
//! tombstones. No promise to anybody else. Pure.

use std::io;

use crate::record::{Record, Tombstone};
use crate::run_dir;

/// A record, as the run directory has it.
pub fn record(bytes: &[u8]) -> io::Result<Record> {
    run_dir::parse(bytes)
}

/// A tombstone, as the run directory has it.
pub fn tombstone(bytes: &[u8]) -> io::Result<Tombstone> {
    run_dir::parse(bytes)
}
