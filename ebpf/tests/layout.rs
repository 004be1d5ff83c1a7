//! The structs of `bpf/abi.h`, as the compiler of the object laid them out,
//! against their mirror in Rust: names, sizes, offsets of each field, and the
//! numbers of each enum.
//!
//! The debug information of the object (BTF) is read by `bpftool`, so that the
//! witness is not our own code.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

use std::collections::BTreeMap;
use std::mem::{offset_of, size_of};
use std::process::Command;

use serde_json::Value;
use tartan_ebpf::{Direction, DropReason, Verdict, abi};

type Layout = (u64, Vec<(String, u64)>);

/// Size of a mirror and offsets of its fields, by the names of C.
macro_rules! mirror {
    ($c:literal, $rust:ty, $($field:ident),+) => {
        (
            $c,
            (
                size_of::<$rust>() as u64,
                vec![$((
                    stringify!($field).to_owned(),
                    offset_of!($rust, $field) as u64,
                )),+],
            ),
        )
    };
}

/// Each with its fields in the order of memory.
fn mirrors() -> Vec<(&'static str, Layout)> {
    let mut all = usual_mirrors();
    for (name, (_, fields)) in &mut all {
        let added = trial_fields().into_iter().filter(|it| it.0 == *name);
        fields.extend(added.map(|(_, field, offset)| (field, offset)));
        fields.sort_by_key(|(_, offset)| *offset);
    }
    all
}

/// What the layout that stories try has besides.
#[cfg(feature = "trial-layout")]
fn trial_fields() -> Vec<(&'static str, String, u64)> {
    let trial = offset_of!(abi::Endpoint, trial) as u64;
    let pad = offset_of!(abi::KnownAddress, pad) as u64;
    let runs = offset_of!(abi::Traffic, runs) as u64;
    vec![
        ("endpoint", "trial".to_owned(), trial),
        ("known_address", "pad".to_owned(), pad),
        ("traffic", "runs".to_owned(), runs),
    ]
}

#[cfg(not(feature = "trial-layout"))]
fn trial_fields() -> Vec<(&'static str, String, u64)> {
    Vec::new()
}

fn usual_mirrors() -> Vec<(&'static str, Layout)> {
    vec![
        mirror!("address", abi::Address, octets),
        mirror!(
            "endpoint",
            abi::Endpoint,
            class,
            limit_class,
            generation,
            ipv6,
            link_local,
            ipv4,
            mac,
            pad
        ),
        mirror!("local_address", abi::LocalAddress, class, ifindex, generation),
        mirror!("known_address", abi::KnownAddress, class, flags, generation),
        mirror!("traffic", abi::Traffic, packets, bytes),
        mirror!("endpoint_traffic", abi::EndpointTraffic, passed),
        mirror!("endpoint_drops", abi::EndpointDrops, dropped),
        mirror!(
            "class_pair",
            abi::ClassPair,
            local,
            peer,
            direction,
            verdict,
            pad
        ),
        mirror!("settings", abi::Settings, mark_mask, pad),
    ]
}

#[expect(clippy::disallowed_methods, reason = "an independent witness")]
fn types() -> Vec<Value> {
    let object = concat!(env!("OUT_DIR"), "/container.o");
    let output = Command::new("bpftool")
        .args(["-j", "btf", "dump", "file", object])
        .output()
        .expect("needs bpftool");
    assert!(output.status.success(), "{output:?}");
    let mut dump: Value = serde_json::from_slice(&output.stdout).unwrap();
    serde_json::from_value(dump["types"].take()).unwrap()
}

fn structs(types: &[Value]) -> BTreeMap<&str, Layout> {
    let layout = |it: &Value| {
        let members = it["members"].as_array().unwrap().iter();
        let field = |m: &Value| {
            let bits = m["bits_offset"].as_u64().unwrap();
            (m["name"].as_str().unwrap().to_owned(), bits / 8)
        };
        (it["size"].as_u64().unwrap(), members.map(field).collect())
    };
    let of = |it: &&Value| it["kind"] == "STRUCT";
    types
        .iter()
        .filter(of)
        .map(|it| (it["name"].as_str().unwrap(), layout(it)))
        .collect()
}

fn enumeration(types: &[Value], name: &str) -> Vec<(String, u64)> {
    let found = types
        .iter()
        .find(|it| it["kind"] == "ENUM" && it["name"] == name)
        .ok_or(name)
        .expect("is in the object");
    let value = |it: &Value| {
        (it["name"].as_str().unwrap().to_owned(), it["val"].as_u64().unwrap())
    };
    found["values"].as_array().unwrap().iter().map(value).collect()
}

#[test]
fn every_struct_has_one_layout_in_c_and_in_rust() {
    let types = types();
    let built = structs(&types);
    for (name, mirror) in mirrors() {
        assert_eq!(built.get(name), Some(&mirror), "struct {name}");
    }
}

#[test]
fn every_struct_of_the_header_has_a_mirror() {
    let header = include_str!("../bpf/abi.h");
    let declared: Vec<_> = header
        .lines()
        .filter_map(|line| line.strip_prefix("struct ")?.strip_suffix(" {"))
        .collect();
    let mirrored: Vec<_> = mirrors().iter().map(|(name, _)| *name).collect();
    assert_eq!(declared, mirrored);
}

#[test]
fn reasons_directions_and_verdicts_have_one_number_each() {
    let types = types();
    let named = |prefix: &str, name: &str, number: usize| {
        (format!("{prefix}{}", name.to_uppercase()), number as u64)
    };
    let reasons =
        DropReason::ALL.map(|it| named("DROP_", it.as_str(), it.number()));
    let expected = [named("DROP_", "none", 0)].into_iter().chain(reasons);
    let found = enumeration(&types, "drop_reason");
    assert_eq!(found, expected.collect::<Vec<_>>());

    let mut ways: Vec<_> =
        Direction::ALL.map(|it| named("", it.as_str(), it.number())).into();
    ways.push(named("", "directions", abi::DIRECTIONS));
    assert_eq!(enumeration(&types, "direction"), ways);

    let verdicts = [Verdict::Passed, Verdict::Dropped]
        .map(|it| named("VERDICT_", it.as_str(), it as usize));
    assert_eq!(enumeration(&types, "verdict"), verdicts);
}

#[test]
fn constants_of_the_header_are_ours() {
    let header = include_str!("../bpf/abi.h");
    let table = [
        ("ABI_VERSION", abi::ABI_VERSION as usize),
        ("DROP_REASONS", abi::DROP_REASONS),
    ];
    for (name, value) in table {
        let line = format!("#define {name} {value}\n");
        assert!(header.contains(&line), "{line}");
    }
}
