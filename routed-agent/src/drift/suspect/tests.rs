//! What an ADD does itself is no reason to look, what others do is.

use std::net::IpAddr;

use tartan_agent_api::plugin::{Attached, Given};
use tartan_agent_api::record::{self, Record, RecordState};
use tartan_hostnet::{Change, Happening, Link, Neighbour};
use tartan_model::{BootId, ClassId, Generation, Mac};

use super::{at_host, inside};
use crate::attach::wire::{self, BLOCKS, GROUP_LIVE, HOST_MAC};

const MAC: Mac = Mac([2, 0, 0, 0, 0, 5]);

fn record() -> Record {
    let address: IpAddr = "10.77.0.5".parse().unwrap();
    let generation = Generation(5);
    Record {
        v: record::VERSION,
        attachment: "shop,front,eth0".parse().unwrap(),
        state: RecordState::Ready,
        boot: BootId::new("boot"),
        netns_path: "/run/netns/front".to_owned(),
        netns_cookie: 9,
        host_index: 7,
        container_index: 2,
        translation: Default::default(),
        foreign: None,
        attach: Default::default(),
        limits: Default::default(),
        limit_class: Default::default(),
        attached: Attached {
            generation,
            host_link: generation.host_link_name(),
            host_mac: HOST_MAC,
            mac: MAC,
            mtu: 1500,
            addresses: vec![Given {
                address,
                gateway: wire::gateway(address),
                length: None,
            }],
            class: ClassId::HOST,
        },
    }
}

fn host_end() -> Link {
    let record = record();
    let alt = wire::alt_name(&record.attachment, record.generation());
    Link {
        index: 7,
        name: record.attached.host_link,
        alt_names: vec![alt],
        mac: Some(HOST_MAC),
        mtu: 1500,
        is_up: true,
        group: GROUP_LIVE,
        ..Link::default()
    }
}

fn link(link: Link) -> Happening {
    let link = Box::new(link);
    Happening::Link { change: Change::Is, link, has_moved: false }
}

fn route(change: Change, link: u32, protocol: u8) -> Happening {
    let link = Some(link);
    let to_address = Some("10.77.0.5".parse().unwrap());
    Happening::Route { change, protocol, link, to_address, is_default: false }
}

fn way_out(change: Change, link: u32, protocol: u8) -> Happening {
    let link = Some(link);
    let (to_address, is_default) = (None, true);
    Happening::Route { change, protocol, link, to_address, is_default }
}

fn neighbour(change: Change, link: u32, of: &str, mac: Mac) -> Happening {
    let address = of.parse().unwrap();
    let (mac, is_permanent) = (Some(mac), true);
    let neighbour = Neighbour { link, address, mac, is_permanent };
    Happening::Neighbour { change, neighbour }
}

fn qdisc(
    change: Change,
    blocks: Option<tartan_hostnet::BlockPair>,
) -> Happening {
    Happening::Qdisc { change, link: 7, is_clsact: true, blocks }
}

#[test]
fn what_an_add_makes_on_the_host_is_no_reason_to_look() {
    let other = Mac([2, 0, 0, 0, 0, 6]);
    let down = Link { is_up: false, ..host_end() };
    let reaped = Link { group: wire::GROUP_REAP.get(), ..host_end() };
    let table = [
        (link(host_end()), false),
        (link(reaped), false),
        (link(down), true),
        (link(Link { mtu: 1400, ..host_end() }), true),
        (link(Link { mac: Some(other), ..host_end() }), true),
        (link(Link { alt_names: vec![], ..host_end() }), true),
        (link(Link { name: "lost".to_owned(), ..host_end() }), true),
        (route(Change::Is, 7, 116), false),
        (route(Change::Gone, 7, 116), true),
        (route(Change::Is, 8, 116), true),
        (route(Change::Is, 7, 4), true),
        (route(Change::Gone, 8, 4), false),
        (neighbour(Change::Is, 7, "10.77.0.5", MAC), false),
        (neighbour(Change::Is, 7, "10.77.0.5", other), true),
        (neighbour(Change::Gone, 7, "10.77.0.5", MAC), true),
        (neighbour(Change::Gone, 7, "10.77.0.9", MAC), false),
        (qdisc(Change::Is, Some(BLOCKS)), false),
        (qdisc(Change::Is, None), true),
        (qdisc(Change::Gone, Some(BLOCKS)), true),
    ];
    for (happening, expected) in table {
        assert_eq!(at_host(&happening, &record()), expected, "{happening:?}");
    }
}

#[test]
fn what_an_add_makes_in_the_container_is_no_reason_to_look() {
    let end = || Link {
        index: 2,
        name: "eth0".to_owned(),
        mac: Some(MAC),
        is_up: true,
        ..Link::default()
    };
    let address = |change, link, of: &str| Happening::Address {
        change,
        link,
        address: of.parse().unwrap(),
    };
    let rule = |change, protocol| Happening::Rule { change, protocol };
    let other = Mac([2, 0, 0, 0, 0, 6]);
    let table = [
        (link(end()), false),
        (link(Link { is_up: false, ..end() }), true),
        (link(Link { mac: Some(other), ..end() }), true),
        (link(Link { name: "lan0".to_owned(), ..end() }), true),
        (link(Link { index: 1, is_up: false, ..end() }), false),
        (address(Change::Is, 2, "10.77.0.5"), false),
        (address(Change::Gone, 2, "10.77.0.5"), true),
        (address(Change::Gone, 2, "10.77.0.9"), false),
        (way_out(Change::Is, 2, 116), false),
        (way_out(Change::Gone, 2, 116), true),
        (way_out(Change::Is, 2, 4), true),
        (way_out(Change::Gone, 3, 4), false),
        (neighbour(Change::Is, 2, "169.254.1.1", HOST_MAC), false),
        (neighbour(Change::Is, 2, "169.254.1.1", other), true),
        (neighbour(Change::Gone, 2, "169.254.1.1", HOST_MAC), true),
        (neighbour(Change::Gone, 2, "192.0.2.1", other), false),
        (rule(Change::Is, 116), false),
        (rule(Change::Gone, 116), true),
        (rule(Change::Gone, 4), false),
    ];
    for (happening, expected) in table {
        assert_eq!(inside(&happening, &record()), expected, "{happening:?}");
    }
}

#[test]
fn an_add_on_its_way_is_its_own_business() {
    let adding = Record { state: RecordState::Adding, ..record() };
    let down = link(Link { is_up: false, ..host_end() });
    assert!(!at_host(&down, &adding));
    assert!(!inside(&down, &adding));
}
