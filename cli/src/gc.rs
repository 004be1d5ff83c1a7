//! `tartan gc`: detaches what is left of containers that are gone. Acts.

use clap::Args;
use tartan_agent_api::people::gc::{Collect, GcReport, Mode};
use tartan_agent_api::people::path;

use crate::fault::Fault;
use crate::output::{Shown, Width};
use crate::session::Session;

/// Holds every attachment against the kernel: those whose network namespace
/// is gone are detached and their addresses freed, links and map entries
/// without an owner are removed. The agent does the same once a minute.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Gc {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Does it.
pub(crate) fn run(session: &Session, gc: Gc) -> Result<(), Fault> {
    let mode = if gc.dry_run { Mode::DryRun } else { Mode::Apply };
    let report: GcReport = session.post(path::GC, &Collect { mode })?;
    session.print(&report)?;
    match report.failed.len() {
        0 => Ok(()),
        failed => Err(Fault::Steps(failed)),
    }
}

impl Shown for GcReport {
    fn text(&self, _width: Width) -> String {
        let done = self.steps.iter().map(|step| format!("{step}\n"));
        let failed = self.failed.iter().map(|step| format!("failed: {step}\n"));
        done.chain(failed).collect()
    }

    fn nothing(&self) -> &'static str {
        "Nothing is left over."
    }
}
