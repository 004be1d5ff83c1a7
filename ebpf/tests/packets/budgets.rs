//! Full maps: refused with a word that says so, counted elsewhere, never lost
//! silently.

use std::net::{IpAddr, Ipv4Addr};

use tartan_ebpf::{
    Direction, EndpointEntry, MapError, Traffic, TrialPacket, Verdict,
};
use tartan_model::ClassId;

use crate::craft::*;
use crate::place::{LOOPBACK, Place, own};

/// `MAX_ENDPOINTS` and `MAX_CLASS_PAIRS` of `bpf/maps.h`.
const ENDPOINTS: u32 = 8_192;
const CLASS_PAIRS: u32 = 32_768;

fn nth(index: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a00_0000 + index)
}

#[test]
fn one_endpoint_too_many_is_refused_and_nothing_is_changed() {
    let place = Place::with_endpoint();
    let entry =
        |index| EndpointEntry { ipv4: Some(nth(index)), ipv6: None, ..own() };
    for ifindex in 2..=ENDPOINTS {
        place.dataplane.put_endpoint(ifindex, &entry(ifindex)).unwrap();
    }
    let refused = place.dataplane.put_endpoint(99_999, &entry(99_999));
    let Err(MapError::Full { map, capacity }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((map, capacity), ("endpoint_traffic", ENDPOINTS));
    assert_eq!(place.dataplane.endpoints().unwrap().len(), 8_192);
    assert_eq!(place.dataplane.endpoint(99_999).unwrap(), None);
    assert_eq!(place.dataplane.remove_stray_addresses().unwrap(), 0);

    place.dataplane.put_endpoint(9, &entry(9)).expect("told anew");
    place.dataplane.remove_endpoint(9).unwrap();
    place.dataplane.put_endpoint(99_999, &entry(99_999)).expect("room again");
}

#[test]
fn pairs_of_classes_beyond_the_budget_are_counted_together() {
    let place = Place::with_endpoint();
    let beyond = 10;
    let known: Vec<(IpAddr, _)> = (0..CLASS_PAIRS + beyond)
        .map(|it| (nth(it).into(), ClassId::from_bits(0x1000_0000 + it)))
        .collect();
    place.dataplane.set_known_addresses(&known).unwrap();
    let way = Direction::FromContainer;
    let mut bytes = 0;
    for index in 0..CLASS_PAIRS + beyond {
        let packet = v4(OWN_V4, nth(index));
        bytes = packet.len() as u64;
        let trial = TrialPacket::new(LOOPBACK, &packet);
        let trial = place.dataplane.try_packet(way, &trial).unwrap();
        assert_eq!(trial.verdict, Verdict::Passed);
    }
    let counted = place.dataplane.class_counters().unwrap();
    assert_eq!(counted.len(), 32_768);
    let packets = u64::from(beyond);
    assert_eq!(
        place.dataplane.uncounted_classes(way).unwrap(),
        Traffic { packets, bytes: packets * bytes }
    );
    let endpoint = place.dataplane.endpoint_counters(LOOPBACK).unwrap();
    let all = u64::from(CLASS_PAIRS + beyond);
    assert_eq!(endpoint.unwrap().passed(way).packets, all);
}

#[test]
fn more_known_addresses_than_fit_are_refused_at_once() {
    let place = Place::with_endpoint();
    let too_many: Vec<(IpAddr, _)> =
        (0..=65_536).map(|it| (nth(it).into(), ClassId::HOST)).collect();
    let refused = place.dataplane.set_known_addresses(&too_many);
    assert!(matches!(refused, Err(MapError::Full { .. })), "{refused:?}");
}
