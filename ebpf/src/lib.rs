//! The programs that judge each packet of a container, the maps they work on,
//! and the loader of both.
//!
//! Two programs sit on the host's end of each container's veth pair:
//! `from_container` lets out only what carries the endpoint's own addresses and
//! MAC, `to_container` lets in only what is addressed to it. Both find the
//! container by the interface, count by class and by reason, and drop what
//! comes by an interface nobody told them of. They are C (`bpf/`), compiled by
//! the build script; this crate loads them, keeps their maps pinned so that
//! they outlive the agent, and reads and writes the maps in the words of
//! `tartan-model`. Attaching them to interfaces is the work of
//! `tartan-hostnet`, which takes the descriptors from here.
//!
//! | file | what |
//! |---|---|
//! | [`abi`] | what crosses the boundary, byte for byte |
//! | `entry`, `reason`, `counters` | the same in our words (pure) |
//! | `bpffs` | where pinned maps live |
//! | `object` | load, check, pin |
//! | `btf`, `shape`, `layout` | what maps of any build look like (pure) |
//! | `lineage`, `migration_step` | which maps count, and how one build's become another's (pure) |
//! | `pinned`, `migration` | the same, done |
//! | `hash`, `maps` | typed handles on the pinned maps |
//! | `dataplane` | the one handle: programs, endpoints, settings |
//! | `endpoints` | one endpoint in four maps, without a half state |
//! | `readings` | what was counted |
//! | `tcx` | the programs at one link alone |
//! | `trial` | one packet through a program, without a network |

#![deny(unsafe_code)] // `abi` alone may say otherwise; forbid would not let it

pub mod abi;
mod bpffs;
mod btf;
mod counters;
mod dataplane;
mod endpoints;
mod entry;
mod error;
mod hash;
mod layout;
mod lineage;
mod maps;
mod migration;
mod migration_step;
mod object;
mod pinned;
mod pins;
mod readings;
mod reason;
mod shape;
mod tcx;
mod trial;

pub use bpffs::{BpffsError, ensure_bpffs};
pub use counters::{
    ClassCount, Direction, DropCount, EndpointCounters, Traffic, Verdict,
};
pub use dataplane::Dataplane;
pub use entry::{DataplaneSettings, EndpointEntry, Mark};
pub use error::MapError;
pub use migration::pins_in;
pub use migration_step::MigrationStep;
pub use object::{LimiterProgram, OpenError, ProgramIdentity};
pub use pins::PinError;
pub use reason::DropReason;
pub use tcx::TcxError;
pub use trial::{Trial, TrialError, TrialPacket};
