//! What a runtime's list makes garbage, and what not.

use tartan_agent_api::plugin::{Attached, Given};
use tartan_agent_api::record::VERSION;
use tartan_model::{BootId, ClassId, Generation, Limits, Mac};

use super::*;

fn record(attachment: &str, state: RecordState) -> Record {
    let address = "10.77.0.2".parse().unwrap();
    let gateway = "169.254.1.1".parse().unwrap();
    Record {
        v: VERSION,
        attachment: attachment.parse().unwrap(),
        state,
        boot: BootId::new("boot"),
        netns_path: "/run/netns/a".to_owned(),
        netns_cookie: 1,
        host_index: 7,
        container_index: 2,
        attach: Default::default(),
        limits: Limits::default(),
        limit_class: None,
        attached: Attached {
            generation: Generation(1),
            host_link: Generation(1).host_link_name(),
            host_mac: Mac([2, 0, 0, 0, 0, 1]),
            mac: Mac([2, 0, 0, 0, 0, 2]),
            mtu: 1500,
            addresses: vec![Given { address, gateway, length: None }],
            class: ClassId::UNCLASSIFIED,
        },
        translation: Default::default(),
        foreign: None,
    }
}

fn wish(valid: &[(&str, &str)]) -> CollectGarbage {
    let listed = |(container, interface): &(&str, &str)| ValidAttachment {
        container: container.parse().unwrap(),
        interface: interface.parse().unwrap(),
    };
    let valid = valid.iter().map(listed).collect();
    CollectGarbage { network: "shop".parse().unwrap(), valid }
}

fn stale_of(records: &[Record], wish: &CollectGarbage) -> Vec<String> {
    stale(records, wish).iter().map(Attachment::to_string).collect()
}

#[test]
fn i_080_only_what_the_network_no_longer_knows_is_released() {
    let all = [
        "shop,c1,eth0",
        "shop,c1,eth1",
        "shop,c2,eth0",
        "blog,c2,eth0",
        "blog,c3,eth0",
    ];
    let records = all.map(|name| record(name, RecordState::Ready));
    let found = stale_of(&records, &wish(&[("c1", "eth0")]));
    assert_eq!(found, ["shop,c1,eth1", "shop,c2,eth0"]);
    assert!(stale_of(&[], &wish(&[])).is_empty());
}

#[test]
fn i_081_an_add_that_has_not_ended_is_not_collected() {
    let adding = [record("shop,c1,eth0", RecordState::Adding)];
    assert!(stale_of(&adding, &wish(&[])).is_empty());
}
