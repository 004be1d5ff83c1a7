//! What the kernel refuses, and how it is told apart.

use std::fmt;
use std::io;
use std::os::fd::RawFd;

use nix::errno::Errno;
use thiserror::Error;

use crate::answer::Malformed;
use crate::netns::NetnsError;
use crate::operation::Operation;
use crate::request::Question;

/// No rtnetlink socket could be had.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The namespace could not be entered.
    #[error("cannot open an rtnetlink socket in another network namespace")]
    Enter(#[from] NetnsError),
    /// The descriptor is of something else.
    #[error("descriptor {fd} is not an rtnetlink socket")]
    NotRoute {
        /// The descriptor.
        fd: RawFd,
    },
    /// The socket was refused, or one of its settings.
    #[error("cannot open an rtnetlink socket")]
    Socket(#[from] io::Error),
}

/// The kernel could not be talked to.
#[derive(Debug, Error)]
pub enum ExchangeError {
    /// The send failed: nothing of it was done.
    #[error("cannot send {bytes} bytes to rtnetlink")]
    Send {
        /// Size of what was sent.
        bytes: usize,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The answer could not be had: what was sent may be done or not.
    #[error("cannot receive from rtnetlink")]
    Receive(#[source] io::Error),
    /// The answer could not be read: what was sent may be done or not.
    #[error("cannot read what rtnetlink answered")]
    Read(#[from] Malformed),
}

/// One change that was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub struct Failure {
    /// Its place in the batch.
    pub index: usize,
    /// What was asked for.
    pub operation: Operation,
    errno: Errno,
    text: Option<String>,
}

/// A batch that was not done, or not all of it.
#[derive(Debug, Error)]
pub enum BatchError {
    /// It is not known what was done.
    #[error("cannot change links, addresses or routes")]
    Exchange(#[from] ExchangeError),
    /// Some changes were refused; all others were made.
    #[error("{}", Refusals(.failures))]
    Refused {
        /// Those refused, in the order of the batch; not empty.
        failures: Vec<Failure>,
    },
}

/// Something that could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The kernel could not be talked to.
    #[error("cannot read {question}")]
    Exchange {
        /// What was asked.
        question: Question,
        /// Why there is no answer.
        #[source]
        source: ExchangeError,
    },
    /// The kernel refused.
    #[error("cannot read {question}: {}", said(.errno, .text))]
    Refused {
        /// What was asked.
        question: Question,
        /// The error number.
        errno: i32,
        /// What the kernel said about it.
        text: Option<String>,
    },
    /// Things changed each time while they were read.
    #[error("cannot read {question} whole: changed {tries} times meanwhile")]
    Interrupted {
        /// What was asked.
        question: Question,
        /// How often.
        tries: u32,
    },
}

struct Refusals<'a>(&'a [Failure]);

impl fmt::Display for Refusals<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, failure) in self.0.iter().enumerate() {
            let before = if place > 0 { "; " } else { "" };
            write!(f, "{before}{failure}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = said(&(self.errno as i32), &self.text);
        write!(f, "cannot {}: {said}", self.operation)
    }
}

fn said(errno: &i32, text: &Option<String>) -> String {
    let errno = Errno::from_raw(*errno);
    let text = text.as_ref().map(|text| format!(" ({text})"));
    format!("{errno}{}", text.unwrap_or_default())
}

/// True where `errno` says that what was to go, or to be found, is not there.
fn means_absent(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::ENODEV
            | Errno::ENOENT
            | Errno::ESRCH
            | Errno::EADDRNOTAVAIL
            | Errno::ENXIO
    )
}

impl Failure {
    pub(crate) fn new(
        index: usize,
        operation: Operation,
        errno: i32,
        text: Option<String>,
    ) -> Self {
        let errno = Errno::from_raw(errno);
        Self { index, operation, errno, text }
    }

    /// The error number.
    pub fn errno(&self) -> i32 {
        self.errno as i32
    }

    /// What the kernel said about it.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// True where the thing, its name or its number is there already.
    pub fn is_exists(&self) -> bool {
        matches!(self.errno, Errno::EEXIST | Errno::EBUSY)
    }

    /// True where the thing, or the link it is on, is not there.
    pub fn is_absent(&self) -> bool {
        means_absent(self.errno)
    }
}

impl BatchError {
    /// The changes that were refused; empty where that is not known.
    pub fn failures(&self) -> &[Failure] {
        match self {
            Self::Exchange(_) => &[],
            Self::Refused { failures } => failures,
        }
    }

    /// The error number of the first refusal.
    pub fn errno(&self) -> Option<i32> {
        self.failures().first().map(Failure::errno)
    }

    /// True where the first refusal was that something is there already; those
    /// behind it may follow from it.
    pub fn is_exists(&self) -> bool {
        self.failures().first().is_some_and(Failure::is_exists)
    }

    /// True where every refusal was that something is not there: whoever
    /// wanted it gone has what they want.
    pub fn is_absent(&self) -> bool {
        let failures = self.failures();
        !failures.is_empty() && failures.iter().all(Failure::is_absent)
    }
}

impl ReadError {
    /// True where no route leads to the address asked about.
    pub fn is_unreachable(&self) -> bool {
        let Self::Refused { errno, .. } = self else { return false };
        matches!(
            Errno::from_raw(*errno),
            Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::EACCES
        )
    }

    /// True where the thing asked about is not there.
    pub fn is_absent(&self) -> bool {
        match self {
            Self::Refused { errno, .. } => {
                means_absent(Errno::from_raw(*errno))
            }
            Self::Exchange { .. } | Self::Interrupted { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests;
