//! The chores of the repository: `cargo xtask VERB`.
//!
//! | file | what it does |
//! |---|---|
//! | `verb` | what was typed (decides) |
//! | `tree` | reads the repository's files (acts) |
//! | `source` | code and comments of a file apart (decides) |
//! | `manifest` | what a `Cargo.toml` and `Cargo.lock` say (decides) |
//! | `tidy` | the rules and what breaks them (decides) |
//! | `abi` | the mark of the layouts shared with the kernel (decides) |
//! | `chore` | runs cargo, prints, writes (acts) |
//!
//! Nothing here needs the network, and nothing is installed.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "what a chore found is said on standard output"
)]

mod abi;
mod chore;
mod manifest;
mod source;
mod tidy;
mod tree;
mod verb;

use std::process::ExitCode;

use crate::verb::Verb;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match Verb::parse(&arguments) {
        Ok(verb) => outcome(chore::run(verb)),
        Err(wrong) => {
            eprintln!("xtask: {wrong}\n\n{}", verb::USAGE);
            ExitCode::from(2)
        }
    }
}

fn outcome(done: anyhow::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
