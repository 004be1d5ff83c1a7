//! `tartan-ipam`: gives addresses to the interfaces that other plugins make.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use cni_plugin::Program;

fn main() -> ExitCode {
    cni_plugin::run(Program::Ipam)
}
