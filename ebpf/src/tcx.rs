//! The two programs at one link alone, by BPF links (TCX, Linux 6.6). Acts.
//!
//! A BPF link holds a program at its place as long as something holds the
//! link: here a pin under `bpf_dir/links`, named by the attachment's life. So
//! what is pinned is attached, once; a new build replaces the program within
//! the link, and no packet passes in between. Others may attach theirs to the
//! same interface, behind ours or before them.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aya::pin::PinError;
use aya::programs::links::{FdLink, LinkError, LinkOrder, PinnedLink};
use aya::programs::tc::{SchedClassifierLink, TcAttachOptions};
use aya::programs::{ProgramError, SchedClassifier, TcAttachType};
use aya::sys::SyscallError;
use tartan_model::Generation;
use thiserror::Error;

use crate::bpffs::{BpffsError, make_directories};
use crate::counters::Direction;
use crate::dataplane::Dataplane;
use crate::object;

/// Where the pins are, below `bpf_dir`. Beside the maps, whose directory has a
/// version: a link outlives the version that made it.
pub(crate) const DIRECTORY: &str = "links";

/// A program that could not be attached to a link, or looked for there.
#[derive(Debug, Error)]
pub enum TcxError {
    /// There is no place for pins.
    #[error("cannot keep links in {dir}")]
    Directory {
        /// Where.
        dir: PathBuf,
        /// Why not.
        #[source]
        source: BpffsError,
    },
    /// The kernel did not attach the program.
    #[error("cannot attach {program} to {link}")]
    Attach {
        /// Which program.
        program: &'static str,
        /// To which link.
        link: String,
        /// Why not.
        #[source]
        source: Box<ProgramError>,
    },
    /// A link could not be taken over.
    #[error("cannot use the link pinned at {path}")]
    Link {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: LinkError,
    },
    /// A link could not be pinned.
    #[error("cannot pin a link at {path}")]
    Pin {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: PinError,
    },
    /// A pin could not be removed, or the pins not listed.
    #[error("cannot change {path}")]
    Unpin {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Dataplane {
    /// Attaches both programs to `link`, or replaces those of another build;
    /// what is attached already stays as it is. Waits for RCU where it
    /// attaches.
    pub fn attach_tcx(
        &self,
        link: &str,
        life: Generation,
    ) -> Result<(), TcxError> {
        let dir = self.links_dir();
        make_directories(&dir)
            .map_err(|source| TcxError::Directory { dir, source })?;
        for direction in Direction::ALL {
            self.attach_one(link, life, direction)?;
        }
        Ok(())
    }

    /// Detaches what is attached for this life; absent is success.
    pub fn detach_tcx(&self, life: Generation) -> Result<(), TcxError> {
        for direction in Direction::ALL {
            remove(&self.pin(life, direction))?;
        }
        Ok(())
    }

    /// True where both programs of this build are at `link`, each once, held
    /// by the pins of this life.
    pub fn is_attached_tcx(&self, link: &str, life: Generation) -> bool {
        Direction::ALL.into_iter().all(|direction| {
            let id = self.identity(direction).id;
            let held = pinned(&self.pin(life, direction))
                .ok()
                .flatten()
                .and_then(|found| FdLink::from(found).info().ok());
            let there = SchedClassifier::query_tcx(link, hook(direction));
            held.is_some_and(|info| info.program_id() == id)
                && there.is_ok_and(|(_, programs)| {
                    programs.iter().filter(|p| p.id() == id).count() == 1
                })
        })
    }

    /// The lives for which something is pinned.
    pub fn tcx_lives(&self) -> Result<Vec<Generation>, TcxError> {
        let path = self.links_dir();
        let names = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Vec::new());
            }
            found => found
                .map_err(|source| TcxError::Unpin { path, source })?
                .flatten()
                .map(|entry| entry.file_name()),
        };
        let mut lives: Vec<_> =
            names.filter_map(|name| life_of(name.to_str()?)).collect();
        lives.sort_unstable();
        lives.dedup();
        Ok(lives)
    }

    fn attach_one(
        &self,
        link: &str,
        life: Generation,
        direction: Direction,
    ) -> Result<(), TcxError> {
        let path = self.pin(life, direction);
        let program = direction.as_str();
        let refuse = |source| TcxError::Attach {
            program,
            link: link.to_owned(),
            source: Box::new(source),
        };
        if let Some(held) = pinned(&path)? {
            match self.replace(held, direction) {
                Ok(()) => return Ok(()),
                // Its interface is gone: it holds nothing.
                Err(error) if is_dead(&error) => remove(&path)?,
                Err(error) => return Err(refuse(error)),
            }
        }
        let attached = self.attach_new(link, direction).map_err(refuse)?;
        (attached.pin(&path).map(drop))
            .map_err(|source| TcxError::Pin { path, source })
    }

    /// A link that exists gets this build's program.
    fn replace(
        &self,
        held: PinnedLink,
        direction: Direction,
    ) -> Result<(), ProgramError> {
        let held = FdLink::from(held);
        let mut program = self.own_program(direction)?;
        let held = SchedClassifierLink::try_from(held).map_err(no_link)?;
        program.attach_to_link(held).map(drop)
    }

    /// First of all that are at the link.
    fn attach_new(
        &self,
        link: &str,
        direction: Direction,
    ) -> Result<FdLink, ProgramError> {
        let mut program = self.own_program(direction)?;
        let first = TcAttachOptions::TcxOrder(LinkOrder::first());
        let id = program.attach_with_options(link, hook(direction), first)?;
        program.take_link(id)?.try_into().map_err(no_link)
    }

    /// A handle of this call's own on a program that is loaded.
    fn own_program(
        &self,
        direction: Direction,
    ) -> Result<SchedClassifier, ProgramError> {
        let name = direction.as_str();
        let loaded = object::loaded(&self.ebpf, name)?;
        SchedClassifier::from_program_info(loaded.info()?, Cow::from(name))
    }

    fn links_dir(&self) -> PathBuf {
        self.bpf_dir.join(DIRECTORY)
    }

    fn pin(&self, life: Generation, direction: Direction) -> PathBuf {
        let name = format!("{:013x}-{}", life.0, direction.as_str());
        self.links_dir().join(name)
    }
}

