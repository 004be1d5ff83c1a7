//! Whether a network namespace forwards packets. Acts, on the namespace of
//! the calling thread: /proc/sys/net is that of whoever looks.

use std::fs;
use std::io;
use std::path::Path;

use tartan_model::Family;
use thiserror::Error;

/// Whether packets that are not for this host are passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forwarding {
    /// They are.
    On,
    /// They are dropped.
    Off,
}

/// A setting that could not be read or written.
#[derive(Debug, Error)]
pub enum SysctlError {
    /// It could not be read.
    #[error("cannot read {path}")]
    Read {
        /// Its file.
        path: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It could not be written.
    #[error("cannot write {path}")]
    Write {
        /// Its file.
        path: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// Whether the namespace forwards packets of a family.
pub fn forwarding(family: Family) -> Result<Forwarding, SysctlError> {
    let path = path(family);
    let text = fs::read_to_string(Path::new(path))
        .map_err(|source| SysctlError::Read { path, source })?;
    Ok(if text.trim() == "0" { Forwarding::Off } else { Forwarding::On })
}

/// Sets it, and answers what it was. Writes only a change: for IPv6 even the
/// same value again would be told to every link.
pub fn set_forwarding(
    family: Family,
    wanted: Forwarding,
) -> Result<Forwarding, SysctlError> {
    let before = forwarding(family)?;
    if before == wanted {
        return Ok(before);
    }
    let path = path(family);
    let text = match wanted {
        Forwarding::On => "1",
        Forwarding::Off => "0",
    };
    fs::write(path, text)
        .map_err(|source| SysctlError::Write { path, source })?;
    Ok(before)
}

fn path(family: Family) -> &'static str {
    match family {
        Family::V4 => "/proc/sys/net/ipv4/ip_forward",
        Family::V6 => "/proc/sys/net/ipv6/conf/all/forwarding",
    }
}
