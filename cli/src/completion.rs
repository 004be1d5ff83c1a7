//! Completion scripts for shells. Acts.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::arguments::Arguments;
use crate::fault::Fault;
use crate::output;

/// Prints the script.
pub(crate) fn run(shell: Shell) -> Result<(), Fault> {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), "tartan", &mut script);
    output::write(&String::from_utf8_lossy(&script))
}
