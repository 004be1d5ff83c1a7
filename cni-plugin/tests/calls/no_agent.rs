//! Each verb while the agent is away.

use tartan_agent_api::plugin::{Attached, Given};
use tartan_agent_api::record::{Record, RecordState, VERSION};
use tartan_agent_api::run_dir::RunDir;
use tartan_model::{Attachment, BootId, ClassId, Generation, Limits, Mac};

use crate::netns::Netns;
use crate::plugin::Host;

const CONFIG: &str = r#"{"cniVersion":"1.1.0","name":"shop"}"#;

pub(crate) fn attachment() -> Attachment {
    "shop,c1,eth0".parse().unwrap()
}

pub(crate) fn attached() -> Attached {
    let given = |address: &str, gateway: &str| Given {
        length: None,
        address: address.parse().unwrap(),
        gateway: gateway.parse().unwrap(),
    };
    Attached {
        generation: Generation(7),
        host_link: Generation(7).host_link_name(),
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

/// A run directory whose agent has attached one container and gone.
pub(crate) fn left_behind() -> (Host, RunDir) {
    let host = Host::new();
    let run_dir = RunDir::at(host.run_dir());
    run_dir.create().unwrap();
    let record = Record {
        v: VERSION,
        attachment: attachment(),
        state: RecordState::Ready,
        boot: BootId::new("b"),
        netns_path: "/run/netns/x".into(),
        netns_cookie: 1,
        host_index: 2,
        container_index: 2,
        attach: Default::default(),
        limits: Limits::default(),
        limit_class: None,
        attached: attached(),
        translation: Default::default(),
        foreign: None,
    };
    run_dir.put_record(&record).unwrap();
    (host, run_dir)
}

#[test]
fn e_02_add_check_and_gc_say_try_again() {
    let host = Host::new();
    let netns = Netns::new();
    let (code, msg) = host.verb("ADD", &netns.path(), CONFIG).error();
    assert_eq!(code, 11);
    assert!(msg.contains("cni.sock"), "{msg}");
    let check = r#"{"cniVersion":"1.1.0","name":"shop","prevResult":{}}"#;
    assert_eq!(host.verb("CHECK", &netns.path(), check).error().0, 11);
    let gc = br#"{"cniVersion":"1.1.0","name":"shop",
        "cni.dev/valid-attachments":[]}"#;
    assert_eq!(host.call(&[("CNI_COMMAND", "GC")], gc).error().0, 11);
    assert!(host.files().is_empty());
}

#[test]
fn c_120_status_is_50_and_with_containers_51() {
    let status = [("CNI_COMMAND", "STATUS")];
    let empty = Host::new();
    assert_eq!(empty.call(&status, CONFIG.as_bytes()).error().0, 50);
    assert!(empty.files().is_empty());
    let (host, _) = left_behind();
    let before = host.files();
    assert_eq!(host.call(&status, CONFIG.as_bytes()).error().0, 51);
    assert_eq!(host.files(), before);
}

#[test]
fn c_061_c_067_a_del_of_something_unknown_succeeds_and_writes_nothing() {
    let host = Host::new();
    for netns in ["", "/run/netns/gone", "/dev/null", "/proc/self/ns/net"] {
        host.verb("DEL", netns, CONFIG).is_quiet();
        host.verb("DEL", netns, CONFIG).is_quiet();
    }
    assert!(host.files().is_empty());
}

#[test]
fn a_del_leaves_the_generation_it_read_as_a_tombstone_and_succeeds() {
    let (host, run_dir) = left_behind();
    for _ in 0..2 {
        host.verb("DEL", "", CONFIG).is_quiet();
        let tombstones = run_dir.tombstones().unwrap();
        let [Ok(tombstone)] = &tombstones[..] else {
            panic!("{tombstones:?}");
        };
        assert_eq!(tombstone.attachment, attachment());
        assert_eq!(tombstone.generation, Generation(7));
    }
}

#[test]
fn c_063_c_065_a_del_asks_for_no_more_than_a_name() {
    let netns = Netns::new();
    for (version, rest) in [
        ("0.1.0", r#""ipam":{"type":"gone"}"#),
        ("0.2.0", r#""args":{"org.apache.mesos":{"network_info":7}}"#),
        ("0.3.1", r#""ipam":7,"team":[],"mtu":"x""#),
        ("0.4.0", r#""prevResult":{"cniVersion":"0.4.0","ips":7}"#),
        ("1.0.0", r#""runtimeConfig":{"portMappings":[{"hostPort":1}]}"#),
        ("1.1.0", r#""team":"a","teamFrom":"b""#),
    ] {
        let (host, run_dir) = left_behind();
        let config = format!(
            "{{\"cniVersion\":\"{version}\",\"name\":\"shop\",{rest}}}"
        );
        for path in ["", "/run/netns/gone", "/dev/null", &netns.path()] {
            host.verb("DEL", path, &config).is_quiet();
        }
        assert_eq!(run_dir.tombstones().unwrap().len(), 1, "{rest}");
    }
}

#[test]
fn c_064_a_del_that_cannot_leave_its_tombstone_says_try_again() {
    let (host, _) = left_behind();
    std::fs::remove_dir(host.run_dir().join("tombstones")).unwrap();
    let (code, msg) = host.verb("DEL", "", CONFIG).error();
    assert_eq!(code, 11);
    assert!(msg.contains("tombstones"), "{msg}");
    let (host, run_dir) = left_behind();
    let record = host.run_dir().join("attachments/shop,c1,eth0.json");
    std::fs::write(record, "").unwrap();
    assert_eq!(host.verb("DEL", "", CONFIG).error().0, 11);
    assert!(run_dir.tombstones().unwrap().is_empty());
}

#[test]
fn the_tombstone_stands_where_the_named_agent_lives() {
    let (there, run_dir) = left_behind();
    let socket = there.socket();
    let config = format!(
        "{{\"name\":\"shop\",\"agent\":\"{}\"}}",
        socket.to_str().unwrap()
    );
    let here = Host::new();
    here.verb("DEL", "", &config).is_quiet();
    assert!(here.files().is_empty());
    assert_eq!(run_dir.tombstones().unwrap().len(), 1);
}

#[test]
fn names_too_long_for_a_record_were_never_attached() {
    let host = Host::new();
    let netns = Netns::new();
    let name = "n".repeat(200);
    let container = "c".repeat(64);
    let config = format!("{{\"cniVersion\":\"1.1.0\",\"name\":\"{name}\"}}");
    let netns = netns.path();
    let call = |verb| {
        let variables = [
            ("CNI_COMMAND", verb),
            ("CNI_CONTAINERID", container.as_str()),
            ("CNI_NETNS", &netns),
            ("CNI_IFNAME", "eth0"),
        ];
        host.call(&variables, config.as_bytes())
    };
    assert_eq!(call("ADD").error().0, 7);
    call("DEL").is_quiet();
}
