//! The stories, one file per chapter.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a story that cannot go on says so by panicking, and starts the \
              processes it is about"
)]

mod the_harness;
