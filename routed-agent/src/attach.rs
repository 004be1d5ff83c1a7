//! Attaching and detaching containers: the agent's main job.
//!
//! ```text
//!  plugin -> plugin_socket -> add | delete | check
//!                               |
//!             authorise (pure)  |  steps (the list), wire (pure: batches)
//!                               v
//!         addresses, run directory, netlink, eBPF maps
//! ```
//!
//! Everything here runs on threads of its own, without an asynchronous
//! runtime: a request is a dozen system calls in a row, and handing them
//! around would cost more than making them.

pub(crate) mod add;
pub(crate) mod authorise;
pub(crate) mod check;
pub(crate) mod crash;
pub(crate) mod delete;
pub(crate) mod fault;
pub(crate) mod furnish;
pub(crate) mod hooks;
pub(crate) mod host_end;
pub(crate) mod inside;
mod net_cls;
pub(crate) mod shape;
pub(crate) mod shaping;
pub(crate) mod status;
pub(crate) mod steps;
pub(crate) mod sticky;
pub(crate) mod wire;
