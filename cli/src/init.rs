//! `tartan init`: writes a starting configuration and says what to do next.
//! Acts; needs no agent.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use clap::Args;
use serde::Serialize;

use crate::fault::Fault;
use crate::output::{self, Format};
use crate::session::Session;

/// The configuration: every key with its default, so that a reader sees what
/// can be changed.
const STARTING: &str = include_str!("init/tartan.toml");
/// A network for any runtime that runs CNI plugins.
const CONFLIST: &str = include_str!("init/10-tartan.conflist");

/// Writes a starting configuration (--config FILE, by default
/// /etc/tartan/tartan.toml) and says what to do next.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tartan init
  tartan init --config ./tartan.toml")]
pub(crate) struct Init {
    /// Write over a configuration that exists
    #[arg(long)]
    force: bool,
}

/// What was written, for programs.
#[derive(Serialize)]
struct Written<'a> {
    configuration: &'a Path,
    conflist: serde_json::Value,
}

/// Writes it.
pub(crate) fn run(session: &Session, init: &Init) -> Result<(), Fault> {
    let path = session.config();
    init.write(path).map_err(|source| {
        let path = path.to_owned();
        if source.kind() == ErrorKind::AlreadyExists {
            return Fault::Exists(path);
        }
        Fault::Write { path, source }
    })?;
    match session.format() {
        Format::Table | Format::Wide => output::write(&next(path)),
        format @ (Format::Json | Format::Yaml) => {
            let conflist =
                serde_json::from_str(CONFLIST).map_err(Fault::Json)?;
            let written = Written { configuration: path, conflist };
            output::report(&written, "", format)
        }
    }
}

impl Init {
    fn write(&self, path: &Path) -> std::io::Result<()> {
        if let Some(dir) = path.parent().filter(|dir| *dir != Path::new("")) {
            DirBuilder::new().recursive(true).mode(0o755).create(dir)?;
        }
        OpenOptions::new()
            .write(true)
            .create(true)
            .create_new(!self.force)
            .truncate(self.force)
            // It names files with passwords, but holds none.
            .mode(0o644)
            .open(path)?
            .write_all(STARTING.as_bytes())
    }
}

fn next(path: &Path) -> String {
    let path = path.display();
    format!(
        "Wrote {path}. What comes next:\n\n\
         1. Start the agent:          tartan-agent --config {path}\n\
         2. Make a pool:              tartan pool create default --cidr \
         10.77.0.0/16\n\
         3. Make a team and an app:   tartan team create payments\n                              \
         tartan app create payments/api\n\
         4. Put this in a file of the runtime's CNI configuration, such as\n   \
         /etc/cni/net.d/10-tartan.conflist:\n\n\
         {CONFLIST}\n\
         5. Start a container on the network `shop`, and look at it:\n                              \
         tartan endpoint list\n"
    )
}

#[cfg(test)]
mod tests;
