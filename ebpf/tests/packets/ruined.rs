//! Packets that were cut off, bent or made of noise: nothing of them passes
//! whose source was not checked, and each is counted.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tartan_ebpf::Direction;

use crate::craft::*;
use crate::place::Outcome::{self, Passes};
use crate::place::Place;

/// Linux 6.18 tries no packet without its Ethernet and fixed IP header; what
/// is shorter is sent over a wire (`tests/wire`).
fn shortest(packet: &[u8]) -> usize {
    match packet[12..14] {
        [0x08, 0x00] => 14 + 20,
        [0x86, 0xdd] => 14 + 40,
        _ => 14 + 1,
    }
}

fn whole_packets() -> Vec<Vec<u8>> {
    let na = Icmp::neighbour(136, OWN_V6).naming(2, OWN_MAC);
    let ns = Icmp::neighbour(135, OTHER_V6).naming(1, OWN_MAC);
    let with_options = V4 { options: vec![1; 12], ..V4::new(OWN_V4, OTHER_V4) };
    let bare = [0; 6];
    vec![
        v4(OWN_V4, OTHER_V4),
        ethernet(OWN_MAC, IPV4, &with_options.bytes()),
        Arp::request((OWN_MAC, OWN_V4), OTHER_V4).packet(),
        V6::udp(OWN_V6, OTHER_V6).packet(),
        V6::icmp(OWN_V6, ALL_NODES, na).packet(),
        V6::icmp(OWN_V6, SOLICITED, ns).behind(DESTINATION, bare).packet(),
        V6::udp(OWN_V6, OTHER_V6)
            .behind(DESTINATION, bare)
            .fragment(0, 1)
            .behind(HOP_BY_HOP, bare)
            .packet(),
    ]
}

#[test]
fn a_packet_cut_off_anywhere_is_dropped_and_counted() {
    let place = Place::with_endpoint();
    for packet in whole_packets() {
        let name = format!("whole, {} bytes", packet.len());
        let way = Direction::FromContainer;
        place.expect(way, (&name, &packet), Passes);
        for length in shortest(&packet)..packet.len() {
            for way in Direction::ALL {
                let outcome = place.outcome(way, &packet[..length]);
                assert_ne!(outcome, Passes, "{length} of {packet:x?}");
            }
        }
    }
}

/// A passed packet has the own MAC, and the own address where its kind has
/// one, whatever the rest is.
fn may_pass(packet: &[u8]) -> bool {
    let at = |from: usize, octets: &[u8]| packet[from..].starts_with(octets);
    let own_mac = at(6, &OWN_MAC);
    let discovery = at(22, &OWN_LINK_LOCAL.octets()) || at(22, &[0; 16]);
    own_mac
        && match packet[12..14] {
            [0x08, 0x00] => at(26, &OWN_V4.octets()),
            [0x08, 0x06] => {
                at(22, &OWN_MAC)
                    && (at(28, &OWN_V4.octets())
                        || (at(28, &[0; 4]) && at(38, &OWN_V4.octets())))
            }
            [0x86, 0xdd] => at(22, &OWN_V6.octets()) || discovery,
            _ => false,
        }
}

/// A whole packet in which some bytes are others.
fn bent() -> impl Strategy<Value = Vec<u8>> {
    let whole = proptest::sample::select(whole_packets());
    let bends = proptest::collection::vec((any::<u16>(), any::<u8>()), 1..6);
    (whole, bends).prop_map(|(mut packet, bends)| {
        for (place, value) in bends {
            let index = usize::from(place) % packet.len();
            packet[index] = value;
        }
        packet
    })
}

/// Noise behind a MAC that is right and a type that is known.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let kind = proptest::sample::select(vec![IPV4, ARP, IPV6, VLAN, 0x1234]);
    let payload = proptest::collection::vec(any::<u8>(), 40..200);
    (kind, payload)
        .prop_map(|(kind, payload)| ethernet(OWN_MAC, kind, &payload))
}

fn passes_only_checked(packets: impl Strategy<Value = Vec<u8>>) {
    let place = Place::with_endpoint();
    let config =
        Config { cases: 1000, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&packets, |packet| {
            let outcome: Outcome =
                place.outcome(Direction::FromContainer, &packet);
            prop_assert!(outcome != Passes || may_pass(&packet));
            place.outcome(Direction::ToContainer, &packet);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_bent_packet_passes_only_with_the_own_source() {
    passes_only_checked(bent());
}

#[test]
fn noise_passes_only_with_the_own_source() {
    passes_only_checked(noise());
}
