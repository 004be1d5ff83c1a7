//! Host ports as runtimes ask for them: `portMappings` of `runtimeConfig`,
//! and Mesos' `port_mappings`. Decides.
//!
//! CRI-O and podman write `hostPort`, containerd and Nomad (go-cni) write
//! `HostPort`, Mesos `host_port`. What the reference plugin (`portmap`)
//! refuses is refused here: port 0, and a port that is not said. What is
//! given twice is one.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value};
use tartan_model::{Door, HostPort, Transport};
use thiserror::Error;

/// Host ports that are not accepted.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum PortsError {
    /// The whole is no list of objects.
    #[error("it is not a list of objects: {0}")]
    Form(Value),
    /// A port is none.
    #[error("\"{key}\" is {value}, which is not a port from 1 to 65535")]
    Port {
        /// Which of the two.
        key: &'static str,
        /// What is there.
        value: Value,
    },
    /// A protocol that has no ports, or that nobody knows.
    #[error("\"protocol\" is {0}, which is none of tcp, udp, sctp")]
    Protocol(Value),
    /// The host's address is none.
    #[error("\"hostIP\" is {0}, which is not an IP address")]
    Address(Value),
    /// One host port cannot lead to two ports.
    #[error("host port {port} is to lead to both {one} and {other}")]
    Twice {
        /// The host port.
        port: HostPort,
        /// One port of the container.
        one: u16,
        /// The other.
        other: u16,
    },
}

/// Reads each list, and joins them: each host port once, in order.
pub fn ports(lists: [&Value; 2]) -> Result<Vec<HostPort>, PortsError> {
    let mut taken: BTreeMap<(Transport, u16, Door), u16> = BTreeMap::new();
    let mut ports = Vec::new();
    for port in lists.into_iter().map(list).collect::<Result<Vec<_>, _>>()? {
        ports.extend(port);
    }
    ports.sort_unstable();
    ports.dedup();
    for port in &ports {
        for door in port.doors() {
            let key = (port.transport, port.port, door);
            let one = *taken.entry(key).or_insert(port.to);
            if one != port.to {
                let (port, other) = (*port, port.to);
                return Err(PortsError::Twice { port, one, other });
            }
        }
    }
    Ok(ports)
}

fn list(value: &Value) -> Result<Vec<HostPort>, PortsError> {
    let form = || PortsError::Form(value.clone());
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => {
            let one =
                |item: &Value| mapping(item.as_object().ok_or_else(form)?);
            items.iter().map(one).collect()
        }
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_) => Err(form()),
    }
}

fn mapping(item: &Map<String, Value>) -> Result<HostPort, PortsError> {
    Ok(HostPort {
        transport: transport(item)?,
        address: address(item)?,
        port: port(item, "hostPort")?,
        to: port(item, "containerPort")?,
    })
}

/// The value of a key, which runtimes write in three ways.
fn value<'a>(item: &'a Map<String, Value>, key: &str) -> &'a Value {
    let written = match key {
        "hostPort" => ["hostPort", "HostPort", "host_port"],
        "containerPort" => ["containerPort", "ContainerPort", "container_port"],
        "hostIP" => ["hostIP", "HostIP", "host_ip"],
        _ => ["protocol", "Protocol", "protocol"],
    };
    let found = written.into_iter().find_map(|name| item.get(name));
    found.unwrap_or(&Value::Null)
}

fn port(
    item: &Map<String, Value>,
    key: &'static str,
) -> Result<u16, PortsError> {
    let value = value(item, key);
    (value.as_u64())
        .and_then(|number| u16::try_from(number).ok())
        .filter(|port| *port > 0)
        .ok_or_else(|| PortsError::Port { key, value: value.clone() })
}

fn transport(item: &Map<String, Value>) -> Result<Transport, PortsError> {
    let value = value(item, "protocol");
    let Some(text) = text(value) else { return Ok(Transport::Tcp) };
    (Transport::ALL.into_iter())
        .find(|known| text.eq_ignore_ascii_case(known.as_str()))
        .ok_or_else(|| PortsError::Protocol(value.clone()))
}

fn address(item: &Map<String, Value>) -> Result<Option<IpAddr>, PortsError> {
    let value = value(item, "hostIP");
    let Some(text) = text(value) else { return Ok(None) };
    (text.parse().ok())
        .map(|address: IpAddr| Some(address.to_canonical()))
        .filter(|address| !address.is_some_and(|a| a.is_multicast()))
        .ok_or_else(|| PortsError::Address(value.clone()))
}

/// The text of a value; none where nothing is said. What is no text is read
/// as one that nothing accepts.
fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text),
        Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_) => Some("?"),
    }
}

#[cfg(test)]
mod tests;
