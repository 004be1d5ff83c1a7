//! Configurations of operators, right and wrong.

use super::*;
use crate::document::Document;

fn identity(text: &str) -> Result<Identity, NetworkError> {
    let document = Document::parse(text.as_bytes()).unwrap();
    Identity::of(&Header::of(Program::Cni, &document).unwrap())
}

fn network(text: &str) -> Result<Network, NetworkError> {
    let document = Document::parse(text.as_bytes()).unwrap();
    let conf = NetConf::of(Program::Cni, &document).unwrap();
    Network::of(Program::Cni, conf)
}

fn refused(text: &str) -> String {
    network(text).unwrap_err().to_string()
}

#[test]
fn c_002_a_network_has_a_name_of_the_specified_form() {
    for name in ["a", "0", "My.net_work-1"] {
        let text = format!("{{\"name\":\"{name}\"}}");
        assert_eq!(identity(&text).unwrap().name.as_str(), name);
    }
    for text in ["{}", r#"{"name":""}"#, r#"{"name":null}"#] {
        let error = identity(text).unwrap_err();
        assert_eq!(error.to_string(), "missing network name");
    }
    for name in ["../x", "a/b", ".a", "-a", "a b", "é", "a,b"] {
        let error = identity(&format!("{{\"name\":\"{name}\"}}")).unwrap_err();
        let said = "invalid characters found in network name";
        assert_eq!(error.to_string(), said);
        assert_eq!(error.details(), name);
    }
}

#[test]
fn c_003_a_type_is_no_path() {
    for kind in ["../tartan-cni", "a\\\\b", "/bin/x"] {
        let text = format!("{{\"name\":\"n\",\"type\":\"{kind}\"}}");
        let error = identity(&text).unwrap_err();
        assert!(matches!(error, NetworkError::Type(_)), "{kind}");
    }
}

#[test]
fn c_004_c_005_c_009_foreign_keys_are_left_alone() {
    let text = r#"{"name":"n","type":"tartan-cni","capabilities":{"mac":true},
        "runtimeConfig":{},"args":{},"prevResult":{},"disableCheck":true,
        "disableGC":true,"cniVersions":["1.0.0"],"loadOnlyInlinedPlugins":true,
        "cni.dev/valid-attachments":[],"ipMasq":false,"dns":{},"bridge":"x",
        "isGateway":true,"keyA":["some more","plugin specific"]}"#;
    assert!(identity(text).is_ok());
    assert!(network(text).is_ok());
}

#[test]
fn c_006_well_known_keys_keep_their_meaning() {
    let network = network(
        r#"{"ipMasq":true,"mtu":1450,"dns":{"nameservers":["192.0.2.53"],
        "domain":"example.org","search":["a","b"],"options":["ndots:2"]}}"#,
    )
    .unwrap();
    assert_eq!(network.masquerade, Masquerade::Yes);
    assert_eq!(network.mtu, Some(1450));
    assert_eq!(network.dns.unwrap().domain.as_deref(), Some("example.org"));
}

#[test]
fn c_007_ipam_is_absent_empty_or_ours() {
    for ipam in ["null", "{}", r#"{"type":"tartan-ipam"}"#, r#"{"type":""}"#] {
        let text = format!("{{\"ipam\":{ipam}}}");
        assert!(network(&text).is_ok(), "{ipam}");
    }
    assert!(network("{}").is_ok());
    assert_eq!(
        refused(r#"{"ipam":{"type":"host-local"}}"#),
        "\"ipam\" has type \"host-local\", but tartan-cni gives addresses \
         itself: leave \"ipam\" out, or use host-local with another main plugin"
    );
}

#[test]
fn the_way_to_attach_is_one_of_three_words() {
    for mode in AttachMode::ALL {
        let text = format!("{{\"attach\":\"{mode}\"}}");
        assert_eq!(network(&text).unwrap().attach, Some(mode));
    }
    assert_eq!(network("{}").unwrap().attach, None);
    let said = refused(r#"{"attach":"xdp"}"#);
    let words = "none of shared-block, clsact, tcx";
    assert_eq!(said, format!("\"attach\" is \"xdp\", which is {words}"));
}

#[test]
fn a_team_is_fixed_or_named_by_requests_or_absent() {
    let rule = |text: &str| network(text).unwrap().class.team;
    assert_eq!(rule("{}"), TeamRule::Nobody);
    let team: TeamName = "payments".parse().unwrap();
    let fixed = rule(r#"{"team":"payments","app":"api","createApps":true}"#);
    assert_eq!(fixed, TeamRule::Network(team.clone()));
    for (word, from) in TeamFrom::ALL {
        let text =
            format!("{{\"teamFrom\":\"{word}\",\"teams\":[\"payments\"]}}");
        let allowed = vec![team.clone()];
        assert_eq!(rule(&text), TeamRule::Request { from, allowed });
    }
}

#[test]
fn half_a_rule_of_teams_is_refused() {
    for (text, said) in [
        (
            r#"{"teamFrom":"request"}"#,
            "\"teamFrom\" has no meaning without \"teams\"",
        ),
        (r#"{"teams":["a"]}"#, "\"teams\" has no meaning without \"teamFrom\""),
        (r#"{"app":"a"}"#, "\"app\" has no meaning without \"team\""),
        (
            r#"{"team":"a","teamFrom":"request","teams":["a"]}"#,
            "\"team\" fixes the team, so \"teamFrom\" has no meaning beside it",
        ),
        (
            r#"{"team":"a","teams":["a"]}"#,
            "\"team\" fixes the team, so \"teams\" has no meaning beside it",
        ),
        (
            r#"{"teamFrom":"x","teams":["a"]}"#,
            "\"teamFrom\" is \"x\", which is none of request, k8s-namespace, \
             nomad-namespace",
        ),
    ] {
        assert_eq!(refused(text), said);
    }
}

#[test]
fn names_that_are_none_are_refused_by_their_key() {
    for (text, key) in [
        (r#"{"team":"Payments"}"#, "team"),
        (r#"{"team":"world"}"#, "team"),
        (r#"{"team":"a","app":"b/c"}"#, "app"),
        (r#"{"pools":["default",""]}"#, "pools"),
        (r#"{"teamFrom":"request","teams":["a b"]}"#, "teams"),
    ] {
        let Err(NetworkError::Word { key: named, .. }) = network(text) else {
            panic!("{text} was accepted");
        };
        assert_eq!(named, key);
    }
}

#[test]
fn an_mtu_is_one_that_a_link_can_have() {
    let mtu = |text: &str| network(text).map(|network| network.mtu);
    assert_eq!(mtu(r#"{"mtu":0}"#), Ok(None));
    assert_eq!(mtu(r#"{"mtu":68}"#), Ok(Some(68)));
    assert_eq!(mtu(r#"{"mtu":67}"#), Err(NetworkError::Mtu(67)));
    assert_eq!(mtu(r#"{"mtu":65536}"#), Err(NetworkError::Mtu(65536)));
}

#[test]
fn an_agent_is_an_absolute_path() {
    let text = r#"{"name":"n","agent":"/run/t/cni.sock"}"#;
    let agent = identity(text).unwrap().agent;
    assert_eq!(agent, Some("/run/t/cni.sock".into()));
    let error = identity(r#"{"name":"n","agent":"cni.sock"}"#).unwrap_err();
    assert_eq!(error, NetworkError::Agent("cni.sock".into()));
}
