//! A call of `tartan-cni` from beginning to end, where no agent is: variables
//! and standard input in, one JSON object and an exit code out; and what an
//! agent would have been asked for.

use std::ffi::OsString;

use cni_plugin::fuzzing::{names_an_agent, wanted};
use cni_plugin::version::Version;
use cni_plugin::{Answer, Program, answer};
use serde_json::Value;
use tartan_agent_api::plugin::{Action, Add, Request, VERSION, code};

use crate::{envelope, promise};

/// Where no agent is, and no netns: a call may touch nothing of this machine.
const NOWHERE: &str = "/proc/self/nowhere";

pub(crate) fn run(bytes: &[u8]) {
    let (environment, input) = envelope::open(bytes);
    let variable = |name: &str| match name {
        "CNI_NETNS" => environment.get(name).map(below_nowhere),
        _ if name.starts_with("TARTAN_") => Some(NOWHERE.into()),
        _ => environment.get(name),
    };
    if let Ok(Some((add, before))) = wanted(&variable, input) {
        is_sound(&add);
        promise::is_bounded(before.ips.len(), input.len());
    }
    // A configuration may name any socket of this machine.
    if !names_an_agent(input) {
        is_of_the_protocol(
            &answer(Program::Cni, &variable, input),
            bytes.len(),
        );
    }
}

fn below_nowhere(value: OsString) -> OsString {
    if value.is_empty() {
        return value;
    }
    let mut path = OsString::from(NOWHERE);
    path.push("/");
    path.push(value);
    path
}

fn is_sound(add: &Add) {
    promise::is_attachment(&add.attachment);
    promise::are_one_per_family(&add.addresses);
    assert!(add.addresses.iter().all(|a| a.to_canonical() == *a), "{add:?}");
    assert!(add.mac.is_none_or(|mac| mac.is_station()), "{add:?}");
    assert!(add.mtu.is_none_or(|mtu| (68..=65_535).contains(&mtu)), "{add:?}");
    for pool in &add.pools {
        promise::is_component(pool.as_str());
    }
    let ports = &add.translation.ports;
    for (at, port) in ports.iter().enumerate() {
        assert!(port.port > 0 && port.to > 0, "{port:?}");
        for other in ports.iter().take(at).filter(|other| other.meets(port)) {
            assert_eq!(other.to, port.to, "{other} and {port} lead apart");
        }
    }
    let action = Action::Add(Box::new(add.clone()));
    promise::reads_back(&Request { v: VERSION, action });
}

/// The codes of the specification and ours.
const CODES: &[u32] = &[
    code::INCOMPATIBLE_VERSION,
    code::UNSUPPORTED_FIELD,
    code::UNKNOWN_CONTAINER,
    code::INVALID_ENVIRONMENT,
    code::IO,
    code::DECODE,
    code::INVALID_CONFIG,
    code::INVALID_NETNS,
    code::TRY_AGAIN,
    code::NOT_AVAILABLE,
    code::LIMITED,
];

fn is_of_the_protocol(answer: &Answer, input: usize) {
    promise::is_bounded(answer.out.len() + answer.err.len(), input);
    if answer.code == 0 && answer.out.trim().is_empty() {
        return;
    }
    let said: Value = serde_json::from_str(&answer.out).unwrap_or_default();
    assert!(said.is_object(), "no object: {answer:?}");
    let version = said["cniVersion"].as_str().unwrap_or_default();
    let known = Version::ALL.iter().any(|v| v.as_str() == version);
    assert!(known, "no known version: {answer:?}");
    if answer.code == 0 {
        assert!(said["supportedVersions"].is_array(), "done: {answer:?}");
        return;
    }
    assert_eq!(answer.code, 1, "{answer:?}");
    let code = said["code"].as_u64().and_then(|code| code.try_into().ok());
    assert!(code.is_some_and(|code| CODES.contains(&code)), "{answer:?}");
    assert!(said["msg"].as_str().is_some_and(|m| !m.is_empty()), "{answer:?}");
}