fn life_of(name: &str) -> Option<Generation> {
    let (life, _) = name.split_once('-')?;
    u64::from_str_radix(life, 16).ok().map(Generation)
}

fn hook(direction: Direction) -> TcAttachType {
    match direction {
        Direction::FromContainer => TcAttachType::Ingress,
        Direction::ToContainer => TcAttachType::Egress,
    }
}

/// The link that is pinned there.
fn pinned(path: &Path) -> Result<Option<PinnedLink>, TcxError> {
    match PinnedLink::from_pin(path) {
        Ok(found) => Ok(Some(found)),
        Err(LinkError::SyscallError(SyscallError { io_error, .. }))
            if io_error.kind() == io::ErrorKind::NotFound =>
        {
            Ok(None)
        }
        Err(source) => {
            let path = path.to_owned();
            Err(TcxError::Link { path, source })
        }
    }
}

/// A link of another kind than asked for, as a failure to attach.
fn no_link(error: LinkError) -> ProgramError {
    match error {
        LinkError::SyscallError(failed) => failed.into(),
        LinkError::InvalidLink | LinkError::UnknownLinkType(_) => {
            ProgramError::NotAttached
        }
    }
}

/// True where the kernel says that a link has lost its interface.
fn is_dead(error: &ProgramError) -> bool {
    const ENOLINK: i32 = 67;
    matches!(
        error,
        ProgramError::SyscallError(SyscallError { io_error, .. })
            if io_error.raw_os_error() == Some(ENOLINK)
    )
}

/// Absent is success.
fn remove(path: &Path) -> Result<(), TcxError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            let path = path.to_owned();
            Err(TcxError::Unpin { path, source })
        }
        _ => Ok(()),
    }
}
