//! Takes everything of Tartan off this host but its programs and its
//! configuration: for hosts that it leaves. Acts.
//!
//! Nothing is removed by a wide name: links by their groups and names, pins
//! and files by the names that we give. Whatever else lies in one of our
//! directories stays, and the directory with it.

use std::io;
use std::path::{Path, PathBuf};

use tartan_agent_api::Places;
use tartan_hostnet::{Batch, BatchError, Link, OpenError, ReadError, Rtnl};
use thiserror::Error;

use crate::attach::wire::{self, GROUP_LIVE, GROUP_REAP};
use crate::start::{self, StartError};
use crate::{chain, dataplane, limiter, nat};

/// What lies in the run directory.
const RUNNING: &[&str] = &[
    "attachments",
    "tombstones",
    "damaged",
    "blocks",
    "registry.json",
    "contact.json",
    "lost.json",
    "cni.sock",
    "agent.sock",
    "agent.lock",
];
/// What lies in the state directory.
const STATE: &[&str] = &["store", "seen.json", "seen.damaged", "instance"];

/// What to do about containers that live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Uninstall {
    /// Only say what would be removed.
    Show,
    /// Remove, where no container lives.
    Remove,
    /// Remove, and cut off the containers that live.
    Force,
}

/// Why nothing was removed.
#[derive(Debug, Error)]
pub(crate) enum UninstallError {
    #[error("cannot be alone; stop the agent first")]
    Alone(#[from] StartError),
    #[error("cannot open a netlink socket")]
    Netlink(#[from] OpenError),
    #[error("cannot list links")]
    Links(#[from] ReadError),
    #[error(
        "{} containers are attached ({}); end them first, or cut them off \
         with --force", .0.len(), .0.join(", ")
    )]
    Living(Vec<String>),
    #[error("{0} things stay; the lines above say why")]
    Stay(usize),
}

/// What was removed and what was not.
#[derive(Debug, Default)]
struct Removed {
    lines: Vec<String>,
    failed: usize,
}

/// Removes, or says what would be; answers with a line for each thing.
pub(crate) fn uninstall(
    places: &Places,
    how: Uninstall,
) -> Result<Vec<String>, UninstallError> {
    let _alone = start::alone(places)?;
    let mut rtnl = Rtnl::open()?;
    let links = rtnl.links()?;
    let living = living(&links);
    if how == Uninstall::Remove && !living.is_empty() {
        return Err(UninstallError::Living(living));
    }
    let mut removed = Removed::default();
    for (what, link) in ours(&links) {
        removed.take(how, &what, || delete(&mut rtnl, link));
    }
    let rules = "table inet tartan, and rules of ours in tables of others";
    removed.take(how, rules, remove_rules);
    let pins = tartan_ebpf::pins_in(&places.bpf_dir);
    removed.files(how, &places.bpf_dir, pins);
    let named = |dir: &Path, names: &[&str]| -> Vec<PathBuf> {
        names.iter().map(|name| dir.join(name)).collect()
    };
    let run = &places.run_dir;
    removed.files(how, run, named(run, RUNNING));
    let state = &places.state_dir;
    removed.files(how, state, named(state, STATE));
    match removed.failed {
        0 => Ok(removed.lines),
        count => {
            removed.lines.iter().for_each(|line| tracing::warn!("{line}"));
            Err(UninstallError::Stay(count))
        }
    }
}

/// Whose links are up.
fn living(links: &[Link]) -> Vec<String> {
    let live = links.iter().filter(|link| link.group == GROUP_LIVE);
    let named = |link: &Link| {
        let mut names = link.alt_names.iter();
        let who = names.find_map(|name| wire::read_alt_name(name)?.1);
        who.map_or_else(|| link.name.clone(), |who| who.to_string())
    };
    live.map(named).collect()
}

/// Links of ours, each with what to call it.
fn ours(links: &[Link]) -> impl Iterator<Item = (String, u32)> {
    // The other end goes with the first.
    let keeper = dataplane::KEEPER[0];
    links.iter().filter_map(move |link| {
        let is_ours = link.group == GROUP_LIVE
            || link.group == GROUP_REAP.get()
            || link.name == limiter::DEVICE
            || (link.name == keeper && dataplane::is_ours(link));
        is_ours.then(|| (format!("link {}", link.name), link.index))
    })
}

fn delete(rtnl: &mut Rtnl, link: u32) -> Result<(), BatchError> {
    let mut batch = Batch::new();
    batch.delete(link);
    match rtnl.apply(batch) {
        Err(error) if !error.is_absent() => Err(error),
        _ => Ok(()),
    }
}

fn remove_rules() -> Result<(), nat::LeaveError> {
    nat::leave().map_err(nat::LeaveError::Nat)?.into_result()
}

impl Removed {
    fn take<E: std::error::Error + 'static>(
        &mut self,
        how: Uninstall,
        what: &str,
        remove: impl FnOnce() -> Result<(), E>,
    ) {
        let done = match how {
            Uninstall::Show => Ok(()),
            Uninstall::Remove | Uninstall::Force => remove(),
        };
        let line = match done {
            Ok(()) => what.to_owned(),
            Err(error) => {
                self.failed += 1;
                format!("{what} stays: {}", chain(&error))
            }
        };
        self.lines.push(line);
    }

    /// Removes what is there of `paths`, then `dir` itself where that left it
    /// empty and it is no mount of its own.
    fn files(&mut self, how: Uninstall, dir: &Path, paths: Vec<PathBuf>) {
        for path in paths {
            let Ok(found) = path.symlink_metadata() else { continue };
            let what = path.display().to_string();
            self.take(how, &what, || match found.is_dir() {
                true => std::fs::remove_dir_all(&path),
                false => std::fs::remove_file(&path),
            });
        }
        let is_kept = |error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::DirectoryNotEmpty
                    | io::ErrorKind::ResourceBusy
                    | io::ErrorKind::NotFound
            )
        };
        let what = dir.display().to_string();
        self.take(how, &what, || match std::fs::remove_dir(dir) {
            Err(error) if !is_kept(&error) => Err(error),
            _ => Ok(()),
        });
    }
}
