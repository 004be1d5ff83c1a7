//! nf_tables: one table as a value, changed in transactions, read back.
//!
//! | word | where |
//! |---|---|
//! | table, chain, set, rule, element as values | `table` |
//! | what a rule does, step by step | `expression` |
//! | changes that are made together or not at all | `transaction` |
//! | the socket | `socket` |
//! | what is read back | `seen` |
//!
//! A table is written and read without any program: the kernel's own form is
//! small, and what a program prints is nobody's promise.

mod expression;
pub(crate) mod seen;
mod socket;
mod table;
mod transaction;

pub use expression::{
    Comparison, Expression, Meta, NatTarget, PacketField, Register, Verdict,
};
pub use seen::{ChainSeen, RuleSeen, TableSeen};
pub use socket::Nft;
pub use table::{
    BaseChain, Chain, ChainKind, Element, Field, Hook, Policy, Rule, Set,
    Table, TableFamily, octets, parts,
};
pub use transaction::Transaction;
