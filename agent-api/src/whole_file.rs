//! Replaces a file whole: whoever reads meets the old one or the new. Acts.
//! What is written is root's alone: names of containers, claims, ids.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Most that is read of one file: far more than any of ours is long.
const MOST_BYTES: u64 = 64 << 20;

/// Reads a file that [`replace`] wrote: a regular one, of bounded length. A
/// pipe in its place would keep the reader for ever, a link leads elsewhere.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MOST_BYTES {
        true => Err(io::Error::other("it is too long to be ours")),
        false => Ok(bytes),
    }
}

/// Replaces a file that ends with the host: nothing is flushed to a disk.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    exchange(path, |file| file.write_all(bytes))
}

/// Replaces a file that outlives the host: after a power cut it is the old
/// one or the new, and the new one from when this has returned.
pub fn replace_on_disk(path: &Path, bytes: &[u8]) -> io::Result<()> {
    exchange(path, |file| {
        file.write_all(bytes)?;
        file.sync_all()
    })?;
    let dir = path.parent().unwrap_or(Path::new("/"));
    File::open(dir)?.sync_all()
}

fn exchange(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = temporary(path);
    let done = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| write(&mut file))
        .and_then(|()| fs::rename(&temporary, path));
    if done.is_err() {
        // Half written it would only fill a full directory.
        let _ = fs::remove_file(&temporary);
    }
    done
}

/// `.tmp` in place of `.json`, so that the longest name still fits.
fn temporary(path: &Path) -> PathBuf {
    path.with_extension("tmp")
}

#[cfg(test)]
mod tests;
