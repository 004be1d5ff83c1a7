//! What is written on a packet and in the counters when it passes.

use std::net::{IpAddr, Ipv4Addr};

use tartan_ebpf::{
    ClassCount, DataplaneSettings, Direction, EndpointEntry, Mark, Traffic,
    TrialPacket, Verdict,
};
use tartan_model::{ClassId, Generation, Mac};

use crate::craft::*;
use crate::place::{LOOPBACK, Place, class, own};

const WORLD_V4: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

fn mark_after(place: &Place, direction: Direction, packet: &[u8]) -> u32 {
    let packet =
        TrialPacket { mark: 0x0000_4321, ..TrialPacket::new(LOOPBACK, packet) };
    place.dataplane.try_packet(direction, &packet).unwrap().mark
}

#[test]
fn a_packet_is_marked_with_the_class_as_configured() {
    let place = Place::with_endpoint();
    let packet = v4(OWN_V4, OTHER_V4);
    let table = [
        (Mark::Off, 0x0000_4321),
        (Mark::Team { mask: Mark::TEAM_MASK }, 0x102a_4321),
        (Mark::Team { mask: 0x0fff_0000 }, 0x002a_4321),
        (Mark::Full, 0x102a_0007),
    ];
    assert_eq!(
        mark_after(&place, Direction::FromContainer, &packet),
        0x0000_4321,
        "untouched before anybody said otherwise"
    );
    for (mark, expected) in table {
        place.dataplane.set_settings(&DataplaneSettings { mark }).unwrap();
        let after = mark_after(&place, Direction::FromContainer, &packet);
        assert_eq!(after, expected, "{mark:?}");
    }
    let arriving = ethernet(HOST_MAC, IPV4, &V4::new(OTHER_V4, OWN_V4).bytes());
    let after = mark_after(&place, Direction::ToContainer, &arriving);
    assert_eq!(after, 0x0000_4321, "an arriving packet keeps its mark");
}

fn counted(place: &Place) -> Vec<(ClassId, Direction, Verdict, u64)> {
    let all = place.dataplane.class_counters().unwrap();
    assert!(all.iter().all(|count| count.local == own().class));
    let short = |it: &ClassCount| {
        (it.peer, it.direction, it.verdict, it.traffic.packets)
    };
    all.iter().map(short).collect()
}

#[test]
fn the_peer_is_counted_by_its_class() {
    let place = Place::with_endpoint();
    let other = EndpointEntry {
        limit_class: None,
        class: class("102b:0003"),
        generation: Generation(2),
        ipv4: Some(OTHER_V4),
        ipv6: Some(OTHER_V6),
        mac: Mac(OTHER_MAC),
    };
    place.dataplane.put_endpoint(7, &other).unwrap();
    let host: IpAddr = [203, 0, 113, 1].into();
    let known = [(host, ClassId::HOST)];
    place.dataplane.set_known_addresses(&known).unwrap();

    let from = Direction::FromContainer;
    let packets = [
        v4(OWN_V4, OTHER_V4),
        V6::udp(OWN_V6, OTHER_V6).packet(),
        v4(OWN_V4, WORLD_V4),
        v4(OWN_V4, [203, 0, 113, 1].into()),
        Arp::request((OWN_MAC, OWN_V4), OTHER_V4).packet(),
        v4(OTHER_V4, WORLD_V4),
    ];
    for packet in packets {
        place.try_packet(from, &packet);
    }
    let arriving = ethernet(HOST_MAC, IPV4, &V4::new(OTHER_V4, OWN_V4).bytes());
    let to = Direction::ToContainer;
    place.try_packet(to, &arriving);

    let expected = vec![
        (ClassId::UNKNOWN, from, Verdict::Dropped, 1),
        (ClassId::HOST, from, Verdict::Passed, 2),
        (ClassId::WORLD, from, Verdict::Passed, 1),
        (other.class, from, Verdict::Passed, 2),
        (other.class, to, Verdict::Passed, 1),
    ];
    assert_eq!(counted(&place), expected);

    place.dataplane.set_known_addresses(&[]).unwrap();
    place.try_packet(from, &v4(OWN_V4, [203, 0, 113, 1].into()));
    let to_world = (ClassId::WORLD, from, Verdict::Passed, 2);
    assert!(counted(&place).contains(&to_world), "no longer the host's");
}

#[test]
fn a_packet_to_be_segmented_counts_as_its_segments() {
    let mut bytes = v4(OWN_V4, OTHER_V4);
    bytes.resize(14 + 28 + 3000, 0);
    bytes[16..18].copy_from_slice(&3028u16.to_be_bytes());
    let said_and_counted = [(3, 3), (1, 1), (0, 4)];
    for (segments, packets) in said_and_counted {
        let place = Place::with_endpoint();
        let packet = TrialPacket {
            segments,
            segment_bytes: 1000,
            ..TrialPacket::new(LOOPBACK, &bytes)
        };
        let way = Direction::FromContainer;
        let trial = place.dataplane.try_packet(way, &packet).unwrap();

        assert_eq!(trial.verdict, Verdict::Passed);
        let counters = place.dataplane.endpoint_counters(LOOPBACK).unwrap();
        let expected = Traffic { packets, bytes: 3042 };
        assert_eq!(counters.unwrap().passed(way), expected, "{segments}");
        let classes = place.dataplane.class_counters().unwrap();
        assert_eq!(classes[0].traffic, expected, "{segments}");
    }
}

#[test]
fn the_programs_can_be_shared_by_threads() {
    let place = Place::with_endpoint();
    std::thread::scope(|scope| {
        for index in 0..4u32 {
            let dataplane = &place.dataplane;
            scope.spawn(move || {
                for round in 0..50u32 {
                    let ifindex = 100 + index * 100 + round;
                    let ipv4 = Some(Ipv4Addr::from(0x0a00_0000 + ifindex));
                    let entry = EndpointEntry { ipv4, ipv6: None, ..own() };
                    dataplane.put_endpoint(ifindex, &entry).unwrap();
                    dataplane.class_counters().unwrap();
                    dataplane.remove_endpoint(ifindex).unwrap();
                }
            });
        }
    });
    assert_eq!(place.dataplane.endpoints().unwrap(), [(LOOPBACK, own())]);
}
