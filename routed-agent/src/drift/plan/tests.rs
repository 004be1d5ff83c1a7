//! Each thing that differs is told by its kind.

use std::net::IpAddr;

use tartan_model::Mac;

use super::{host_side, inside_side};
use crate::attach::wire::{BLOCKS, GROUP_LIVE, HOST_MAC};
use crate::drift::desired::{HostSide, InsideSide};
use crate::drift::kind::Kind;

const MAC: Mac = Mac([2, 0, 0, 0, 0, 5]);

fn address() -> IpAddr {
    "10.77.0.5".parse().unwrap()
}

fn host() -> HostSide {
    HostSide {
        name: "tt5".to_owned(),
        is_named: true,
        is_up: true,
        mtu: 1500,
        mac: Some(HOST_MAC),
        group: GROUP_LIVE,
        blocks: Some(BLOCKS),
        entry: None,
        routes: [(address(), Some((7, 116)))].into(),
        neighbours: [(address(), Some(MAC))].into(),
    }
}

fn container() -> InsideSide {
    InsideSide {
        name: "eth0".to_owned(),
        is_up: true,
        mac: Some(MAC),
        addresses: [address()].into(),
        ways_out: [address()].into(),
        gateways: [(address(), Some(HOST_MAC))].into(),
    }
}

#[test]
fn what_is_as_it_should_be_is_left_alone() {
    assert!(host_side(&host(), &host()).is_empty());
    assert!(inside_side(&container(), &container()).is_empty());
}

#[test]
fn each_thing_on_the_host_is_told_by_its_kind() {
    let table = [
        (HostSide { is_up: false, ..host() }, Kind::HostLink),
        (HostSide { mtu: 1400, ..host() }, Kind::HostLinkMtu),
        (HostSide { mac: Some(MAC), ..host() }, Kind::HostLinkMac),
        (HostSide { is_named: false, ..host() }, Kind::HostLinkAltName),
        (HostSide { group: 0, ..host() }, Kind::HostLinkGroup),
        (HostSide { name: "lost".to_owned(), ..host() }, Kind::HostLinkName),
        (HostSide { blocks: None, ..host() }, Kind::Qdisc),
        (
            HostSide { routes: [(address(), None)].into(), ..host() },
            Kind::HostRoute,
        ),
        (
            HostSide { routes: [(address(), Some((1, 4)))].into(), ..host() },
            Kind::HostRoute,
        ),
        (
            HostSide { neighbours: [(address(), None)].into(), ..host() },
            Kind::HostNeighbour,
        ),
    ];
    for (found, expected) in table {
        let kinds: Vec<_> =
            host_side(&found, &host()).iter().map(|d| d.kind).collect();
        assert_eq!(kinds, [expected], "{found:?}");
    }
}

#[test]
fn each_thing_in_the_container_is_told_by_its_kind() {
    let none = || [].into();
    let table = [
        (InsideSide { is_up: false, ..container() }, Kind::InsideLink),
        (InsideSide { mac: Some(HOST_MAC), ..container() }, Kind::InsideMac),
        (
            InsideSide { name: "lan0".to_owned(), ..container() },
            Kind::InsideName,
        ),
        (InsideSide { addresses: none(), ..container() }, Kind::InsideAddress),
        (InsideSide { ways_out: none(), ..container() }, Kind::InsideRoute),
        (
            InsideSide { gateways: [].into(), ..container() },
            Kind::InsideNeighbour,
        ),
    ];
    for (found, expected) in table {
        let kinds: Vec<_> =
            inside_side(&found, &container()).iter().map(|d| d.kind).collect();
        assert_eq!(kinds, [expected], "{found:?}");
    }
}

#[test]
fn of_an_interface_that_is_down_what_went_with_it_is_not_told() {
    let found = InsideSide {
        is_up: false,
        ways_out: [].into(),
        gateways: [].into(),
        ..container()
    };
    let all = inside_side(&found, &container());
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].kind, Kind::InsideLink);
}
