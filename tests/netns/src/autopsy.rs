//! Everything one wants to know of a story that failed, said on standard
//! error, which the failing test shows.

use std::path::Path;
use std::process::Command;

use crate::host::Host;
use crate::{World, inside, witness};

/// What is looked at on each host.
const LOOKS: &[&str] = &[
    "ip -d link show",
    "ip -4 route show table all",
    "ip -6 route show table all",
    "ip neighbour show",
    "tc qdisc show",
    "ls -lR RUN",
];

/// What is looked at in each container.
const LOOKS_INSIDE: &[&str] =
    &["ip address show", "ip -4 route show", "ip -6 route show"];

/// Lines of an agent's log that are shown.
const LOG_LINES: usize = 120;

/// Says everything about the hosts of `world`.
pub fn report(name: &str, world: &World) {
    eprintln!("===== autopsy of {name}");
    world.hosts().iter().for_each(host);
}

fn host(host: &Host) {
    eprintln!("===== host {}", host.name());
    let run_dir = host.run_dir();
    for line in LOOKS {
        look(host.netns(), &line.replace("RUN", &run_dir.to_string_lossy()));
    }
    for pin in witness::pins(&host.bpf_dir()) {
        let name = pin.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("endpoint_by") || name.starts_with("drops") {
            let line = format!("bpftool map dump pinned {}", pin.display());
            look(host.netns(), &line);
        }
    }
    for container in host.containers() {
        eprintln!("===== container {}", container.name());
        LOOKS_INSIDE.iter().for_each(|line| look(container.netns(), line));
    }
    let log = host.agent_log();
    let skipped = log.lines().count().saturating_sub(LOG_LINES);
    eprintln!("===== log of the agent (without {skipped} lines)");
    log.lines().skip(skipped).for_each(|line| eprintln!("{line}"));
}

/// What a program says; an autopsy goes on whatever is missing.
fn look(netns: &Path, line: &str) {
    eprintln!("--- {line}");
    if !netns.exists() {
        return eprintln!("(no namespace)");
    }
    let said = std::panic::catch_unwind(|| {
        let mut words = line.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or("true"));
        command.args(words);
        inside::run(netns, &mut command, b"")
    });
    if let Ok(said) = said {
        eprint!("{}{}", said.stdout, said.stderr);
    }
}
