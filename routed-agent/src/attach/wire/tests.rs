//! Names by which our links are known again, and ways out of a container.

use tartan_agent_api::plugin::Attached;
use tartan_agent_api::record::{self, RecordState};
use tartan_model::{BootId, ClassId, Limits};

use super::*;

#[test]
fn an_alternative_name_tells_whose_the_link_is() {
    let attachment: Attachment = "shop,default-c1,eth0".parse().unwrap();
    let name = alt_name(&attachment, Generation(0x1a2b));
    assert_eq!(name, "tartan,0000000001a2b,shop,default-c1,eth0");
    assert_eq!(
        read_alt_name(&name),
        Some((Generation(0x1a2b), Some(attachment)))
    );
}

#[test]
fn a_name_too_long_for_the_kernel_keeps_its_generation() {
    let text = format!("{},{},eth0", "n".repeat(60), "c".repeat(64));
    let name = alt_name(&text.parse().unwrap(), Generation(7));
    assert!(name.len() <= 127);
    assert_eq!(read_alt_name(&name), Some((Generation(7), None)));
}

#[test]
fn names_of_others_are_not_ours() {
    for name in [
        "",
        "enp0s3",
        "tartan",
        "tartan,",
        "tartan,xyz,a,b,c",
        "tartan,00000000000ab,",
        "tartan,00000000000ab,shop,c1",
        "tartan,00000000000ab,shop,../c1,eth0",
        "tartan,ab,shop,c1,eth0",
        "tartan,+0000000000ab,shop,c1,eth0",
        "tartan,00000000000AB,shop,c1,eth0",
        "tartan,10000000000000",
        "tartan,ffffffffffffffff",
    ] {
        assert_eq!(read_alt_name(name), None, "{name:?}");
    }
}

fn record() -> Record {
    let address = |text: &str| {
        let address = text.parse().unwrap();
        Given { address, gateway: gateway(address), length: None }
    };
    let generation = Generation(0x1a2b);
    Record {
        v: record::VERSION,
        attachment: "shop,c1,eth1".parse().unwrap(),
        state: RecordState::Adding,
        boot: BootId::new("boot"),
        netns_path: "/run/netns/c1".into(),
        netns_cookie: 7,
        host_index: 1_048_577,
        container_index: 3,
        attach: Default::default(),
        limits: Limits::default(),
        limit_class: None,
        attached: Attached {
            generation,
            host_link: generation.host_link_name(),
            host_mac: HOST_MAC,
            mac: Mac::local(9),
            mtu: 1500,
            addresses: vec![address("10.77.0.5"), address("fd00:77::5")],
            class: ClassId::HOST,
        },
        translation: Default::default(),
        foreign: None,
    }
}

fn mains(record: &Record) -> Vec<Route> {
    let gateways = [GATEWAY_4, GATEWAY_6];
    let way_out = |g| Route::default_via(g, record.container_index).unwrap();
    gateways.map(way_out).into()
}

#[test]
fn a_second_way_out_is_a_rule_and_a_table_for_each_address() {
    let record = record();
    let batch = second_way_out(&record, &mains(&record));
    let said: Vec<_> =
        batch.operations().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "add route 0.0.0.0/0 via 169.254.1.1 dev 3",
            "add route 0.0.0.0/0 via 169.254.1.1 dev 3",
            "add rule from 10.77.0.5 lookup 1952514051",
            "add route ::/0 via fe80::1 dev 3",
            "add route ::/0 via fe80::1 dev 3",
            "add rule from fd00:77::5 lookup 1952514051",
        ]
    );
}

#[test]
fn a_family_whose_way_out_is_free_needs_no_second_one() {
    let record = record();
    let batch = second_way_out(&record, &mains(&record)[1..]);
    let is_v6 = |operation: &Operation| {
        if let Operation::AddRule(rule) = operation {
            return rule.from.is_ipv6();
        }
        let route = |route: &Route| route.destination.first().is_ipv6();
        matches!(operation, Operation::AddRoute(r) if route(r))
    };
    assert_eq!(batch.len(), 3);
    assert!(batch.operations().iter().all(is_v6), "{batch:?}");
}

/// What takes back what `operation` gave, where that has to be taken back.
fn opposite(operation: Operation) -> Option<Operation> {
    if let Operation::AddRoute(route) = operation {
        // One without a metric deletes that with one.
        let route = Route { metric: None, ..route };
        return Some(Operation::DeleteRoute(route));
    }
    if let Operation::AddRule(rule) = operation {
        return Some(Operation::DeleteRule(rule));
    }
    let Operation::AddAddress { index, address } = operation else {
        return None;
    };
    Some(Operation::DeleteAddress { index, address })
}

#[test]
fn what_a_container_was_given_is_taken_from_it() {
    let record = record();
    let first = container_side(&record);
    let second = second_way_out(&record, &mains(&record));
    let vacated = vacate(&record);
    let given = first.operations().iter().chain(second.operations());
    let back: Vec<_> = given.cloned().filter_map(opposite).collect();
    assert_eq!(back.len(), 10);
    for operation in back {
        let is_there = vacated.operations().contains(&operation);
        assert!(is_there, "nobody would {operation}");
    }
}

#[test]
fn the_table_of_any_link_has_a_number() {
    let highest = i32::MAX.cast_unsigned(); // an ifindex is an int
    assert!(TABLE_BASE.checked_add(highest).is_some());
}
