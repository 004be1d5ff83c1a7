//! The CNI plugins `tartan-cni`, which a runtime calls for each container, and
//! `tartan-ipam`, which other plugins call for the addresses of what they make.
//!
//! A call is one process: variables of the environment and a JSON document on
//! standard input, one JSON object on standard output. The plugin reads and
//! checks all of it, opens the container's network namespace, hands both to
//! the resident agent over its socket and prints the agent's answer in the
//! version of the CNI specification that the configuration asks for. It knows
//! no netlink, no store and no asynchronous runtime: its size is its start-up
//! time. Nothing is changed before everything has been checked.
//!
//! | question | file |
//! |---|---|
//! | which verb, on which container? | [`environment`], [`arguments`] |
//! | is it JSON, every key once? | [`document`] |
//! | what does it say? | [`netconf`]: as received |
//! | what does the operator mean? | [`network`] |
//! | which addresses will do? | [`ipam`], [`resolv`] |
//! | what does the request ask for? | [`request`], [`bandwidth`], [`labels`], [`class_wish`] |
//! | which versions are spoken? | [`version`] |
//! | what is made? | [`result`], read by [`previous`], written by [`encode`] |
//! | what is still there? | [`garbage`] |
//! | what went wrong? | [`fault`] |
//!
//! Those decide. These act: [`netns`] opens a namespace, [`agent`] asks the
//! agent, [`verb`] has one file per verb. [`program`] tells the two apart.
//!
//! # Building it
//!
//! Each is one static file, without a C library beside it:
//!
//! ```sh
//! cargo xtask plugin
//! ```
//!
//! which is
//!
//! ```sh
//! cargo rustc --profile plugin --package tartan-cni --bin tartan-cni \
//!     --target x86_64-unknown-linux-gnu -- \
//!     -C target-feature=+crt-static -C relocation-model=static
//! ```
//!
//! The flags stand behind `--` so that they concern this program alone. glibc
//! links statically here because nothing resolves a name or loads a library.
//! Without relocation the kernel maps the file and jumps into it.

#![forbid(unsafe_code)]

pub mod about;
pub mod agent;
pub mod arguments;
pub mod bandwidth;
pub mod class_wish;
pub mod document;
pub mod encode;
pub mod environment;
pub mod fault;
#[doc(hidden)]
pub mod fuzzing;
pub mod garbage;
pub mod ipam;
pub mod labels;
pub mod netconf;
pub mod netns;
pub mod network;
pub mod ports;
pub mod previous;
pub mod program;
pub mod request;
pub mod resolv;
pub mod result;
pub mod sticky;
pub mod verb;
pub mod version;

mod call;
mod quantity;
mod run;

pub use call::{Answer, answer};
pub use program::Program;
pub use run::run;
