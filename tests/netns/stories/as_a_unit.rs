//! The agent as the unit of systemd has it: with the capabilities that the
//! unit leaves, and with no system call that the unit forbids.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tartan_stories::inside::ip;
use tartan_stories::process;
use tartan_stories::within::{seconds, within};
use tartan_stories::{Host, Network, story, tcp, witness};

fn unit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/systemd/tartan-agent.service")
}

/// The words of a key of the unit.
fn words(key: &str) -> Vec<String> {
    let unit = fs::read_to_string(unit()).expect("the unit");
    let line = unit.lines().find_map(|line| line.strip_prefix(key));
    let words = line.expect("the key").trim_start_matches('=');
    words.split_whitespace().map(str::to_owned).collect()
}

/// Starts the agent with no more than the unit's capabilities.
fn bounded(host: &Host, before: &[&str]) {
    let capabilities: Vec<_> = words("CapabilityBoundingSet")
        .iter()
        .map(|name| name.trim_start_matches("CAP_").to_lowercase())
        .collect();
    let bounding = format!("-all,+{}", capabilities.join(",+"));
    let setpriv =
        ["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set"];
    let mut by: Vec<&str> = before.iter().chain(&setpriv).copied().collect();
    by.push(&bounding);
    host.runs_agent_by(&by);
    host.starts_agent();
}

/// What an agent does in a day.
fn a_day(host: &Host) {
    let shop = Network::named("shop").team("shop");
    host.is_furnished();
    let front = host.runs("front", &shop);
    let stock = host.runs("stock", &shop);
    front.reaches(&stock, tcp(80));
    host.tartan("status").success("tartan status");
    host.kills_agent();
    host.starts_agent();
    stock.reaches(&front, tcp(80));
    // What others change is heard and put back, in the container too.
    ip(front.netns(), "link set eth0 down");
    within(seconds(30), "the container's end is up again", || {
        witness::link(front.netns(), "eth0")?.is_up().then_some(())
    });
    stock.reaches(&front, tcp(80));
    front.detach(&shop).expect("DEL");
    host.tartan("gc").success("tartan gc");
}

// Everything works, from the mount of its pins to the reaper.
story!(the_units_capabilities_are_enough, |world| {
    let ambre = world.bare_host("ambre");

    bounded(&ambre, &[]);
    a_day(&ambre);

    let bounding = witness::status_line(ambre.agent_pid(), "CapBnd");
    assert_ne!(bounding, witness::status_line(nix::unistd::getpid(), "CapBnd"));
});

// What strace sees is among what systemd lets pass.
story!(the_agent_makes_no_call_that_the_unit_forbids, |world| {
    let ambre = world.bare_host("ambre");
    let trace = ambre.run_dir().with_file_name("trace");
    let trace_at = trace.to_string_lossy();

    bounded(&ambre, &["strace", "-D", "-f", "-A", "-o", &trace_at]);
    a_day(&ambre);
    let agent = format!("{} ", ambre.agent_pid());
    ambre.stops_agent();

    let seen = within(seconds(30), "the trace ends", || {
        let text = fs::read_to_string(&trace).unwrap_or_default();
        let has_ended = text.lines().any(|line| {
            line.starts_with(&agent) && line.contains("+++ exited with 0")
        });
        has_ended.then(|| calls(&text))
    });
    let allowed = allowed();
    let forbidden: Vec<_> = seen.difference(&allowed).collect();
    assert!(seen.contains("bpf"), "{seen:?}");
    assert!(forbidden.is_empty(), "{forbidden:?}");
});

/// Names of the calls in what strace wrote, from the agent's first on:
/// before it, setpriv does what systemd does itself.
fn calls(trace: &str) -> BTreeSet<String> {
    trace
        .lines()
        .skip_while(|line| !line.contains("execve(") || !line.contains("agent"))
        .filter_map(|line| line.split_once(char::is_whitespace))
        .filter_map(|(_, rest)| rest.trim().split_once('('))
        .map(|(name, _)| name.to_owned())
        .filter(|name| {
            name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
        .collect()
}

/// Names of the calls that the unit lets pass, groups spelt out by systemd.
fn allowed() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut groups = words("SystemCallFilter");
    while let Some(word) = groups.pop() {
        if !word.starts_with('@') {
            names.insert(word);
            continue;
        }
        let said = process::run(
            Command::new("systemd-analyze").args(["syscall-filter", &word]),
        );
        let listed = said.success("systemd-analyze");
        let members = listed.lines().skip(1).map(str::trim);
        groups.extend(
            members
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(str::to_owned),
        );
    }
    names
}
