//! Calls that are none: the error object of the specification with its code
//! on standard output, nothing on standard error, nothing changed.

use crate::netns::Netns;
use crate::plugin::Host;

const VERBS: [&str; 5] = ["ADD", "DEL", "CHECK", "GC", "STATUS"];

#[test]
fn c_030_no_input_is_a_configuration_that_is_none() {
    let host = Host::new();
    let deep = "{\"a\":".repeat(50_000);
    let long = format!("{{\"name\":\"n\",\"x\":\"{}\"}}", "y".repeat(10 << 20));
    for input in [
        &b""[..],
        b"null",
        b"[]",
        b"\"name\"",
        b"{\"name\":\"n\"",
        b"{\"name\":\"n\"}x",
        b"\xef\xbb\xbf{\"name\":\"n\"}",
        b"{\"name\":\"n\0\"}",
        b"\0",
        b"\xff\xff",
        b"{\"name\":\"n\",\"name\":\"m\"}",
        b"{\"name\":\"n\",\"foreign\":1,\"foreign\":1}",
        b"{\"name\":7}",
        b"{\"name\":\"n\",\"cniVersion\":1.1}",
        deep.as_bytes(),
        long.as_bytes(),
    ] {
        for verb in VERBS {
            let variables = [
                ("CNI_COMMAND", verb),
                ("CNI_CONTAINERID", "c1"),
                ("CNI_NETNS", "/proc/self/ns/net"),
                ("CNI_IFNAME", "eth0"),
            ];
            let (code, _) = host.call(&variables, input).error();
            assert_eq!(code, 6, "{verb}");
        }
    }
    assert!(host.files().is_empty());
}

