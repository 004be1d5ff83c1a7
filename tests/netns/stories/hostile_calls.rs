//! Calls and requests that nobody should make: hundreds of them, bent at
//! random, at the real plugin and at the real sockets. Each is answered as
//! the protocol says, none leaves anything, and the agent goes on.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tartan_stories::chance::Dice;
use tartan_stories::plugin::{self, Call};
use tartan_stories::{Container, Host, Network, leftover, story, tcp};

fn shop() -> Network {
    Network::named("shop").team("shop").version("1.1.0")
}

/// How many; `TARTAN_STEPS` for soaks.
fn steps() -> usize {
    std::env::var("TARTAN_STEPS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(200)
}

fn dice() -> Dice {
    let seed = Dice::seed();
    eprintln!("TARTAN_SEED={seed}");
    Dice::new(seed)
}

// Two hundred bent calls; two neighbours notice nothing.
story!(a_bent_call_is_answered_and_leaves_nothing, |world| {
    let ambre = world.host("ambre");
    let quiet = Network::named("quiet").team("blog");
    let (one, other) = (ambre.runs("one", &quiet), ambre.runs("other", &quiet));
    let front = ambre.container("front");
    let (agent, mut dice) = (ambre.agent_pid(), dice());

    let (mut attached, mut refused) = (0, 0);
    for _ in 0..steps() {
        let call = bent_call(&ambre, &front, &mut dice);
        let said = plugin::read(&is_told(&call));
        refused += usize::from(said.is_err());
        if said.is_ok() && variable(&call, "CNI_COMMAND") == "ADD" {
            attached += 1;
            take_back(call);
        }
    }
    assert!(attached > 0 && refused > 0, "{attached} and {refused}");

    assert_eq!(ambre.agent_pid(), agent, "the agent has died");
    assert!(ambre.has_agent());
    one.reaches(&other, tcp(80));
    [one, other].iter().for_each(Container::detach_all);
    leftover::none_on(&ambre);
});

fn variable<'a>(call: &'a Call, name: &str) -> &'a str {
    let found = call.environment.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

/// Whatever it was: exit code 0 or 1, and no error without its code.
fn is_told(call: &Call) -> tartan_stories::process::Outcome {
    let outcome = call.make();
    let code = outcome.status.code();
    assert!(matches!(code, Some(0 | 1)), "{call:?}: {outcome:?}");
    if code == Some(1) {
        let said: Value = serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("{error}: {call:?}: {outcome:?}"));
        let known = |c: u64| (1..=8).contains(&c) || matches!(c, 11 | 50 | 51);
        let code = said["code"].as_u64();
        let is_known =
            code.is_some_and(|c| known(c) || (100..120).contains(&c));
        assert!(is_known, "{call:?}: {outcome:?}");
        assert!(said["cniVersion"].is_string(), "{call:?}: {outcome:?}");
    }
    outcome
}

/// An ADD that succeeded all the same is ended as a runtime would.
fn take_back(call: Call) {
    let call = call.variable("CNI_COMMAND", "DEL");
    let said = call.answer();
    assert!(said.is_ok(), "{call:?}: {said:?}");
}

const VERBS: &[&str] =
    &["ADD", "ADD", "ADD", "ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"];

/// Values that variables should not have, and some that they may.
const VALUES: &[&str] = &[
    "",
    ".",
    "..",
    "/",
    "a/b",
    "../../etc",
    "front",
    "-",
    "_",
    "a b",
    "%s%n",
    "eth0",
    "eth%d",
    "lo",
    "all",
    "0123456789abcdef",
    "\u{1}",
    "\u{7f}",
    "é",
    "/proc/version",
    "/proc/self/ns/net",
    "/proc/self/ns/mnt",
    "/dev/null",
    "IP=10.77.0.300",
    "IP=10.77.0.0",
    "IP=127.0.0.1",
    "IP=::",
    "MAC=ff:ff",
    "MAC=02:00:00:00:00:01",
    "TARTAN_TEAM=blog",
    "TARTAN_APP=../x",
    "=;=;;",
    "IP=10.77.1.1;IP=10.77.1.2",
    "1",
    "true",
    "10.77.0.0/16",
    "\n",
    "\"}{",
];

fn bent_call(host: &Host, container: &Container, dice: &mut Dice) -> Call {
    let verb = *dice.choose(VERBS);
    let mut call = container.call(verb, &shop(), "eth0");
    let config = wished(dice, serde_json::from_slice(&call.input).unwrap());
    call = call.input(&config);
    for _ in 0..dice.below(3) {
        let name = *dice.choose(&[
            "CNI_COMMAND",
            "CNI_CONTAINERID",
            "CNI_NETNS",
            "CNI_IFNAME",
            "CNI_ARGS",
            "CNI_NETNS_OVERRIDE",
        ]);
        let value = *dice.choose(VALUES);
        call = call.variable(name, value);
    }
    // Never the host's own namespace, by whatever name.
    if variable(&call, "CNI_NETNS") == "/proc/self/ns/net" {
        call = call.variable("CNI_NETNS_OVERRIDE", "");
    }
    if dice.below(3) == 0 {
        bend(dice, &mut call.input);
    }
    assert!(host.has_agent());
    call
}

