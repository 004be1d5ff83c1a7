//! The built plugin, called as runtimes call it: as a process, with an
//! environment and a standard input.
//!
//! | file | what it holds |
//! |---|---|
//! | `plugin` | how a call is made, and what came of it |
//! | `netns` | a network namespace for as long as a test runs |
//! | `malformed` | calls that are none: the error object, nothing changed |
//! | `person` | calls of people |
//! | `no_agent` | each verb while the agent is away |
//! | `socket` | what the plugin says to an agent, and makes of its answer |
//! | `host_local` | our conversions against the answers of `host-local` |

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

mod host_local;
mod malformed;
mod netns;
mod no_agent;
mod person;
mod plugin;
mod socket;