#[test]
fn c_002_a_configuration_without_a_usable_name_is_refused() {
    let host = Host::new();
    for (input, said) in [
        ("{}", "missing network name"),
        (r#"{"name":""}"#, "missing network name"),
        (r#"{"name":"a/b"}"#, "invalid characters found in network name"),
    ] {
        for verb in VERBS {
            let error = host.verb(verb, "/x", input).error();
            assert_eq!(error, (7, said.into()));
        }
    }
}

#[test]
fn c_025_to_c_028_an_environment_that_is_no_call_is_refused() {
    let host = Host::new();
    let config = br#"{"cniVersion":"1.1.0","name":"n"}"#;
    let (code, msg) = host.call(&[("CNI_COMMAND", "ADD")], config).error();
    assert_eq!(code, 4);
    assert_eq!(
        msg,
        "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME] missing"
    );
    for verb in ["NOPE", "add", "ADD "] {
        let error = host.call(&[("CNI_COMMAND", verb)], config).error();
        assert_eq!(error, (4, format!("unknown CNI_COMMAND: {verb}")));
    }
    let variables = [
        ("CNI_COMMAND", "DEL"),
        ("CNI_CONTAINERID", "../a"),
        ("CNI_IFNAME", "eth0"),
    ];
    let object = host.call(&variables, config).error_object();
    assert_eq!(object["code"], 4);
    assert_eq!(object["msg"], "invalid characters in containerID");
    assert_eq!(object["details"], "../a");
    assert!(host.files().is_empty());
}

#[test]
fn c_031_c_126_an_unknown_version_is_refused_by_every_verb() {
    let host = Host::new();
    for version in ["9.9.9", "1.1", "v1.1.0", "0.0.1", " "] {
        let config = format!("{{\"cniVersion\":\"{version}\",\"name\":\"n\"}}");
        for verb in VERBS {
            let object = host.verb(verb, "/x", &config).error_object();
            assert_eq!(object["code"], 1);
            assert_eq!(object["msg"], "incompatible CNI versions");
            let details = object["details"].as_str().unwrap();
            let start = format!("config is \"{version}\", plugin supports [");
            assert!(details.starts_with(&start), "{details}");
        }
    }
}

#[test]
fn c_080_c_100_c_122_verbs_of_later_versions_are_refused() {
    let host = Host::new();
    for (verb, version) in
        [("CHECK", "0.3.1"), ("GC", "1.0.0"), ("STATUS", "1.0.0")]
    {
        let config = format!("{{\"cniVersion\":\"{version}\",\"name\":\"n\"}}");
        let object = host.verb(verb, "/x", &config).error_object();
        assert_eq!(object["code"], 1);
        let said = format!("config version does not allow {verb}");
        assert_eq!(object["msg"], said);
        assert_eq!(object["cniVersion"], version);
    }
}

#[test]
fn an_add_that_asks_for_what_it_may_not_have_is_refused() {
    let host = Host::new();
    let netns = Netns::new();
    for (config, code) in [
        (r#""team":"A/B""#, 7),
        (r#""app":"x""#, 7),
        (r#""teamFrom":"request""#, 7),
        (r#""teamFrom":"request","teams":["a"]"#, 7),
        (
            r#""team":"a","args":{"cni":{"labels":
            [{"key":"tartan.team","value":"b"}]}}"#,
            7,
        ),
        (r#""args":{"cni":{"labels":[{"key":"tartan.app","value":"b"}]}}"#, 7),
        (r#""ipam":{"type":"host-local"}"#, 7),
        (r#""ipam":{"type":"tartan-ipam","subnet":"10.0.0.9/8"}"#, 7),
        (r#""ipam":{"type":"tartan-ipam","subnets":"10.0.0.0/8"}"#, 2),
        (r#""ipam":7"#, 6),
        (r#""mtu":"big""#, 6),
        (r#""mtu":7"#, 7),
        (r#""runtimeConfig":{"portMappings":[{"hostPort":1}]}"#, 7),
        (r#""runtimeConfig":{"bandwidth":{"ingressRate":1}}"#, 7),
        (r#""runtimeConfig":{"ips":["x"]}"#, 7),
        (r#""runtimeConfig":[]"#, 6),
        (r#""args":{"org.apache.mesos":{}}"#, 7),
        (r#""prevResult":{"ips":7}"#, 6),
        (r#""agent":"cni.sock""#, 7),
        (r#""type":"../x""#, 7),
    ] {
        let config =
            format!("{{\"cniVersion\":\"1.1.0\",\"name\":\"n\",{config}}}");
        let (found, msg) = host.verb("ADD", &netns.path(), &config).error();
        assert_eq!(found, code, "{config}: {msg}");
    }
    assert!(host.files().is_empty());
}

#[test]
fn c_032_a_netns_that_is_none_or_our_own_is_refused_before_acting() {
    let host = Host::new();
    let config = r#"{"cniVersion":"1.1.0","name":"n"}"#;
    let plain = tempfile::NamedTempFile::new().unwrap();
    for (path, code) in [
        ("/run/netns/there-is-none", 4),
        (plain.path().to_str().unwrap(), 4),
        ("/dev/null", 4),
        ("/proc/self/ns/mnt", 4),
        ("/proc/self/ns/net", 8),
    ] {
        let (found, msg) = host.verb("ADD", path, config).error();
        assert_eq!(found, code, "{path}: {msg}");
        assert!(msg.contains("CNI_NETNS") && msg.contains(path), "{msg}");
    }
    // What the override lets pass fails at the next step: there is no agent.
    let variables = [
        ("CNI_COMMAND", "ADD"),
        ("CNI_CONTAINERID", "c1"),
        ("CNI_NETNS", "/proc/self/ns/net"),
        ("CNI_IFNAME", "eth0"),
        ("CNI_NETNS_OVERRIDE", "TRUE"),
    ];
    assert_eq!(host.call(&variables, config.as_bytes()).error().0, 11);
}

#[test]
fn c_103_a_gc_without_a_list_is_refused() {
    let host = Host::new();
    let config = br#"{"cniVersion":"1.1.0","name":"n"}"#;
    let (code, msg) = host.call(&[("CNI_COMMAND", "GC")], config).error();
    assert_eq!(code, 7);
    assert!(msg.contains("cni.dev/valid-attachments"), "{msg}");
}

#[test]
fn c_081_a_check_without_a_previous_result_is_refused() {
    let host = Host::new();
    let config = r#"{"cniVersion":"1.1.0","name":"n"}"#;
    let error = host.verb("CHECK", "/x", config).error();
    assert_eq!(error, (7, "required prevResult missing".into()));
}
