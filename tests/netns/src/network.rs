//! The configuration of a CNI network, as a runtime hands it to the plugin.

use serde_json::{Map, Value, json};

/// A network: a name and what its configuration says.
#[derive(Clone, Debug)]
pub struct Network {
    name: String,
    keys: Map<String, Value>,
}

impl Network {
    /// A network of `tartan-cni` that names no team, in version 1.0.0.
    pub fn named(name: &str) -> Self {
        let mut keys = Map::new();
        keys.insert("cniVersion".into(), json!("1.0.0"));
        keys.insert("name".into(), json!(name));
        keys.insert("type".into(), json!("tartan-cni"));
        keys.insert("ipam".into(), json!({}));
        Self { name: name.into(), keys }
    }

    /// A network of another plugin's, which has `tartan-ipam` give addresses
    /// as this section says.
    pub fn of_other(name: &str, kind: &str, mut ipam: Value) -> Self {
        ipam["type"] = json!("tartan-ipam");
        Self::named(name).with("type", json!(kind)).with("ipam", ipam)
    }

    /// The same with `key` set to `value`.
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.keys.insert(key.into(), value);
        self
    }

    /// The same in another version of the specification.
    pub fn version(self, version: &str) -> Self {
        self.with("cniVersion", json!(version))
    }

    /// The same for containers of a team.
    pub fn team(self, team: &str) -> Self {
        self.with("team", json!(team))
    }

    /// The same for containers of an app of that team.
    pub fn app(self, app: &str) -> Self {
        self.with("app", json!(app))
    }

    /// The same, asking for an address.
    pub fn asking_for(self, address: &str) -> Self {
        self.with("runtimeConfig", json!({ "ips": [address] }))
    }

    /// The same, asking for host ports: `tcp 8080 > 80`,
    /// `udp 127.0.0.1 53 > 53`.
    pub fn with_ports(self, ports: &[&str]) -> Self {
        let ports: Vec<_> = ports.iter().map(|text| port(text)).collect();
        self.with("runtimeConfig", json!({ "portMappings": ports }))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says.
    pub fn config(&self) -> Value {
        Value::Object(self.keys.clone())
    }
}

fn port(text: &str) -> Value {
    let (from, to) = text.split_once(" > ").expect("a port to lead to");
    let words: Vec<_> = from.split_whitespace().collect();
    let number = |text: &str| text.parse::<u64>().expect("a port");
    let (protocol, address, port) = match words[..] {
        [protocol, port] => (protocol, "", port),
        [protocol, address, port] => (protocol, address, port),
        _ => panic!("no host port: {text}"),
    };
    json!({
        "hostPort": number(port),
        "containerPort": number(to),
        "protocol": protocol,
        "hostIP": address,
    })
}
