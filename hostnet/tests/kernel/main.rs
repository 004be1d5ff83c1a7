//! What the kernel does with what this crate asks, seen by `ip` and `tc`.
//! Needs root; everything happens in namespaces that end with the test.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod attachment;
mod batch;
mod filter;
mod forwarding;
mod ground;
mod netns;
mod nft;
mod rule;
mod shaper;
