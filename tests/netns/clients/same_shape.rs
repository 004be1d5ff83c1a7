//! Our answers beside those of Debian's `ptp` with `host-local`: the same
//! shape, field by field, in every version that those speak.

use std::net::IpAddr;

use serde_json::{Value, json};
use tartan_stories::plugin::{Call, Fault};
use tartan_stories::{Container, Host, Network, World, story};

/// Every version that Debian's plugins speak.
const VERSIONS: &[&str] =
    &["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"];

/// Fields that the standard leaves to us.
const OURS_ALONE: &[&str] = &[
    // ptp names no next hop of a route where its configuration names none.
    "gw",
    // A field of 1.1.0 that the reference library lets pass in 1.0.0 too.
    "mtu",
];

fn others(world: &World, version: &str) -> Value {
    json!({
        "cniVersion": version,
        "name": "others",
        "type": "ptp",
        "ipam": {
            "type": "host-local",
            "dataDir": world.directory("host-local"),
            "ranges": [
                [{ "subnet": "10.90.0.0/24" }],
                [{ "subnet": "fd00:90::/64" }],
            ],
            "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }],
        },
    })
}

fn call(host: &Host, verb: &str, container: &Container) -> Call {
    Call::new("/usr/lib/cni/ptp".into(), host.netns(), verb)
        .variable("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .variable("CNI_CONTAINERID", container.name())
        .variable("CNI_IFNAME", "eth0")
        .variable("CNI_NETNS", &container.netns().to_string_lossy())
}

// What theirs answers has a counterpart of the same kind in ours, and ours
// has nothing beside.
story!(answers_have_the_shape_of_others, |world| {
    let ambre = world.host("ambre");
    for version in VERSIONS {
        let stranger = ambre.container(&format!("stranger-{version}"));
        let theirs = call(&ambre, "ADD", &stranger)
            .input(&others(world, version))
            .answer()
            .unwrap();
        let network = Network::named("ours").team("shop").version(version);
        let ours = ambre.runs(&format!("ours-{version}"), &network);

        let mut found = Vec::new();
        compare("", &theirs, &ours.result().0, &mut found);
        assert!(
            found.is_empty(),
            "{version}: {found:#?}\ntheirs: {theirs:#}\nours: {:#}",
            ours.result().0
        );
    }
});

fn compare(at: &str, theirs: &Value, ours: &Value, found: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (key, value) in theirs {
                let at = format!("{at}.{key}");
                match ours.get(key) {
                    Some(own) => compare(&at, value, own, found),
                    // Newer builds of theirs leave an empty `dns` out.
                    None if *value == json!({}) => {}
                    None => found.push(format!("{at} is missing")),
                }
            }
            let beside = ours.keys().filter(|key| {
                !theirs.contains_key(*key)
                    && !OURS_ALONE.contains(&key.as_str())
            });
            found.extend(beside.map(|key| format!("{at}.{key} is ours alone")));
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            if theirs.len() != ours.len() {
                let (many, few) = (theirs.len(), ours.len());
                found.push(format!("{at} has {few} entries, not {many}"));
            }
            for (number, (value, own)) in theirs.iter().zip(ours).enumerate() {
                compare(&format!("{at}[{number}]"), value, own, found);
            }
        }
        _ => {
            let (theirs, ours) = (kind(theirs), kind(ours));
            if theirs != ours {
                found.push(format!("{at} is {ours}, not {theirs}"));
            }
        }
    }
}

/// What a single value is.
fn kind(value: &Value) -> &'static str {
    let Some(text) = value.as_str() else {
        return match value {
            Value::Number(_) => "a number",
            Value::Bool(_) => "a truth value",
            Value::Null
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => "another kind",
        };
    };
    let family = |text: &str| text.parse().ok().map(|a: IpAddr| a.is_ipv4());
    if let Some((address, _)) = text.split_once('/')
        && let Some(is_v4) = family(address)
    {
        return if is_v4 { "an IPv4 prefix" } else { "an IPv6 prefix" };
    }
    match family(text) {
        Some(true) => "an IPv4 address",
        Some(false) => "an IPv6 address",
        None if text.starts_with('/') => "a path",
        None if text.matches(':').count() == 5 => "a MAC address",
        None => "a word",
    }
}

/// A call that has something wrong, and what.
type Spoilt = (&'static str, fn(Call) -> Call);

// What they refuse we refuse too, with the same code.
story!(refusals_have_the_codes_of_others, |world| {
    let ambre = world.bare_host("ambre");
    let guest = ambre.container("guest");
    let spoil: &[Spoilt] = &[
        ("no container", |call| call.variable("CNI_CONTAINERID", "")),
        ("bad container", |call| call.variable("CNI_CONTAINERID", "../a")),
        ("no netns", |call| call.variable("CNI_NETNS", "")),
        ("no interface", |call| call.variable("CNI_IFNAME", "")),
        ("long interface", |call| {
            call.variable("CNI_IFNAME", "a23456789012345b")
        }),
        ("bad interface", |call| call.variable("CNI_IFNAME", "a/b")),
        ("unknown verb", |call| call.variable("CNI_COMMAND", "MOVE")),
        ("unknown version", |call| {
            call.input(&json!({ "cniVersion": "9.9.9", "name": "a" }))
        }),
        ("no name", |call| call.input(&json!({ "cniVersion": "1.0.0" }))),
        ("no JSON", |mut call| {
            call.input = b"{".to_vec();
            call
        }),
    ];
    let network = Network::named("ours").team("shop");
    for (what, spoil) in spoil {
        let theirs = call(&ambre, "ADD", &guest).input(&others(world, "1.0.0"));
        let theirs = refusal(what, spoil(theirs).answer());
        let ours = guest.call("ADD", &network, "eth0");
        let ours = refusal(what, spoil(ours).answer());
        assert_eq!(theirs.code, ours.code, "{what}: {theirs:?} {ours:?}");
    }
});

#[track_caller]
fn refusal(what: &str, answer: Result<Value, Fault>) -> Fault {
    answer.expect_err(what)
}
