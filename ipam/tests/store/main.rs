//! Hosts and one real store: what is claimed, published, given back, and who
//! wins where two want the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod blocks;
mod cast;
mod claims;
mod generations;
mod hosts;
mod pools;
mod reservations;
mod restored;
