//! Who is measured, and how each is called for a container. Decides, does
//! nothing.
//!
//! All speak CNI 1.0.0, the newest that Debian's plugins know, and give one
//! IPv4 address.

use std::path::PathBuf;

use serde_json::{Value, json};

/// A plugin, or what stands for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contender {
    /// `tartan-cni` with its agent, classes and anti-spoofing on.
    Tartan,
    /// Debian's `bridge` with `host-local`: no policy.
    Bridge,
    /// Debian's `ptp` with `host-local`: no policy.
    Ptp,
    /// The least work that a kernel allows: no memory, no policy.
    Floor,
}

/// What a plugin is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Add,
    Del,
}

/// Where things are.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// Containers' namespaces, the agent's run directory.
    pub(crate) scratch: PathBuf,
    /// What `host-local` and the agent keep.
    pub(crate) state: PathBuf,
    /// `tartan-cni`.
    pub(crate) plugin: PathBuf,
    /// The floor's program.
    pub(crate) floor: PathBuf,
}

/// Namespaces that are made: as many as the widest workload fills.
pub(crate) const CONTAINERS: usize = 64;

/// Where Debian keeps its plugins.
const DEBIAN: &str = "/usr/lib/cni";

/// One start of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) program: PathBuf,
    pub(crate) variables: Vec<(&'static str, String)>,
    pub(crate) input: String,
}

impl Contender {
    /// How it is called in a table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tartan => "tartan",
            Self::Bridge => "bridge+host-local",
            Self::Ptp => "ptp+host-local",
            Self::Floor => "floor",
        }
    }

    /// How names of its links in the host's namespace start.
    pub(crate) fn link_prefix(self) -> &'static str {
        match self {
            Self::Tartan => "tt",
            Self::Bridge | Self::Ptp => "veth",
            Self::Floor => "fl",
        }
    }

    /// Its program.
    pub(crate) fn program(self, places: &Places) -> PathBuf {
        match self {
            Self::Tartan => places.plugin.clone(),
            Self::Bridge => PathBuf::from(DEBIAN).join("bridge"),
            Self::Ptp => PathBuf::from(DEBIAN).join("ptp"),
            Self::Floor => places.floor.clone(),
        }
    }

    /// The call for one attachment, counted from 1: the first of each
    /// container, then the second of each, and so on.
    pub(crate) fn call(self, places: &Places, verb: Verb, n: usize) -> Call {
        let command = match verb {
            Verb::Add => "ADD",
            Verb::Del => "DEL",
        };
        let (round, container) = ((n - 1) / CONTAINERS, (n - 1) % CONTAINERS);
        let netns = places.netns(container + 1).display().to_string();
        let variables = vec![
            ("CNI_COMMAND", command.to_owned()),
            ("CNI_CONTAINERID", format!("bench-{n}")),
            ("CNI_NETNS", netns),
            ("CNI_IFNAME", format!("eth{round}")),
            ("CNI_PATH", DEBIAN.to_owned()),
            ("FLOOR_NUMBER", n.to_string()),
        ];
        let program = self.program(places);
        Call { program, variables, input: self.network(places) }
    }

    fn network(self, places: &Places) -> String {
        let mut network = match self {
            Self::Tartan => json!({
                "type": "tartan-cni", "team": "bench", "app": "load",
                "agent": places.run_dir().join("cni.sock"),
            }),
            Self::Bridge => json!({
                "type": "bridge", "bridge": "cni-bench", "isGateway": true,
                "ipam": host_local(places, "bridge", "10.100.0.0/16"),
            }),
            Self::Ptp => json!({
                "type": "ptp",
                "ipam": host_local(places, "ptp", "10.101.0.0/16"),
            }),
            Self::Floor => json!({}),
        };
        network["cniVersion"] = "1.0.0".into();
        network["name"] = format!("bench-{}", self.link_prefix()).into();
        network.to_string()
    }
}

fn host_local(places: &Places, name: &str, subnet: &str) -> Value {
    json!({
        "type": "host-local", "dataDir": places.state.join(name),
        "ranges": [[{ "subnet": subnet }]], "routes": [{ "dst": "0.0.0.0/0" }],
    })
}

impl Places {
    /// The namespace of a container, counted from 1.
    pub(crate) fn netns(&self, n: usize) -> PathBuf {
        self.scratch.join(format!("netns-{n}"))
    }

    /// The agent's run directory.
    pub(crate) fn run_dir(&self) -> PathBuf {
        self.scratch.join("run")
    }
}

#[cfg(test)]
mod tests;
