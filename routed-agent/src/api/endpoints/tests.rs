//! Which endpoint is meant.

use tartan_agent_api::plugin::{Attached, Given};
use tartan_agent_api::record::{RecordState, VERSION};
use tartan_model::{BootId, Generation, Limits, Mac};

use super::*;

fn record(attachment: &str, generation: u64, address: &str) -> Record {
    Record {
        v: VERSION,
        attachment: attachment.parse().unwrap(),
        state: RecordState::Ready,
        boot: BootId::new("boot"),
        netns_path: "/run/netns/a".to_owned(),
        netns_cookie: 1,
        host_index: 7,
        container_index: 2,
        attach: Default::default(),
        limits: Limits::default(),
        limit_class: None,
        attached: Attached {
            generation: Generation(generation),
            host_link: Generation(generation).host_link_name(),
            host_mac: Mac([2, 0, 0, 0, 0, 1]),
            mac: Mac([2, 0, 0, 0, 0, 2]),
            mtu: 1500,
            addresses: vec![Given {
                length: None,
                address: address.parse().unwrap(),
                gateway: "169.254.1.1".parse().unwrap(),
            }],
            class: "002a:0007".parse().unwrap(),
        },
        translation: Default::default(),
        foreign: None,
    }
}

#[test]
fn an_endpoint_is_found_by_every_name_it_has() {
    let records = [
        record("shop,4f66,eth0", 1, "10.77.0.2"),
        record("shop,4f66ad,eth0", 2, "10.77.0.3"),
        record("blog,4f66ad,eth1", 3, "fd00::3"),
        record("blog,9999,eth0", 4, "10.77.0.4"),
    ];
    for (id, generations) in [
        ("10.77.0.2", &[1][..]),
        ("fd00::3", &[3]),
        ("shop,4f66ad,eth0", &[2]),
        ("tt0000000000004", &[4]),
        ("4f66", &[1]),
        ("4f66ad", &[2, 3]),
        ("4f6", &[1, 2, 3]),
        ("9", &[4]),
        ("10.77.0.9", &[]),
        ("", &[]),
    ] {
        let found = find(&records, id);
        let found: Vec<_> = found.iter().map(|r| r.generation().0).collect();
        assert_eq!(found, generations, "{id}");
    }
}

#[test]
fn an_endpoint_is_shown_with_its_class_by_name() {
    let registry = Snapshot::for_tests(&[("payments", 42, &[("api", 7)])]);
    let shown = view(&record("shop,4f66,eth0", 1, "10.77.0.2"), &registry);
    assert_eq!(shown.class_name, "payments/api");
    assert_eq!(shown.host_link, "tt0000000000001");
}
