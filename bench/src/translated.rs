//! How each contender is called for a container that leaves under the host's
//! address and has host ports. Decides, does nothing.
//!
//! Ours is one plugin. Debian's are two in a chain, as a runtime calls them:
//! `ptp`, then `portmap` with its result; backwards for DEL.

use serde_json::{Value, json};

use crate::contender::{Call, Contender, Places, Verb};

/// Host ports of a container: the first of them, and how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) first: u16,
    pub(crate) count: u16,
}

/// The port of a container that its host ports lead to.
pub(crate) const INSIDE: u16 = 80;

/// The calls for one container, in order. What the one before answered is
/// `previous` to the next.
pub(crate) fn calls(
    places: &Places,
    who: Contender,
    (verb, n): (Verb, usize),
    ports: Ports,
) -> Vec<Chained> {
    let plugins: &[&str] = match who {
        Contender::Tartan => &["tartan-cni"],
        Contender::Bridge | Contender::Ptp | Contender::Floor => {
            &["ptp", "portmap"]
        }
    };
    let base = who.call(places, verb, n);
    let call = |plugin: &&str| {
        let mut network: Value =
            serde_json::from_str(&base.input).unwrap_or_default();
        network["ipMasq"] = true.into();
        if *plugin != "ptp" {
            network["runtimeConfig"] = json!({ "portMappings": list(ports) });
        }
        if *plugin == "portmap" {
            network["type"] = "portmap".into();
            network["snat"] = true.into();
            network["capabilities"] = json!({ "portMappings": true });
        }
        let mut variables = base.variables.clone();
        // portmap starts iptables.
        variables.push(("PATH", "/usr/sbin:/usr/bin:/sbin:/bin".to_owned()));
        let program = match *plugin {
            "portmap" => base.program.with_file_name("portmap"),
            _ => base.program.clone(),
        };
        Chained {
            program: Call { program, variables, ..base.clone() },
            network,
        }
    };
    let calls = plugins.iter().map(call);
    match verb {
        Verb::Add => calls.collect(),
        Verb::Del => calls.rev().collect(),
    }
}

/// A call of a chain, whose input waits for what the one before it answers.
#[derive(Clone, Debug)]
pub(crate) struct Chained {
    program: Call,
    network: Value,
}

impl Chained {
    /// The call, behind one that answered so.
    pub(crate) fn behind(self, previous: Option<&Value>) -> Call {
        let Self { program, mut network } = self;
        if let Some(previous) = previous {
            network["prevResult"] = previous.clone();
        }
        Call { input: network.to_string(), ..program }
    }
}

fn list(ports: Ports) -> Vec<Value> {
    let one = |port: u16| {
        json!({
            "hostPort": port, "containerPort": INSIDE, "protocol": "tcp",
        })
    };
    (0..ports.count).map(|n| one(ports.first.saturating_add(n))).collect()
}

#[cfg(test)]
mod tests;
