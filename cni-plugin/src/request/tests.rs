//! Requests of each runtime.

use super::*;
use crate::document::Document;

fn wish(arguments: &str, config: &str) -> Result<Wish, RequestError> {
    let document = Document::parse(config.as_bytes()).unwrap();
    let asked = Asked::of(&document).unwrap();
    let arguments = Arguments::parse(arguments).unwrap();
    Wish::of(&arguments, &asked, Version::V0_1_0)
}

fn addresses(arguments: &str, config: &str) -> Vec<String> {
    let wish = wish(arguments, config).unwrap();
    wish.addresses.iter().map(ToString::to_string).collect()
}

#[test]
fn an_address_is_asked_for_in_four_places() {
    for (arguments, config) in [
        ("IP=10.1.2.3", "{}"),
        ("", r#"{"runtimeConfig":{"ips":["10.1.2.3"]}}"#),
        ("", r#"{"args":{"cni":{"ips":["10.1.2.3/24"]}}}"#),
        (
            "",
            r#"{"args":{"org.apache.mesos":{"network_info":{"ip_addresses":
               [{"protocol":"IPv4"},{"ip_address":"10.1.2.3"}]}}}}"#,
        ),
        ("", r#"{"runtimeConfig":{"ips":["::ffff:10.1.2.3"]}}"#),
    ] {
        assert_eq!(addresses(arguments, config), ["10.1.2.3"], "{config}");
    }
}

#[test]
fn the_argument_counts_only_where_nothing_else_is_said() {
    let config = r#"{"runtimeConfig":{"ips":["10.1.2.3"]}}"#;
    assert_eq!(addresses("IP=10.9.9.9", config), ["10.1.2.3"]);
    let empty = r#"{"runtimeConfig":{"ips":[]},"args":{"cni":{"ips":null}}}"#;
    assert_eq!(addresses("IP=10.9.9.9", empty), ["10.9.9.9"]);
}

#[test]
fn the_argument_counts_for_the_family_that_nobody_else_names() {
    let config = r#"{"runtimeConfig":{"ips":["fd00::5"]}}"#;
    let both = addresses("IP=10.9.9.9", config);
    assert_eq!(both, ["fd00::5", "10.9.9.9"]);
    let error = wish("IP=x", config).unwrap_err();
    assert_eq!(error.place(), Some(Place::Arguments("IP")));
}

#[test]
fn both_lists_are_joined_and_an_address_in_both_is_one() {
    let config = r#"{"runtimeConfig":{"ips":["10.1.2.3/24","fd00::5/64"]},
        "args":{"cni":{"ips":["10.1.2.3"]}}}"#;
    assert_eq!(addresses("", config), ["10.1.2.3", "fd00::5"]);
}

#[test]
fn two_addresses_of_a_family_are_refused() {
    let config = r#"{"runtimeConfig":{"ips":["10.1.2.3","10.1.2.4"]}}"#;
    let error = wish("", config).unwrap_err().to_string();
    assert!(error.starts_with("10.1.2.3 and 10.1.2.4 are asked for"));
}

#[test]
fn what_is_no_address_is_refused_by_place() {
    for text in ["", "10.1.2", "10.1.2.3/33", "fd00::1/129", "a", "1.2.3.4/"] {
        let config = format!("{{\"runtimeConfig\":{{\"ips\":[\"{text}\"]}}}}");
        let error = wish("", &config).unwrap_err();
        assert_eq!(error.place(), Some(Place::Runtime("ips")), "{text}");
    }
    let error = wish("IP=x", "{}").unwrap_err();
    assert_eq!(error.place(), Some(Place::Arguments("IP")));
}

#[test]
fn a_mac_is_taken_from_the_strongest_place() {
    let config = r#"{"runtimeConfig":{"mac":"02:00:00:00:00:01"},
        "args":{"cni":{"mac":"02:00:00:00:00:02"}}}"#;
    let mac = |arguments, config| wish(arguments, config).unwrap().mac;
    let argument = "MAC=02:00:00:00:00:03";
    assert_eq!(mac(argument, config), Some(Mac::local(1)));
    let config = r#"{"args":{"cni":{"mac":"02:00:00:00:00:02"}}}"#;
    assert_eq!(mac(argument, config), Some(Mac::local(2)));
    assert_eq!(mac(argument, "{}"), Some(Mac::local(3)));
    assert_eq!(mac("", r#"{"runtimeConfig":{"mac":""}}"#), None);
    for text in ["01:00:5e:00:00:01", "00:00:00:00:00:00", "x"] {
        let error = wish(&format!("MAC={text}"), "{}").unwrap_err();
        assert!(matches!(error, RequestError::Mac { .. }), "{text}");
    }
}

#[test]
fn the_forms_of_asking_nothing_are_accepted() {
    for config in [
        r#"{"runtimeConfig":{"portMappings":[],"bandwidth":{}}}"#,
        r#"{"runtimeConfig":{"portMappings":null,"bandwidth":null}}"#,
        r#"{"runtimeConfig":{"bandwidth":{"ingressRate":0,"egressRate":0}}}"#,
        r#"{"runtimeConfig":{"aliases":{"cap":["web"]}}}"#,
        r#"{"runtimeConfig":{"aliases":["web"],"cgroupPath":"/x",
            "deviceID":"x","infinibandGUID":"y","other":1,
            "dns":{"Servers":["192.0.2.1"],"Searches":[],"Options":[]}}}"#,
        r#"{"args":{"cni":{"other":1},"labels":{"x":"y"}}}"#,
    ] {
        assert_eq!(wish("", config).unwrap(), Wish::default(), "{config}");
    }
}

#[test]
fn m_05_mesos_with_a_version_that_it_cannot_read_fails_loudly() {
    let config = r#"{"args":{"org.apache.mesos":{"network_info":{}}}}"#;
    let document = Document::parse(config.as_bytes()).unwrap();
    let asked = Asked::of(&document).unwrap();
    for version in Version::ALL {
        let wish = Wish::of(&Arguments::default(), &asked, version);
        assert_eq!(wish.is_ok(), version < Version::V0_3_0, "{version}");
    }
}