/// Keys that mean something, with values that may mean nothing.
fn wished(dice: &mut Dice, mut config: Value) -> Value {
    let keys = [
        "cniVersion",
        "name",
        "type",
        "team",
        "app",
        "teams",
        "teamFrom",
        "createApps",
        "pools",
        "ipMasq",
        "mtu",
        "dns",
        "ipam",
        "args",
        "runtimeConfig",
        "prevResult",
        "attach",
        "cni.dev/valid-attachments",
    ];
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("../x"),
        json!("shop"),
        json!("blog"),
        json!("front"),
        json!([]),
        json!({}),
        json!(["shop"]),
        json!([null]),
        json!({"type": "host-local"}),
        json!("request"),
        json!("1.0.0"),
        json!("0.2.0"),
        json!(1400),
        json!({"cni": {"ips": ["10.77.9.9", "fd00:77::9"], "labels": []}}),
        json!({"ips": ["10.77.9.9/16"], "mac": "02:00:00:00:00:09"}),
        json!({"mac": "ff:ff:ff:ff:ff:ff"}),
        json!({"ips": ["10.99.0.1"]}),
        json!({"portMappings": [{"hostPort": 0, "containerPort": 80}]}),
        json!({"interfaces": [{"name": "eth0", "sandbox": "/x"}],
               "ips": [{"address": "10.77.0.1/32", "interface": 7}]}),
        json!({"ips": [{"address": "10.77.0.1/99"}]}),
        json!("x".repeat(9999)),
    ];
    for _ in 0..dice.below(3) {
        config[*dice.choose(&keys)] = dice.choose(&values).clone();
    }
    config
}

/// Bytes changed, cut off, doubled, put in.
fn bend(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(4) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, dice.below(256) as u8),
            2 => bytes.extend_from_within(at..),
            _ => bytes.splice(at..at, *b"\"\xff{[").for_each(drop),
        }
        if bytes.is_empty() {
            return;
        }
    }
}

/// Longest answer that is waited for; none comes to what is no whole request.
const PATIENCE: Duration = Duration::from_secs(20);

// Bent requests at the people's API; nobody is answered "our fault".
story!(a_bent_request_of_people_is_answered_or_hung_up_on, |world| {
    let ambre = world.host("ambre");
    let (agent, mut dice) = (ambre.agent_pid(), dice());
    let socket = ambre.run_dir().join("agent.sock");

    for _ in 0..steps() {
        let request = bent_request(&mut dice);
        let answer = asked(&socket, &request);
        let shown = String::from_utf8_lossy(&request).into_owned();
        let is_http = answer.is_empty() || answer.starts_with("HTTP/1.");
        assert!(is_http, "{shown:?}: {answer:?}");
        let fault = answer.get(9..12).is_some_and(|status| status == "500");
        assert!(!fault, "{shown:?}: {answer:?}");
    }

    assert_eq!(ambre.agent_pid(), agent, "the agent has died");
    ambre.tartan("status").success("tartan status");
});

/// Where people ask.
const BASES: &[&str] = &[
    "/v1/status",
    "/v1/pools",
    "/v1/ips",
    "/v1/check/ips",
    "/v1/teams",
    "/v1/apps",
    "/v1/endpoints",
    "/v1/settings",
    "/v1/gc",
    "/",
    "/v2",
];

/// What may follow.
const PARTS: &[&str] = &[
    "default",
    "shop",
    "front",
    "10.77.0.1",
    "fd00:77::1",
    "::",
    "%00",
    "%2F..%2F",
    "%ff",
    "..",
    "",
    "drain",
    "reservation",
    "cluster",
    "address_rest",
    "a?b=c",
    "%",
    "%C3%A9",
    "0.0.0.0",
    "255.255.255.255",
];

/// What may be sent.
const BODIES: &[&str] = &[
    "",
    "{}",
    "[]",
    "null",
    "{\"name\":\"..\"}",
    "{\"name\":\"x\"}",
    "{\"name\":\"p\",\"cidrs\":[]}",
    "{\"name\":\"p\",\"cidrs\":[\"0.0.0.0/0\"]}",
    "{\"name\":\"p\",\"cidrs\":[\"10.9.0.0/16\"],\"block_length4\":255}",
    "{\"name\":\"p\",\"cidrs\":[\"fd09::/64\"],\"block_length6\":0}",
    "{\"name\":\"q\",\"cidrs\":[\"::/0\"],\"affinity\":\"host\"}",
    "{\"team\":\"shop\",\"name\":\"x/y\"}",
    "{\"repair\":\"fix\"}",
    "{\"repair\":7}",
    "{\"mode\":\"dry-run\"}",
    "{\"mode\":\"apply\"}",
    "{\"value\":\"18446744073709551616s\"}",
    "{\"value\":\"\"}",
    "{\"value\":\"1s\",\"value\":\"2s\"}",
    "{\"name\":null}",
    "\u{feff}{}",
];

fn bent_request(dice: &mut Dice) -> Vec<u8> {
    let method = *dice.choose(&["GET", "POST", "PUT", "DELETE", "PATCH", "X"]);
    let base = *dice.choose(BASES);
    let mut path = base.to_owned();
    for _ in 0..dice.below(4) {
        path.push('/');
        let part = *dice.choose(PARTS);
        path.push_str(part);
    }
    let body = *dice.choose(BODIES);
    let length = match dice.below(8) {
        0 => usize::MAX,
        1 => 0,
        _ => body.len(),
    };
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nhost: tartan\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n\
         {body}"
    )
    .into_bytes();
    if dice.below(4) == 0 {
        bend(dice, &mut request);
    }
    request
}

/// What comes back until the agent hangs up.
fn asked(socket: &Path, request: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket).expect("the agent listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time");
    // It may hang up before it has read all.
    let _ = stream.write_all(request);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
