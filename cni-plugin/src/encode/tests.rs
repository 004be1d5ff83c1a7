//! One result in each version, field by field.

use serde_json::{Value, json};

use super::*;

fn ip(address: &str, gateway: Option<&str>, interface: Option<i64>) -> Ip {
    Ip {
        address: address.parse().unwrap(),
        gateway: gateway.map(|gateway| gateway.parse().unwrap()),
        interface,
    }
}

fn route(dst: &str, gw: Option<&str>) -> Route {
    let gw = gw.map(|gw| format!("\"{gw}\"")).unwrap_or("null".into());
    serde_json::from_str(&format!("{{\"dst\":\"{dst}\",\"gw\":{gw}}}")).unwrap()
}

/// Two addresses and routes of each family.
fn rich() -> Outcome {
    Outcome {
        interfaces: vec![
            Interface {
                name: "tt1".into(),
                mtu: Some(1450),
                pci_id: Some("8086:9a01".into()),
                socket_path: Some("/x.sock".into()),
                ..Interface::default()
            },
            Interface {
                name: "eth0".into(),
                mac: Some("02:00:00:00:00:01".into()),
                sandbox: Some("/run/netns/x".into()),
                ..Interface::default()
            },
        ],
        ips: vec![
            ip("10.99.0.2/29", Some("10.99.0.1"), Some(0)),
            ip("10.99.1.2/29", None, None),
            ip("fd00::2/64", Some("fd00::1"), Some(1)),
            ip("fd01::2/64", None, Some(1)),
        ],
        routes: vec![
            route("0.0.0.0/0", Some("10.99.0.1")),
            route("::/0", None),
            route("192.0.2.0/24", None),
        ],
        dns: Dns::default(),
    }
}

fn written(outcome: &Outcome, version: Version) -> Value {
    serde_json::to_value(encode(outcome, version).unwrap()).unwrap()
}

#[test]
fn v_01_1_1_0_and_1_0_0_differ_in_the_number_alone() {
    let newest = written(&rich(), Version::V1_1_0);
    assert_eq!(
        newest,
        json!({
            "cniVersion": "1.1.0",
            "interfaces": [
                {"name": "tt1", "mtu": 1450, "socketPath": "/x.sock",
                 "pciID": "8086:9a01"},
                {"name": "eth0", "mac": "02:00:00:00:00:01",
                 "sandbox": "/run/netns/x"},
            ],
            "ips": [
                {"address": "10.99.0.2/29", "gateway": "10.99.0.1",
                 "interface": 0},
                {"address": "10.99.1.2/29"},
                {"address": "fd00::2/64", "gateway": "fd00::1",
                 "interface": 1},
                {"address": "fd01::2/64", "interface": 1},
            ],
            "routes": [
                {"dst": "0.0.0.0/0", "gw": "10.99.0.1"},
                {"dst": "::/0"},
                {"dst": "192.0.2.0/24"},
            ],
        })
    );
    let mut older = written(&rich(), Version::V1_0_0);
    assert_eq!(older["cniVersion"], "1.0.0");
    older["cniVersion"] = "1.1.0".into();
    assert_eq!(older, newest);
}

#[test]
fn v_02_0_4_0_to_0_3_0_say_the_family_and_less_of_interfaces() {
    for version in [Version::V0_4_0, Version::V0_3_1, Version::V0_3_0] {
        assert_eq!(
            written(&rich(), version),
            json!({
                "cniVersion": version.as_str(),
                "interfaces": [
                    {"name": "tt1"},
                    {"name": "eth0", "mac": "02:00:00:00:00:01",
                     "sandbox": "/run/netns/x"},
                ],
                "ips": [
                    {"version": "4", "address": "10.99.0.2/29",
                     "gateway": "10.99.0.1", "interface": 0},
                    {"version": "4", "address": "10.99.1.2/29"},
                    {"version": "6", "address": "fd00::2/64",
                     "gateway": "fd00::1", "interface": 1},
                    {"version": "6", "address": "fd01::2/64", "interface": 1},
                ],
                "routes": [
                    {"dst": "0.0.0.0/0", "gw": "10.99.0.1"},
                    {"dst": "::/0"},
                    {"dst": "192.0.2.0/24"},
                ],
                "dns": {},
            })
        );
    }
}

#[test]
fn v_04_v_09_0_2_0_and_0_1_0_have_the_first_of_each_family() {
    for version in [Version::V0_2_0, Version::V0_1_0] {
        assert_eq!(
            written(&rich(), version),
            json!({
                "cniVersion": version.as_str(),
                "ip4": {
                    "ip": "10.99.0.2/29",
                    "gateway": "10.99.0.1",
                    "routes": [
                        {"dst": "0.0.0.0/0", "gw": "10.99.0.1"},
                        {"dst": "192.0.2.0/24"},
                    ],
                },
                "ip6": {
                    "ip": "fd00::2/64",
                    "gateway": "fd00::1",
                    "routes": [{"dst": "::/0"}],
                },
                "dns": {},
            })
        );
    }
}

#[test]
fn v_04_a_route_of_a_family_without_an_address_is_dropped() {
    let mut outcome = rich();
    outcome.ips.truncate(1);
    let value = written(&outcome, Version::V0_2_0);
    assert_eq!(value.get("ip6"), None);
    assert_eq!(value["ip4"]["routes"].as_array().unwrap().len(), 2);
}

#[test]
fn v_04_no_address_cannot_be_written_before_0_3_0() {
    let outcome = Outcome { ips: vec![], ..rich() };
    for version in Version::ALL {
        let encoded = encode(&outcome, version);
        assert_eq!(encoded.is_ok(), version >= Version::V0_3_0);
        if let Err(error) = encoded {
            let said = "cannot convert: no valid IP addresses";
            assert_eq!(error.to_string(), said);
        }
    }
}

#[test]
fn c_044_a_result_has_the_version_of_the_configuration() {
    for version in Version::ALL {
        assert_eq!(written(&rich(), version)["cniVersion"], version.as_str());
    }
}

#[test]
fn c_046_index_0_is_written_and_no_index_is_not() {
    let value = written(&rich(), Version::V1_1_0);
    assert_eq!(value["ips"][0]["interface"], 0);
    assert_eq!(value["ips"][1].get("interface"), None);
}

#[test]
fn c_047_an_empty_dns_is_written_before_1_0_0_alone() {
    for version in Version::ALL {
        let value = written(&rich(), version);
        let is_written = value.get("dns").is_some();
        assert_eq!(is_written, version < Version::V1_0_0, "{version}");
    }
    let dns = Dns {
        nameservers: Some(vec!["192.0.2.53".into()]),
        search: Some(vec![]),
        ..Dns::default()
    };
    let outcome = Outcome { dns, ..rich() };
    for version in Version::ALL {
        let dns = &written(&outcome, version)["dns"];
        assert_eq!(dns, &json!({"nameservers": ["192.0.2.53"]}), "{version}");
    }
}

#[test]
fn c_047_what_1_1_0_says_of_a_route_survives_a_chain() {
    let text = r#"{"dst":"192.0.2.0/24","mtu":1400,"advmss":1360,
        "priority":10,"table":7,"scope":0}"#;
    let mut outcome = rich();
    outcome.routes = vec![serde_json::from_str(text).unwrap()];
    let value = written(&outcome, Version::V1_1_0);
    let expected: Value = serde_json::from_str(text).unwrap();
    assert_eq!(value["routes"][0], expected);
}
