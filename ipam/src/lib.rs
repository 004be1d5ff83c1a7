//! Which address, for whom: pools are cut into blocks, hosts claim blocks,
//! and a host gives addresses from its own blocks without asking anybody.
//!
//! [`Ledger`] is the one owner of these decisions on a host. It is a value: no
//! file, no store, no clock in it. What it decided is published afterwards,
//! and what it lacks (another block) it names as a [`Want`].
//!
//! ```text
//!   ADD  -> Ledger::assign -> Assigned | NeedsBlock -> claimer::claim -.
//!              ^                                                       |
//!              '------------------- Ledger::adopt_block <--------------'
//!   DEL  -> Ledger::release
//!   soon -> Ledger::dirty -> publisher::publish -> Ledger::published
//! ```
//!
//! | file | answers | |
//! |---|---|---|
//! | `ledger` and its parts | which address, and what becomes of it | pure |
//! | `claim` | which piece of a pool to claim, by which transaction | pure |
//! | `pool_rules` | which pools can be | pure |
//! | `gc`, `check` | what to release, what leaked | pure |
//! | `keys`, `records` | where things are in the store, in which form | pure |
//! | `claimer`, `publisher`, `pools`, `host` | the same, done | store |
//! | `reservations` | addresses kept by name, and who has them | store |
//! | `reassert` | claims that a restored store forgot | store |
//! | `hosts`, `removal` | who there is; taking one out | store |

#![forbid(unsafe_code)]

mod boot_time;
pub mod check;
pub mod claim;
pub mod claimer;
pub mod host;
mod host_record;
pub mod hosts;
pub mod keys;
mod ledger;
pub mod pool_rules;
pub mod pools;
pub mod publisher;
pub mod reassert;
pub mod records;
pub mod removal;
mod request;
pub mod reservations;

pub use boot_time::BootTime;
pub use host_record::{
    AgentState, Claimant, Contact, HostRecord, Instance, Removal,
};
pub use ledger::assign::{AssignError, PoolNames, Spans};
pub use ledger::block::Proof;
pub use ledger::census::Census;
pub use ledger::outlook::Prospect;
pub use ledger::publish::Unpublished;
pub use ledger::release::{ConfirmError, ReleaseError, Released};
pub use ledger::requested::Exclusion;
pub use ledger::restore::RestoreError;
pub use ledger::returns::Returning;
pub use ledger::stock::GrantedPlace;
pub use ledger::view::{Held, Holding, Usage};
pub use ledger::{AdoptError, Ledger};
pub use request::{
    AssignRequest, Assigned, Claimed, Freshness, Living, Room, Stage, Want,
};
