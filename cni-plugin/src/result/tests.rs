//! What an ADD answers, before anybody writes it down.

use tartan_model::{ClassId, Generation, Mac};

use super::*;

fn attached() -> Attached {
    let given = |address: &str, gateway: &str| Given {
        length: None,
        address: address.parse().unwrap(),
        gateway: gateway.parse().unwrap(),
    };
    Attached {
        generation: Generation(1),
        host_link: "tt0000000000001".into(),
        host_mac: Mac::local(1),
        mac: Mac::local(2),
        mtu: 1450,
        addresses: vec![
            given("10.4.2.1", "169.254.1.1"),
            given("fd00::1", "fe80::1"),
        ],
        class: ClassId::UNCLASSIFIED,
    }
}

fn eth0() -> InterfaceName {
    "eth0".parse().unwrap()
}

#[test]
fn c_045_both_ends_are_listed_and_the_containers_has_the_sandbox() {
    let mut outcome = Outcome::default();
    outcome.append(&attached(), &eth0(), "/run/netns/x");
    let [host, container] = &outcome.interfaces[..] else {
        panic!("{outcome:?}");
    };
    assert_eq!(host.name, "tt0000000000001");
    assert_eq!(host.sandbox, None);
    assert_eq!(container.name, "eth0");
    assert_eq!(container.sandbox.as_deref(), Some("/run/netns/x"));
    assert_eq!(container.mac.as_deref(), Some("02:00:00:00:00:02"));
    assert_eq!(container.mtu, Some(1450));
}

#[test]
fn c_042_what_earlier_plugins_made_stays_and_ours_follows() {
    let mut outcome = Outcome::default();
    outcome.append(&attached(), &"net1".parse().unwrap(), "/run/netns/x");
    let before = outcome.clone();
    outcome.append(&attached(), &eth0(), "/run/netns/x");
    assert_eq!(outcome.interfaces[..2], before.interfaces);
    assert_eq!(outcome.ips[..2], before.ips);
    let indexes: Vec<_> = outcome.ips.iter().map(|ip| ip.interface).collect();
    assert_eq!(indexes, [Some(1), Some(1), Some(3), Some(3)]);
    // The same route twice would only be one that fails.
    assert_eq!(outcome.routes, before.routes);
}

#[test]
fn c_144_a_dns_that_says_anything_is_set() {
    let dns = |text: &str| serde_json::from_str::<Dns>(text).unwrap();
    assert!(!dns("{}").is_set());
    assert!(!dns(r#"{"domain":""}"#).is_set());
    assert!(!dns(r#"{"nameservers":null}"#).is_set());
    assert!(dns(r#"{"nameservers":[]}"#).is_set());
    assert!(dns(r#"{"nameservers":[]}"#).is_empty());
    assert!(dns(r#"{"domain":"x"}"#).is_set());
    assert!(!dns(r#"{"domain":"x"}"#).is_empty());
}

#[test]
fn v_08_a_cidr_keeps_its_host_bits_and_is_written_canonically() {
    for (text, written) in [
        ("10.99.0.2/29", "10.99.0.2/29"),
        ("FD00:0:0::0005/64", "fd00::5/64"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ] {
        assert_eq!(text.parse::<Cidr>().unwrap().to_string(), written);
    }
    for text in ["", "10.0.0.1", "10.0.0.1/33", "::/129", "x/1", "::/+1"] {
        assert!(text.parse::<Cidr>().is_err(), "{text}");
    }
}
