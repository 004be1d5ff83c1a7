//! What should be gone when every container of a host is detached: looked at
//! with others' eyes where they can see it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::host::Host;
use crate::within::{seconds, until_fine};
use crate::witness;

/// The device by which containers with a limit send.
const LIMITER: &str = "tartan-ifb";

/// Fails where anything of any attachment remains on `host`, whose agent is
/// running. What is removed in the background gets time for it.
#[track_caller]
pub fn none_on(host: &Host) {
    let what = format!("nothing of any container is left on {}", host.name());
    until_fine(seconds(30), &what, || {
        let found = of_attachments(host);
        if found.is_empty() { Ok(()) } else { Err(found.join("; ")) }
    });
}

/// What remains of attachments on `host`.
#[track_caller]
pub fn of_attachments(host: &Host) -> Vec<String> {
    let mut found = in_the_kernel(host);
    found.extend(in_the_run_directory(&host.run_dir()));
    found.extend(in_the_ledger(host));
    found
}

#[track_caller]
fn in_the_kernel(host: &Host) -> Vec<String> {
    let netns = host.netns();
    let links: Vec<_> = witness::links(netns)
        .into_iter()
        .filter(witness::LinkSeen::is_of_attachment)
        .map(|link| link.name)
        .collect();
    let mut found: Vec<_> =
        links.iter().map(|name| format!("link {name}")).collect();
    found.extend(
        witness::our_routes(netns)
            .iter()
            .map(|(address, device)| format!("route {address} dev {device}")),
    );
    found.extend(
        witness::clsact_devices(netns)
            .iter()
            .filter(|device| !["tartan0", "tartan1"].contains(&device.as_str()))
            .map(|device| format!("clsact on {device}")),
    );
    found.extend(
        witness::translated(netns)
            .iter()
            .map(|element| format!("element {element}")),
    );
    let pins = witness::pins(&host.bpf_dir().join("links"));
    found.extend(pins.iter().map(|pin| format!("pin {pin:?}")));
    let classes = witness::classes(netns, LIMITER);
    found.extend(classes.iter().map(|class| format!("{class:?}")));
    for map in ["endpoint_by_ifindex", "endpoint_by_address"] {
        let entries = witness::entries(netns, &host.bpf_dir(), map);
        found.extend(entries.iter().map(|entry| format!("{map}: {entry}")));
    }
    found
}

fn in_the_run_directory(run_dir: &Path) -> Vec<String> {
    ["attachments", "tombstones"]
        .iter()
        .flat_map(|dir| fs::read_dir(run_dir.join(dir)))
        .flatten()
        .flatten()
        .map(|entry| format!("file {:?}", entry.path()))
        .collect()
}

/// Addresses that somebody is still said to have. Resting ones are free soon.
#[track_caller]
fn in_the_ledger(host: &Host) -> Vec<String> {
    held(host).iter().map(|entry| format!("address {entry}")).collect()
}

/// The addresses that are pending or used, by the word of `tartan ip list`.
#[track_caller]
pub fn held(host: &Host) -> Vec<Value> {
    let listed = host.lists("ip list");
    listed
        .as_array()
        .unwrap_or_else(|| panic!("not a list: {listed}"))
        .iter()
        .filter(|entry| {
            let held = ["pending", "used", "unconfirmed"];
            held.map(Value::from).contains(&entry["state"])
        })
        .cloned()
        .collect()
}

/// Fails where a process of the story still runs beside this one. Zombies
/// are nobody: this process inherits them and ends.
#[track_caller]
pub fn no_process() {
    until_fine(seconds(10), "no process of the story is left", || {
        let others = processes();
        if others.is_empty() { Ok(()) } else { Err(others.join("; ")) }
    });
}

fn processes() -> Vec<String> {
    let own = std::process::id();
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != own)
        .filter_map(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // pid (name) state; the name may hold anything.
            let (name, rest) = stat.rsplit_once(") ")?;
            (!rest.starts_with('Z')).then(|| name.to_owned())
        })
        .collect()
}
