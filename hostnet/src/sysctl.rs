//! Whether a network namespace forwards packets, and which of its links learn
//! from routers nevertheless. Acts, on the namespace of the calling thread:
//! /proc/sys/net is that of whoever looks.

use std::fs;
use std::io;
use std::path::PathBuf;

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
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It could not be written.
    #[error("cannot write {path}")]
    Write {
        /// Its file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl SysctlError {
    /// True where the kernel has no such setting: a kernel without IPv6 has
    /// none of its settings.
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Read { source, .. } => {
                source.kind() == io::ErrorKind::NotFound
            }
            Self::Write { .. } => false,
        }
    }
}

/// Whether the namespace forwards packets of a family.
pub fn forwarding(family: Family) -> Result<Forwarding, SysctlError> {
    let text = read(forwarding_of(family))?;
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
    let text = match wanted {
        Forwarding::On => "1",
        Forwarding::Off => "0",
    };
    write(forwarding_of(family), text)?;
    Ok(before)
}

/// Has a link that listens to router advertisements listen to them also once
/// the namespace forwards IPv6, where the kernel would stop (`accept_ra`: 1
/// becomes 2, Documentation/networking/ip-sysctl.rst). True where that was
/// changed; a link that does not listen, or is not there, stays as it is.
///
/// To be done before forwarding is switched on: the switch forgets what was
/// learned by links that stop.
pub fn keep_advertisements(link: &str) -> Result<bool, SysctlError> {
    let path = || PathBuf::from(format!("{IPV6_LINKS}/{link}/accept_ra"));
    match read(path()) {
        Ok(text) if text.trim() == "1" => write(path(), "2").map(|()| true),
        Ok(_) => Ok(false),
        Err(error) if error.is_absent() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether packets of a link may come from and go to 127.0.0.0/8: so a host
/// may reach by its own loopback address what is behind the link.
/// (`route_localnet`, Documentation/networking/ip-sysctl.rst.) A link that is
/// not there, or is going, has none.
pub fn set_loopback_routing(
    link: &str,
    wanted: Forwarding,
) -> Result<(), SysctlError> {
    let path = PathBuf::from(format!("{IPV4_LINKS}/{link}/route_localnet"));
    let text = match wanted {
        Forwarding::On => "1",
        Forwarding::Off => "0",
    };
    match write(path, text) {
        Err(SysctlError::Write { source, .. })
            if source.kind() == io::ErrorKind::NotFound =>
        {
            Ok(())
        }
        done => done,
    }
}

/// Whether packets of a link may come from and go to 127.0.0.0/8.
pub fn loopback_routing(link: &str) -> Result<Forwarding, SysctlError> {
    let path = PathBuf::from(format!("{IPV4_LINKS}/{link}/route_localnet"));
    let text = read(path)?;
    Ok(if text.trim() == "0" { Forwarding::Off } else { Forwarding::On })
}

/// Where IPv4 has a directory for each link.
const IPV4_LINKS: &str = "/proc/sys/net/ipv4/conf";
/// Where IPv6 has a directory for each link.
const IPV6_LINKS: &str = "/proc/sys/net/ipv6/conf";

fn forwarding_of(family: Family) -> PathBuf {
    match family {
        Family::V4 => "/proc/sys/net/ipv4/ip_forward".into(),
        Family::V6 => format!("{IPV6_LINKS}/all/forwarding").into(),
    }
}

fn read(path: PathBuf) -> Result<String, SysctlError> {
    fs::read_to_string(&path)
        .map_err(|source| SysctlError::Read { path, source })
}

fn write(path: PathBuf, text: &str) -> Result<(), SysctlError> {
    fs::write(&path, text).map_err(|source| SysctlError::Write { path, source })
}
