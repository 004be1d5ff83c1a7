//! Real packets through the real programs, in the real kernel, without a
//! network: what passes, what is dropped and why, and that each is counted
//! once. Needs root and a kernel that takes the programs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

mod budgets;
mod craft;
mod from_container;
mod lives;
mod marks_and_counts;
mod migration;
mod place;
mod ruined;
mod speed;
mod to_container;
