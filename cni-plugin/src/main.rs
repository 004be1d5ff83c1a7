//! `tartan-cni`: attaches containers.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use cni_plugin::Program;

fn main() -> ExitCode {
    cni_plugin::run(Program::Cni)
}
