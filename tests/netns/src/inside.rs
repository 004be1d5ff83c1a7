//! Doing something inside a network namespace, on a thread of its own. What
//! is opened or started there stays there.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};

use crate::process::{self, Outcome};

/// Runs `act` inside the network namespace at `netns`.
#[track_caller]
pub fn inside<T: Send>(netns: &Path, act: impl FnOnce() -> T + Send) -> T {
    let file = File::open(netns)
        .unwrap_or_else(|error| panic!("cannot open {netns:?}: {error}"));
    thread::scope(|scope| {
        scope
            .spawn(move || {
                setns(file, CloneFlags::CLONE_NEWNET).expect("setns");
                act()
            })
            .join()
            .unwrap_or_else(|cause| std::panic::resume_unwind(cause))
    })
}

/// Runs a program to its end inside the network namespace at `netns`.
#[track_caller]
pub fn run(netns: &Path, command: &mut Command, input: &[u8]) -> Outcome {
    let what = format!("{command:?}");
    // A child belongs to the namespace of the thread that starts it.
    let child = inside(netns, || process::spawn(command));
    process::finish(child, input, &what)
}

/// Runs `ip` with `arguments`, separated by blanks, inside a namespace.
#[track_caller]
pub fn ip(netns: &Path, arguments: &str) -> String {
    let mut command = Command::new("ip");
    command.args(arguments.split_whitespace());
    run(netns, &mut command, b"").success(&format!("ip {arguments}"))
}

/// Makes a network namespace and names it under /run/netns, as runtimes do.
pub fn named(name: &str) -> PathBuf {
    let path = Path::new("/run/netns").join(name);
    File::create(&path).expect("a file to mount a namespace on");
    let target = &path;
    thread::scope(|scope| {
        scope
            .spawn(move || {
                unshare(CloneFlags::CLONE_NEWNET).expect("unshare");
                let own = Some("/proc/thread-self/ns/net");
                let none = None::<&str>;
                mount(own, target, none, MsFlags::MS_BIND, none)
                    .expect("mount of a namespace");
            })
            .join()
            .expect("a namespace");
    });
    path
}
