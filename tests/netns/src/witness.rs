//! Eyes that are not ours: what `ip`, `tc` and `bpftool` see.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::Pid;
use serde_json::Value;

use crate::inside;
use crate::plugin::Answer;

/// Our protocol number in routes.
pub const ROUTE_PROTOCOL: &str = "116";

/// What a program of others says in JSON, inside a namespace. Saying nothing
/// is an empty list.
#[track_caller]
pub fn says(netns: &Path, line: &str) -> Value {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().expect("a program"));
    command.args(words);
    let said = inside::run(netns, &mut command, b"").success(line);
    if said.trim().is_empty() {
        return Value::Array(Vec::new());
    }
    serde_json::from_str(&said)
        .unwrap_or_else(|error| panic!("{line}: {error}: {said}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A link as `ip` shows it.
#[derive(Clone, Debug)]
pub struct LinkSeen {
    /// Its index.
    pub index: u64,
    /// Its name.
    pub name: String,
    /// Its alternative names.
    pub alt_names: Vec<String>,
    /// Its MAC address.
    pub mac: String,
    /// Its MTU in bytes.
    pub mtu: u64,
    /// UP, LOWER_UP and so on.
    pub flags: Vec<String>,
}

impl LinkSeen {
    /// True where name or alternative name say that it is an attachment's.
    pub fn is_of_attachment(&self) -> bool {
        let named = self.name.len() == 15
            && self.name.starts_with("tt")
            && self.name[2..].bytes().all(|b| b.is_ascii_hexdigit());
        let ours = |alt: &String| {
            alt.starts_with("tartan,") && alt.matches(',').count() >= 2
        };
        named || self.alt_names.iter().any(ours)
    }

    /// True where it is up.
    pub fn is_up(&self) -> bool {
        self.flags.iter().any(|flag| flag == "UP")
    }
}

/// Every link of a namespace.
#[track_caller]
pub fn links(netns: &Path) -> Vec<LinkSeen> {
    let seen = says(netns, "ip -j -d link show");
    list(&seen)
        .iter()
        .map(|link| LinkSeen {
            index: link["ifindex"].as_u64().unwrap_or(0),
            name: text(&link["ifname"]),
            alt_names: list(&link["altnames"]).iter().map(text).collect(),
            mac: text(&link["address"]),
            mtu: link["mtu"].as_u64().unwrap_or(0),
            flags: list(&link["flags"]).iter().map(text).collect(),
        })
        .collect()
}

/// The link of that name.
#[track_caller]
pub fn link(netns: &Path, name: &str) -> Option<LinkSeen> {
    links(netns).into_iter().find(|link| link.name == name)
}

/// A line of a process's `/proc/PID/status`, by its key.
#[track_caller]
pub fn status_line(pid: Pid, key: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status"));
    let status = status.expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    line.expect("a line of that key").trim_start_matches(':').trim().to_owned()
}

/// What attachments have in our table, by the word of `nft`: set and element.
#[track_caller]
pub fn translated(netns: &Path) -> Vec<String> {
    let seen = says(netns, "nft -j list ruleset");
    let mut found = Vec::new();
    for object in list(&seen["nftables"]) {
        for kind in ["set", "map"] {
            let set = &object[kind];
            let name = text(&set["name"]);
            let is_of_pools =
                ["inside", "pools"].iter().any(|start| name.starts_with(start));
            if set["table"] == "tartan" && !is_of_pools {
                let all = list(&set["elem"]).iter();
                found.extend(all.map(|element| format!("{name} {element}")));
            }
        }
    }
    found
}

/// Our routes of a namespace: destination and device.
#[track_caller]
pub fn our_routes(netns: &Path) -> Vec<(IpAddr, String)> {
    let mut found = Vec::new();
    for family in ["-4", "-6"] {
        let line = format!(
            "ip -j {family} route show table all proto {ROUTE_PROTOCOL}"
        );
        for route in list(&says(netns, &line)) {
            let destination = text(&route["dst"]);
            let address = destination.split('/').next().unwrap_or_default();
            found.push((
                address.parse().unwrap_or_else(|_| {
                    panic!("a route of ours to {destination}")
                }),
                text(&route["dev"]),
            ));
        }
    }
    found
}

/// Addresses of global scope on a device.
#[track_caller]
pub fn addresses(netns: &Path, device: &str) -> Vec<IpAddr> {
    let all = says(netns, "ip -j address show");
    list(&all)
        .iter()
        .filter(|link| link["ifname"] == device)
        .flat_map(|link| list(&link["addr_info"]).to_vec())
        .filter(|info| info["scope"] == "global")
        .filter_map(|info| info["local"].as_str()?.parse().ok())
        .collect()
}

/// Devices with a qdisc of kind `clsact`.
#[track_caller]
pub fn clsact_devices(netns: &Path) -> Vec<String> {
    let all = says(netns, "tc -j qdisc show");
    list(&all)
        .iter()
        .filter(|qdisc| qdisc["kind"] == "clsact")
        .map(|qdisc| text(&qdisc["dev"]))
        .collect()
}

/// A class of a device's queues, as `tc` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassSeen {
    /// `7461:1`
    pub id: String,
    /// `20Mbit`
    pub rate: String,
    /// How many packets have passed.
    pub packets: u64,
}

/// The classes of a device; none where there is no such device.
#[track_caller]
pub fn classes(netns: &Path, device: &str) -> Vec<ClassSeen> {
    if link(netns, device).is_none() {
        return Vec::new();
    }
    // `tc` has no JSON for classes.
    let mut tc = Command::new("tc");
    tc.args(["-s", "class", "show", "dev", device]);
    let said = inside::run(netns, &mut tc, b"").success("tc class show");
    let words: Vec<_> = said.split_whitespace().collect();
    let starts = words.split(|word| *word == "class").skip(1);
    starts
        .map(|words| {
            let behind = |word: &str, by: usize| {
                let at = words.iter().position(|w| *w == word)?;
                words.get(at + by).copied()
            };
            let word = |found: Option<&str>| found.unwrap_or("").to_owned();
            let packets = behind("Sent", 3).and_then(|w| w.parse().ok());
            ClassSeen {
                id: word(behind("htb", 1)),
                rate: word(behind("rate", 1)),
                packets: packets.unwrap_or(0),
            }
        })
        .collect()
}

/// The queues at a device.
#[track_caller]
pub fn queues(netns: &Path, device: &str) -> Vec<Value> {
    let line = format!("tc -s -j qdisc show dev {device}");
    list(&says(netns, &line)).to_vec()
}

/// Everything that is pinned under a directory.
pub fn pins(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut ahead = vec![dir.to_owned()];
    while let Some(dir) = ahead.pop() {
        for entry in fs::read_dir(&dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                ahead.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The pinned map of that name.
#[track_caller]
pub fn map(dir: &Path, name: &str) -> PathBuf {
    pins(dir)
        .into_iter()
        .find(|path| path.file_name().is_some_and(|file| file == name))
        .unwrap_or_else(|| panic!("no map {name} under {dir:?}"))
}

/// The entries of a pinned map, as `bpftool` prints them.
#[track_caller]
pub fn entries(netns: &Path, dir: &Path, name: &str) -> Vec<Value> {
    let path = map(dir, name);
    let line = format!("bpftool -j map dump pinned {}", path.display());
    list(&says(netns, &line)).to_vec()
}

/// What must be true of a container that its ADD answered for: its interface
/// has the addresses, the host's routes lead to its host end, which is up.
#[track_caller]
pub fn confirms(
    host: &Path,
    container: &Path,
    interface: &str,
    answer: &Answer,
) -> Result<(), String> {
    let mut promised = answer.addresses();
    let mut there = addresses(container, interface);
    promised.sort();
    there.sort();
    if promised != there {
        return Err(format!("{interface} has {there:?}, not {promised:?}"));
    }
    let name = answer.host_link();
    let Some(link) = link(host, &name) else {
        return Err(format!("no link {name} on the host"));
    };
    if !link.is_up() {
        return Err(format!("{name} is down"));
    }
    let routes = our_routes(host);
    promised
        .iter()
        .find(|address| !routes.contains(&(**address, name.clone())))
        .map_or(Ok(()), |lost| Err(format!("no route to {lost} by {name}")))
}

/// The filters of every shared block of a namespace: block, place, program.
#[track_caller]
pub fn filters(netns: &Path) -> Vec<String> {
    let qdiscs = says(netns, "tc -j qdisc show");
    let mut blocks: Vec<_> = list(&qdiscs)
        .iter()
        .flat_map(|qdisc| [&qdisc["ingress_block"], &qdisc["egress_block"]])
        .filter_map(Value::as_u64)
        .collect();
    blocks.sort_unstable();
    blocks.dedup();
    blocks
        .iter()
        .flat_map(|block| {
            let line = format!("tc -j filter show block {block}");
            let shown = says(netns, &line);
            list(&shown)
                .iter()
                .filter(|filter| filter["options"].is_object())
                .map(|filter| filter_text(*block, filter))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn filter_text(block: u64, filter: &Value) -> String {
    let options = &filter["options"];
    let program = &options["prog"];
    format!(
        "block {block} pref {} handle {} program {} tag {}",
        filter["pref"], options["handle"], program["name"], program["tag"]
    )
}
