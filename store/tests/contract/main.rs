//! The contract of the store, held against both engines as they are: a real
//! file, a real etcd, real processes, and faults between them.
//!
//! | file | what |
//! |---|---|
//! | `place`, `server`, `proxy`, `child` | where a store is, and what can happen to it |
//! | `cases` | what every engine promises |
//! | `model` | random transactions against a map |
//! | `lost` | etcd behind a network that loses, cuts, delays |
//! | `processes` | processes that share the embedded file, and die |
//! | `bad_days` | locked, damaged, full, restored |
//! | `guarded` | an etcd with certificates, with logins, at its quota |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "this crate is tests from end to end"
)]

mod bad_days;
mod cases;
mod child;
mod guarded;
mod lost;
mod model;
mod place;
mod processes;
mod proxy;
mod server;
mod words;

/// Each case is a test of each engine.
macro_rules! on_each_engine {
    ($($case:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::cases::$case(&super::place::Place::embedded()).await;
            })*
        }

        mod etcd {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::cases::$case(&super::place::Place::etcd().await).await;
            })*
        }
    };
}

on_each_engine! {
    what_is_committed_is_read,
    a_comparison_decides_over_the_whole,
    a_transaction_is_one_revision,
    what_changes_nothing_has_no_revision,
    a_listing_is_complete_and_of_one_moment,
    a_watch_tells_everything_in_order,
    a_watch_tells_its_range_alone,
    a_watch_that_was_not_awaited_loses_nothing,
    what_is_compacted_is_said_to_be,
    a_running_watch_does_not_mind_compaction,
    a_revision_that_never_was_is_not_waited_for,
    a_lapsed_lease_takes_its_keys_along,
    a_lease_that_is_kept_alive_lives,
    a_revoked_lease_ends_at_once,
    what_no_engine_takes_is_invalid,
    a_store_knows_its_name,
    of_two_who_compare_one_wins,
    values_are_bytes,
}
