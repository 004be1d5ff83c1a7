//! What is said on Tartan's own sockets and written in its run directory.
//!
//! Three surfaces, one file each:
//!
//! | surface | who speaks | where |
//! |---|---|---|
//! | plugins' socket: one message each way, a netns descriptor beside it | `tartan-cni` -> agent | [`plugin`], carried by [`seqpacket`] |
//! | agent's API for people and tools: HTTP/1.1 with JSON | `tartan` -> agent | [`people`] |
//! | run directory: records of attachments, tombstones | agent; plugin when the agent is down | [`record`], [`run_dir`] |
//!
//! [`whole_file`] is how any of our files is replaced. Where they live is
//! decided in [`places`]; which keys the host's configuration has, for agent
//! and command alike, in [`config_keys`]. This crate knows no netlink, no store and no
//! asynchronous runtime, so that a plugin stays small.

#![forbid(unsafe_code)]

pub mod config_keys;
#[doc(hidden)]
pub mod fuzzing;
pub mod nearest;
pub mod people;
pub mod places;
pub mod plugin;
pub mod record;
pub mod run_dir;
pub mod seqpacket;
pub mod whole_file;

pub use places::Places;
