//! Whatever comes in, an object goes out.

use std::ffi::OsString;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const KEYS: [&str; 28] = [
    "ranges",
    "subnet",
    "routes",
    "ipRanges",
    "cniVersion",
    "name",
    "type",
    "agent",
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
    "runtimeConfig",
    "args",
    "prevResult",
    "cni.dev/valid-attachments",
    "cni",
    "ips",
    "labels",
    "interfaces",
    "org.apache.mesos",
    "network_info",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("1.1.0".to_owned()),
        Just("0.2.0".to_owned()),
        Just("10.1.2.3/24".to_owned()),
        Just("request".to_owned()),
        Just("a".to_owned()),
        any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop_oneof![
            prop::sample::select(&KEYS[..]).prop_map(str::to_owned),
            any::<String>(),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key, inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn config() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(&KEYS[..]);
    prop::collection::hash_map(keys, value(), 0..6).prop_map(|given| {
        let mut map = Map::new();
        map.insert("cniVersion".into(), "1.1.0".into());
        map.insert("name".into(), "shop".into());
        map.extend(given.into_iter().map(|(k, v)| (k.to_owned(), v)));
        Value::Object(map)
    })
}

/// A call where there is neither a netns nor an agent: nothing succeeds but a
/// DEL.
fn called(
    program: Program,
    verb: &str,
    arguments: &str,
    input: &[u8],
) -> Answer {
    let variable = |name: &str| {
        let value = match name {
            "CNI_COMMAND" => verb,
            "CNI_CONTAINERID" => "c1",
            "CNI_IFNAME" => "eth0",
            "CNI_NETNS" | "TARTAN_RUN_DIR" => "/proc/self/there-is-none",
            "CNI_ARGS" => arguments,
            _ => return None,
        };
        Some(OsString::from(value))
    };
    answer(program, &variable, input)
}

fn is_answer(verb: &str, answer: &Answer) -> bool {
    let object = || serde_json::from_str::<Value>(&answer.out).unwrap();
    match answer.code {
        0 => verb == "DEL" && answer.out.is_empty(),
        1 => object()["code"].is_u64() && object()["msg"].is_string(),
        _ => false,
    }
}

const VERBS: [&str; 5] = ["ADD", "DEL", "CHECK", "GC", "STATUS"];

fn calls() -> impl Iterator<Item = (Program, &'static str)> {
    let programs = [Program::Cni, Program::Ipam].into_iter();
    programs.flat_map(|program| VERBS.map(|verb| (program, verb)))
}

proptest! {
    #[test]
    fn any_configuration_gets_an_answer_and_no_panic(
        config in config(), arguments: String,
    ) {
        let input = config.to_string();
        for (program, verb) in calls() {
            let input = input.as_bytes();
            let answer = called(program, verb, &arguments, input);
            prop_assert!(is_answer(verb, &answer), "{verb} {answer:?}");
        }
    }

    #[test]
    fn any_input_gets_an_answer_and_no_panic(input: Vec<u8>) {
        for (program, verb) in calls() {
            let answer = called(program, verb, "", &input);
            prop_assert!(is_answer(verb, &answer), "{verb} {answer:?}");
        }
    }
}

#[test]
fn input_that_cannot_be_read_is_code_5() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    let answer = answer(Program::Cni, &|_| Some("STATUS".into()), Broken);
    let object: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!((answer.code, &object["code"]), (1, &json!(5)));
}
