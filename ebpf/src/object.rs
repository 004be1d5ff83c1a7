//! Loads the object: maps first, taken over from the pins of a former agent
//! where they are, then the programs on them. Acts.

use std::path::{Path, PathBuf};

use aya::maps::MapError as KernelError;
use aya::programs::{ProgramError, ProgramFd, SchedClassifier};
use aya::{Ebpf, EbpfError, EbpfLoader};
use thiserror::Error;

use crate::bpffs::is_on_bpffs;
use crate::counters::Direction;
use crate::layout::{self, LayoutError};
use crate::migration::{Migration, MigrationError};

/// The compiled programs (`bpf/container.bpf.c`).
static OBJECT: &[u8] =
    aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/container.o"));

/// A dataplane that could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The directory cannot hold maps.
    #[error(
        "{dir} is not on a bpf file system; mount one there (mount -t bpf bpf \
         {dir}) or name a directory below /sys/fs/bpf"
    )]
    NotBpffs {
        /// The directory asked for.
        dir: PathBuf,
    },
    /// The object or its maps were refused.
    #[error("cannot load the maps pinned in {dir}")]
    Maps {
        /// The directory of the pins.
        dir: PathBuf,
        /// Why not.
        #[source]
        source: Box<EbpfError>,
    },
    /// A map is not as this build expects it.
    #[error("cannot use map {map} pinned in {dir}")]
    Map {
        /// Which map.
        map: &'static str,
        /// The directory of the pins.
        dir: PathBuf,
        /// Why not.
        #[source]
        source: KernelError,
    },
    /// A map was made that is not as the mirror of its layout says.
    #[error("map {map} pinned in {dir} has another layout than this build's")]
    Layout {
        /// Which map.
        map: &'static str,
        /// The directory of the pins.
        dir: PathBuf,
    },
    /// A program was refused; the source has the verifier's words.
    #[error("cannot load program {program}")]
    Program {
        /// Which program.
        program: &'static str,
        /// Why not.
        #[source]
        source: Box<ProgramError>,
    },
    /// Maps of another layout could not be taken over.
    #[error("cannot take over the maps of another build")]
    Migration(#[from] MigrationError),
    /// The object was built from something else.
    #[error(transparent)]
    Object(#[from] LayoutError),
    /// The object was built from something else.
    #[error("the compiled object has no program {program}")]
    NoProgram {
        /// Which program.
        program: &'static str,
    },
}

/// The programs of the limiter (`bpf/limiter.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimiterProgram {
    /// Which packets go by the limiter: a filter behind `from_container`.
    Limited,
    /// In which class a packet waits: a filter at the limiter's tree.
    LimitClass,
}

impl LimiterProgram {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Limited, Self::LimitClass];

    /// Its name in the object.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Limited => "limited",
            Self::LimitClass => "limit_class",
        }
    }
}

/// Every program of the object.
fn names() -> impl Iterator<Item = &'static str> {
    let limiter = LimiterProgram::ALL.map(LimiterProgram::as_str);
    Direction::ALL.map(Direction::as_str).into_iter().chain(limiter)
}

/// How the kernel names a loaded program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramIdentity {
    /// Its number until it is unloaded.
    pub id: u32,
    /// Hash of its instructions: the same for the same program, loaded again.
    pub tag: u64,
}

/// The sets of maps under `bpf_dir`, seen from this build.
pub(crate) fn look(bpf_dir: &Path) -> Result<Migration, OpenError> {
    if !is_on_bpffs(bpf_dir) {
        return Err(OpenError::NotBpffs { dir: bpf_dir.to_owned() });
    }
    Ok(Migration::look(bpf_dir, layout::of_object(OBJECT)?)?)
}

/// Makes the maps, or takes those that are pinned.
pub(crate) fn load_maps(pins: &Path) -> Result<Ebpf, OpenError> {
    EbpfLoader::new().default_map_pin_directory(pins).load(OBJECT).map_err(
        |source| OpenError::Maps {
            dir: pins.to_owned(),
            source: Box::new(source),
        },
    )
}

/// Has the kernel verify and take every program.
pub(crate) fn load_programs(ebpf: &mut Ebpf) -> Result<(), OpenError> {
    for program in names() {
        let found = ebpf
            .program_mut(program)
            .ok_or(OpenError::NoProgram { program })?;
        <&mut SchedClassifier>::try_from(found)
            .and_then(SchedClassifier::load)
            .map_err(|source| refuse(program, source))?;
    }
    Ok(())
}

/// The loaded program of that name, where nothing can be wrong with the
/// object any more.
pub(crate) fn loaded<'a>(
    ebpf: &'a Ebpf,
    name: &str,
) -> Result<&'a SchedClassifier, ProgramError> {
    ebpf.program(name).ok_or(ProgramError::NotLoaded)?.try_into()
}

/// The loaded program of that name.
pub(crate) fn program<'a>(
    ebpf: &'a Ebpf,
    program: &'static str,
) -> Result<&'a SchedClassifier, OpenError> {
    let found =
        ebpf.program(program).ok_or(OpenError::NoProgram { program })?;
    found.try_into().map_err(|source| refuse(program, source))
}

/// A descriptor of a loaded program.
pub(crate) fn descriptor(
    ebpf: &Ebpf,
    name: &'static str,
) -> Result<ProgramFd, OpenError> {
    program(ebpf, name)?
        .fd()
        .and_then(|fd| Ok(fd.try_clone()?))
        .map_err(|source| refuse(name, source))
}

/// Number and hash of a loaded program.
pub(crate) fn identity(
    ebpf: &Ebpf,
    name: &'static str,
) -> Result<ProgramIdentity, OpenError> {
    let info =
        program(ebpf, name)?.info().map_err(|source| refuse(name, source))?;
    Ok(ProgramIdentity { id: info.id(), tag: info.tag() })
}

fn refuse(program: &'static str, source: ProgramError) -> OpenError {
    OpenError::Program { program, source: Box::new(source) }
}
