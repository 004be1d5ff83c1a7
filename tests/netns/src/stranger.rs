//! Runtimes that are not here, by what they send: the variables that they
//! set and no other, the configuration as they write it.

use serde_json::{Value, json};

use crate::chance::Dice;
use crate::host::Host;
use crate::need;
use crate::plugin::Call;

/// A call of our plugin as a runtime makes it that knows nothing of us but
/// the network's configuration, which names our agent.
pub fn call(host: &Host, verb: &str, config: &Value) -> Call {
    let mut config = config.clone();
    config["agent"] = json!(host.run_dir().join("cni.sock"));
    Call::new(need::program("tartan-cni"), host.netns(), verb).input(&config)
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
