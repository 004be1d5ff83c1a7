//! `tartan man`: writes the manual pages, those of the command from its own
//! usage, the others as they are written in `docs/man`. Acts; needs no agent.

mod keys;

use std::fs::{DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};

use crate::arguments::Arguments;
use crate::fault::Fault;
use crate::output;

/// Pages of what is no part of this command.
const PAGES: &[(&str, &str)] = &[
    ("tartan-agent.8", include_str!("../../docs/man/tartan-agent.8")),
    ("tartan-cni.8", include_str!("../../docs/man/tartan-cni.8")),
    ("tartan-ipam.8", include_str!("../../docs/man/tartan-ipam.8")),
    ("tartan.toml.5", include_str!("../../docs/man/tartan.toml.5")),
];
/// Where the keys of the configuration are told, once for all readers.
const CONFIGURATION: &str = include_str!("../../docs/configuration.md");

/// Writes the manual pages of the command, the agent, the plugins and the
/// configuration.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  tartan man
  tartan man ./man && man -l ./man/man1/tartan-pool.1")]
pub(crate) struct Man {
    /// Below which directory: pages go to man1, man5 and man8 in it
    #[arg(default_value = "/usr/local/share/man")]
    dir: PathBuf,
}

/// Writes them.
pub(crate) fn run(man: &Man) -> Result<(), Fault> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut count = write_command(&man.dir, command)?;
    for (name, text) in PAGES {
        let text = text.replace("@KEYS@", &keys::of(CONFIGURATION));
        write(&man.dir, name, text.as_bytes())?;
        count += 1;
    }
    output::write(&format!("Wrote {count} pages to {}.\n", man.dir.display()))
}

/// The page of a command, and those of the commands below it.
fn write_command(dir: &Path, command: clap::Command) -> Result<usize, Fault> {
    let mut page = Vec::new();
    let name = format!("{}.1", command.get_display_name().unwrap_or("tartan"));
    let below: Vec<_> = command.get_subcommands().cloned().collect();
    let written = clap_mangen::Man::new(command).render(&mut page);
    written.map_err(Fault::Output)?;
    write(dir, &name, &page)?;
    let mut count = 1;
    for command in below {
        count += write_command(dir, command)?;
    }
    Ok(count)
}

/// Writes a page into the section that its name ends with.
fn write(dir: &Path, name: &str, text: &[u8]) -> Result<(), Fault> {
    let section = name.rsplit('.').next().unwrap_or_default();
    let dir = dir.join(format!("man{section}"));
    let path = dir.join(name);
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(&dir)
        .and_then(|()| File::create(&path))
        .and_then(|mut file| file.write_all(text))
        .map_err(|source| Fault::Write { path, source })
}
