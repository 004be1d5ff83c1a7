//! Loads the object: maps first, taken over from the pins of a former agent
//! where they are, then the programs on them. Acts.

use std::path::{Path, PathBuf};

use aya::maps::MapError as KernelError;
use aya::programs::{ProgramError, ProgramFd, SchedClassifier};
use aya::{Ebpf, EbpfError, EbpfLoader};
use thiserror::Error;

use crate::abi::ABI_VERSION;
use crate::bpffs::{BpffsError, is_on_bpffs, make_directories};
use crate::counters::Direction;

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
    /// The directory of this ABI's pins could not be made.
    #[error("cannot keep maps in {dir}")]
    Pins {
        /// The directory of the pins.
        dir: PathBuf,
        /// Why not.
        #[source]
        source: BpffsError,
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
    /// A pinned map is another build's of the same version.
    #[error(
        "map {map} pinned in {dir} has another layout than this build's; \
         stop the containers, then remove the directory"
    )]
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
    /// The object was built from something else.
    #[error("the compiled object has no program {program}")]
    NoProgram {
        /// Which program.
        program: &'static str,
    },
}

/// How the kernel names a loaded program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramIdentity {
    /// Its number until it is unloaded.
    pub id: u32,
    /// Hash of its instructions: the same for the same program, loaded again.
    pub tag: u64,
}

/// Where maps of this ABI are pinned under `bpf_dir`. Another version's are
/// left alone beside them.
pub(crate) fn pin_directory(bpf_dir: &Path) -> Result<PathBuf, OpenError> {
    if !is_on_bpffs(bpf_dir) {
        return Err(OpenError::NotBpffs { dir: bpf_dir.to_owned() });
    }
    let dir = bpf_dir.join(format!("v{ABI_VERSION}"));
    match make_directories(&dir) {
        Ok(()) => Ok(dir),
        Err(source) => Err(OpenError::Pins { dir, source }),
    }
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

/// Has the kernel verify and take both programs.
pub(crate) fn load_programs(ebpf: &mut Ebpf) -> Result<(), OpenError> {
    for direction in Direction::ALL {
        let program = direction.as_str();
        let found = ebpf
            .program_mut(program)
            .ok_or(OpenError::NoProgram { program })?;
        <&mut SchedClassifier>::try_from(found)
            .and_then(SchedClassifier::load)
            .map_err(|source| refuse(program, source))?;
    }
    Ok(())
}

/// The loaded program of this direction.
pub(crate) fn program(
    ebpf: &Ebpf,
    direction: Direction,
) -> Result<&SchedClassifier, OpenError> {
    let program = direction.as_str();
    let found =
        ebpf.program(program).ok_or(OpenError::NoProgram { program })?;
    found.try_into().map_err(|source| refuse(program, source))
}

/// A descriptor of a loaded program.
pub(crate) fn descriptor(
    ebpf: &Ebpf,
    direction: Direction,
) -> Result<ProgramFd, OpenError> {
    program(ebpf, direction)?
        .fd()
        .and_then(|fd| Ok(fd.try_clone()?))
        .map_err(|source| refuse(direction.as_str(), source))
}

/// Number and hash of a loaded program.
pub(crate) fn identity(
    ebpf: &Ebpf,
    direction: Direction,
) -> Result<ProgramIdentity, OpenError> {
    let info = program(ebpf, direction)?
        .info()
        .map_err(|source| refuse(direction.as_str(), source))?;
    Ok(ProgramIdentity { id: info.id(), tag: info.tag() })
}

fn refuse(program: &'static str, source: ProgramError) -> OpenError {
    OpenError::Program { program, source: Box::new(source) }
}
