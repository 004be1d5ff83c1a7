//! `tartan uninstall`: has the agent's program take everything of Tartan off
//! this host. Acts; the agent itself must have ended.

use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use clap::Args;

use crate::fault::Fault;
use crate::session::Session;

/// The program that knows what is ours in the kernel.
const AGENT: &str = "tartan-agent";

/// Remove everything of Tartan from this host but programs and configuration
#[derive(Debug, Args)]
#[command(after_help = "\
Without --yes it only says what would be removed: links, programs and maps in
the kernel, rules, records and the embedded store with its pools and teams.
Containers that live are a reason not to; --force cuts them off.

Examples:
  systemctl disable --now tartan-agent
  tartan uninstall
  tartan uninstall --yes")]
pub(crate) struct Uninstall {
    /// Do it
    #[arg(long)]
    yes: bool,
    /// Do it even where containers live: they are cut off
    #[arg(long, requires = "yes")]
    force: bool,
}

/// Does it.
pub(crate) fn run(session: &Session, it: &Uninstall) -> Result<(), Fault> {
    let how = match (it.yes, it.force) {
        (false, _) => "show",
        (true, false) => "remove",
        (true, true) => "force",
    };
    let mut agent = command();
    agent.arg("--uninstall").arg(how);
    if session.config().exists() {
        agent.arg("--config").arg(session.config());
    }
    if let Some(run_dir) = session.run_dir() {
        agent.arg("--run-dir").arg(run_dir);
    }
    let ended = agent.status().map_err(Fault::Process)?;
    succeeded(ended)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the agent's program holds the hands that this command has not"
)]
fn command() -> Command {
    Command::new(beside().unwrap_or_else(|| AGENT.into()))
}

/// The agent's program of this release, where it lies beside this one.
fn beside() -> Option<PathBuf> {
    let path = std::env::current_exe().ok()?.with_file_name(AGENT);
    path.is_file().then_some(path)
}

/// The agent's program has said why not.
fn succeeded(ended: ExitStatus) -> Result<(), Fault> {
    ended.success().then_some(()).ok_or(Fault::Uninstall)
}
