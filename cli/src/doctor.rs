//! `tartan doctor`: what is wrong with this host, why that matters, what to
//! do. Acts by reading only; needs no agent.
//!
//! | file | |
//! |---|---|
//! | `ground` | where to look, and what the agent says |
//! | `finding` | what a finding is |
//! | `kernel` | rights, release and features of the kernel |
//! | `directories` | configuration, directories, the store's file |
//! | `agent` | what the agent says of itself |
//! | `networks` | plugins and network configurations |
//! | `traffic` | what stands in the way of packets |
//! | `remains` | leftovers, clock, limits |
//!
//! Each subject has facts, a thin reader of them, a pure decision, and its
//! findings as an enum. docs/doctor.md lists them all, held against the code
//! by a test.

mod agent;
mod directories;
mod finding;
mod ground;
mod kernel;
mod networks;
mod remains;
mod traffic;

use std::path::PathBuf;

use clap::Args;

use crate::fault::Fault;
use crate::session::Session;
use finding::{Case, Diagnosis, Finding};
use ground::Ground;

/// Looks at this host and says what is wrong, why that matters and what to do.
/// Changes nothing. docs/doctor.md has all findings.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 nothing is wrong, 1 something is, 2 wrong usage.")]
pub(crate) struct Doctor {
    /// Where runtimes look for plugins; may be given several times
    #[arg(
        long,
        value_name = "DIR",
        default_values = ["/opt/cni/bin", "/usr/lib/cni"]
    )]
    cni_bin_dir: Vec<PathBuf>,
    /// Where runtimes look for networks; may be given several times
    #[arg(long, value_name = "DIR", default_values = ["/etc/cni/net.d"])]
    cni_conf_dir: Vec<PathBuf>,
}

/// Looks, and says what was found.
pub(crate) fn run(session: &Session, doctor: Doctor) -> Result<(), Fault> {
    let Doctor { cni_bin_dir, cni_conf_dir } = doctor;
    let ground = Ground::read(session, cni_bin_dir, cni_conf_dir);
    let mut findings = look(&ground);
    findings.sort_by_key(|finding| finding.severity);
    let diagnosis = Diagnosis { findings };
    session.print(&diagnosis)?;
    match diagnosis.findings.len() {
        0 => Ok(()),
        count => Err(Fault::Findings(count)),
    }
}

fn look(ground: &Ground) -> Vec<Finding> {
    let mut all = told(&kernel::decide(&kernel::read()));
    all.extend(told(&directories::decide(&directories::read(ground))));
    all.extend(told(&agent::decide(&agent::read(ground))));
    all.extend(told(&networks::decide(&networks::read(ground))));
    all.extend(told(&traffic::decide(&traffic::read(ground))));
    all.extend(told(&remains::decide(&remains::read(ground))));
    all
}

fn told<C: Case>(cases: &[C]) -> Vec<Finding> {
    cases.iter().map(C::finding).collect()
}

#[cfg(test)]
mod tests;
