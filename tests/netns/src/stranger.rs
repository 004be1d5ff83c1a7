//! Runtimes that are not here, by what they send: the variables that they
//! set and no other, the configuration as they write it.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use crate::chance::Dice;
use crate::host::Host;
use crate::need;
use crate::plugin::{Answer, Call};
use crate::talk::{self, End, Port};

/// A call of our plugin as a runtime makes it that knows nothing of us but
/// the network's configuration, which names our agent.
pub fn call(host: &Host, verb: &str, config: &Value) -> Call {
    let mut config = config.clone();
    config["agent"] = json!(host.run_dir().join("cni.sock"));
    Call::new(need::program("tartan-cni"), host.netns(), verb).input(&config)
}

/// Who has the namespace at `netns` and what its ADD answered.
pub fn behind(netns: &Path, answer: &Answer) -> End {
    End {
        name: netns.display().to_string(),
        netns: netns.to_owned(),
        addresses: answer.addresses(),
    }
}

/// Fails where the host's port `number` does not lead to `port` of the one
/// behind it.
#[track_caller]
pub fn leads(host: &Host, number: u16, behind: &End, port: Port) {
    let at = SocketAddr::new(host.addresses()[0], number);
    talk::asks(&host.end(), at, behind, port)
        .unwrap_or_else(|error| panic!("{at} of {}: {error}", host.name()));
}

/// `CNI_ARGS` of these pairs, in an order that nobody chose: some runtimes
/// keep them in a map.
pub fn shuffled(dice: &mut Dice, pairs: &[(&str, &str)]) -> String {
    let mut left: Vec<_> =
        pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        order.push(left.swap_remove(dice.below(left.len())));
    }
    order.join(";")
}
