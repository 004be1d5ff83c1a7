//! `tartan-bench`: measures our CNI plugin against others' and against the
//! floor. `bench/run` builds it and starts it in namespaces of its own.
//!
//! | file | what it does |
//! |---|---|
//! | `arguments` | what was typed (decides) |
//! | `contender` | who is measured, and how each is called (decides) |
//! | `translated` | the same with masquerade and host ports (decides) |
//! | `statistics` | medians, percentiles, intervals (decides) |
//! | `row`, `table` | a result, and how results are shown (decide) |
//! | `call` | runs one plugin once (acts) |
//! | `ground` | containers' namespaces, and what is left in ours (acts) |
//! | `agent` | our agent, started and stopped (acts) |
//! | `machine` | what kind of machine this is, and how calm (acts) |
//! | `blocks` | contenders in turn, in blocks, calm ones only (acts) |
//! | `workload` | what is measured: one file each (acts) |

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "a measurement is said on standard output"
)]

mod agent;
mod arguments;
mod blocks;
mod call;
mod contender;
mod ground;
mod machine;
mod row;
mod statistics;
mod table;
mod translated;
mod workload;

use std::process::ExitCode;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let arguments = match Arguments::parse(&words) {
        Ok(arguments) => arguments,
        Err(wrong) => {
            eprintln!("tartan-bench: {wrong}\n\n{}", arguments::USAGE);
            return ExitCode::from(2);
        }
    };
    match workload::measure(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tartan-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
