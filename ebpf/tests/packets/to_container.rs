//! What reaches a container: only what is addressed to it.

use std::net::{Ipv4Addr, Ipv6Addr};

use tartan_ebpf::{Direction, DropReason};

use crate::craft::*;
use crate::place::Outcome::{self, Drops, Passes};
use crate::place::Place;

const MULTICAST: Outcome = Drops(DropReason::Multicast);
const WRONG: Outcome = Drops(DropReason::WrongDestination);

fn holds(table: Vec<(&'static str, Vec<u8>, Outcome)>) {
    let place = Place::with_endpoint();
    for (name, packet, expected) in table {
        let named = (name, packet.as_slice());
        place.expect(Direction::ToContainer, named, expected);
    }
}

#[test]
fn an_ipv4_packet_is_for_the_own_address() {
    let to = |destination: Ipv4Addr| {
        let packet = V4::new([198, 51, 100, 1].into(), destination);
        ethernet(HOST_MAC, IPV4, &packet.bytes())
    };
    let later = V4 { fragment: 16, ..V4::new(OTHER_V4, OWN_V4) };
    let mut short = to(OWN_V4);
    short.truncate(40);
    holds(vec![
        ("own", to(OWN_V4), Passes),
        ("later fragment", ethernet(HOST_MAC, IPV4, &later.bytes()), Passes),
        ("another's", to(OTHER_V4), WRONG),
        ("nobody's", to([0; 4].into()), WRONG),
        ("broadcast", to([255; 4].into()), MULTICAST),
        ("group", to([224, 0, 0, 1].into()), MULTICAST),
        ("last group", to([239, 255, 255, 255].into()), MULTICAST),
        ("class E", to([240, 0, 0, 1].into()), WRONG),
        ("cut off", short, Drops(DropReason::Malformed)),
    ]);
}

#[test]
fn arp_asks_for_the_own_address() {
    let host = (HOST_MAC, Ipv4Addr::new(169, 254, 1, 1));
    let to = |arp: Arp| ethernet(HOST_MAC, ARP, &arp.bytes());
    holds(vec![
        ("request", to(Arp::request(host, OWN_V4)), Passes),
        ("reply", to(Arp::reply(host, OWN_V4)), Passes),
        ("for another", to(Arp::request(host, OTHER_V4)), WRONG),
        ("announcement", to(Arp::request(host, host.1)), WRONG),
    ]);
}

#[test]
fn an_ipv6_packet_is_for_the_own_addresses() {
    let to = |destination: Ipv6Addr| {
        ethernet(HOST_MAC, IPV6, &V6::udp(OTHER_V6, destination).bytes())
    };
    holds(vec![
        ("own", to(OWN_V6), Passes),
        ("own link-local", to(OWN_LINK_LOCAL), Passes),
        ("another's", to(OTHER_V6), WRONG),
        ("another's link-local", to(OTHER_LINK_LOCAL), WRONG),
        ("nobody's", to(NOBODY), WRONG),
        ("all nodes", to(ALL_NODES), MULTICAST),
    ]);
}

#[test]
fn of_multicast_only_solicitations_of_the_own_addresses_arrive() {
    let from_host = |icmp| V6::icmp(OTHER_LINK_LOCAL, SOLICITED, icmp);
    let framed = |packet: V6| ethernet(HOST_MAC, IPV6, &packet.bytes());
    let ns =
        |target| from_host(Icmp::neighbour(135, target).naming(1, HOST_MAC));
    let na = from_host(Icmp::neighbour(136, OWN_V6));
    let ra = from_host(Icmp::new(134, &[0; 12]));
    let unicast = V6 { destination: OWN_V6, ..ns(OWN_V6) };
    holds(vec![
        ("solicitation", framed(ns(OWN_V6)), Passes),
        ("of the link-local", framed(ns(OWN_LINK_LOCAL)), Passes),
        ("unicast solicitation", framed(unicast), Passes),
        ("of another's", framed(ns(OTHER_V6)), MULTICAST),
        ("from afar", framed(ns(OWN_V6).hops(64)), MULTICAST),
        ("in fragments", framed(ns(OWN_V6).fragment(0, 1)), MULTICAST),
        ("advertisement", framed(na), MULTICAST),
        ("router advertisement", framed(ra), MULTICAST),
    ]);
}

#[test]
fn other_protocols_do_not_arrive() {
    let inner = V4::new(OTHER_V4, OWN_V4).bytes();
    let tag = [&[0, 5, 8, 0][..], &inner].concat();
    holds(vec![
        (
            "LLDP",
            ethernet(HOST_MAC, 0x88cc, &inner),
            Drops(DropReason::UnknownProtocol),
        ),
        (
            "802.1Q",
            ethernet(HOST_MAC, VLAN, &tag),
            Drops(DropReason::Unsupported),
        ),
    ]);
}
