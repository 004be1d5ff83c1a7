//! The ground on which contenders run: containers' namespaces, and the links
//! that are left in ours. Acts.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use crate::call;
use crate::contender::{Call, Contender, Places};

/// What it takes to say that a namespace is ours alone.
pub(crate) fn refuse_a_used_namespace() -> anyhow::Result<()> {
    let links = links()?;
    ensure!(
        links.iter().all(|link| link == "lo"),
        "this network namespace has links ({}); start bench/run, which \
         makes one of its own",
        links.join(", ")
    );
    Ok(())
}

/// Makes the namespaces of containers 1 to `count`.
pub(crate) fn make_containers(
    places: &Places,
    count: usize,
) -> anyhow::Result<()> {
    let paths: Vec<PathBuf> = (1..=count).map(|n| places.netns(n)).collect();
    let made =
        std::thread::spawn(move || paths.iter().try_for_each(make_namespace));
    made.join().map_err(|_| anyhow::anyhow!("making namespaces panicked"))?
}

/// The thread that calls this is in the new namespace afterwards: it ends.
fn make_namespace(path: &PathBuf) -> anyhow::Result<()> {
    unshare(CloneFlags::CLONE_NEWNET).context("cannot make a netns")?;
    File::create(path)?;
    mount(
        Some("/proc/thread-self/ns/net"),
        path,
        None::<&str>,
        MsFlags::MS_BIND,
        None::<&str>,
    )
    .with_context(|| format!("cannot keep the netns {}", path.display()))
}

/// How long links may take to go.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until a contender has no link left here: what it put off is done.
pub(crate) fn drain(places: &Places, who: Contender) -> anyhow::Result<()> {
    if who == Contender::Floor {
        reap(places)?;
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        let links = links()?;
        let left =
            links.iter().filter(|name| name.starts_with(who.link_prefix()));
        let left = left.count();
        if left == 0 {
            return Ok(());
        }
        let name = who.name();
        ensure!(Instant::now() < deadline, "{name} left {left} links");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// The floor deletes its links when it is told to.
pub(crate) fn reap(places: &Places) -> anyhow::Result<()> {
    let command = vec![("CNI_COMMAND", "REAP".to_owned())];
    let program = places.floor.clone();
    let call = Call { program, variables: command, input: String::new() };
    // ENODEV: there was nothing to delete.
    match call::timed(&call) {
        Err(error) if !format!("{error:#}").contains("No such device") => {
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Links of our own namespace: `/proc/net/dev` is that of its reader, and
/// reading it takes no lock that a plugin waits for.
fn links() -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string("/proc/thread-self/net/dev")?;
    let named = text.lines().filter_map(|line| line.split_once(':'));
    Ok(named.map(|(name, _)| name.trim().to_owned()).collect())
}
