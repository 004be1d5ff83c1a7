//! What a packet costs: printed, not asserted.
//! `cargo test -p tartan-ebpf --test packets speed -- --ignored --nocapture`

use std::net::Ipv4Addr;
use std::time::Instant;

use tartan_ebpf::{
    Dataplane, DataplaneSettings, Direction, EndpointEntry, Mark, TrialPacket,
};

use crate::craft::*;
use crate::place::{LOOPBACK, Place, own};

const REPEAT: u32 = 2_000_000;

#[test]
#[ignore = "a measure, not a check"]
fn nanoseconds_of_a_packet() {
    let place = Place::with_endpoint();
    let peer = EndpointEntry { ipv4: Some(OTHER_V4), ..own() };
    place.dataplane.put_endpoint(7, &peer).unwrap();
    let mark = Mark::Team { mask: Mark::TEAM_MASK };
    place.dataplane.set_settings(&DataplaneSettings { mark }).unwrap();
    let from = Direction::FromContainer;
    let world = v4(OWN_V4, [198, 51, 100, 1].into());
    let icmp = V6::icmp(OWN_V6, OTHER_V6, Icmp::echo()).packet();
    let arriving = ethernet(HOST_MAC, IPV4, &V4::new(OTHER_V4, OWN_V4).bytes());
    let table = [
        ("ipv4 to a container here", from, v4(OWN_V4, OTHER_V4)),
        ("ipv4 to the world", from, world),
        ("ipv6 udp", from, V6::udp(OWN_V6, OTHER_V6).packet()),
        ("ipv6 icmp", from, icmp),
        ("spoofed ipv4", from, v4(OTHER_V4, OWN_V4)),
        ("ipv4 arriving", Direction::ToContainer, arriving),
    ];
    for (name, way, bytes) in table {
        let packet = TrialPacket {
            repeat: REPEAT,
            ..TrialPacket::new(LOOPBACK, &bytes)
        };
        let trial = place.dataplane.try_packet(way, &packet).unwrap();
        eprintln!("{name}: {} ns", trial.duration.as_nanos());
    }
}

#[test]
#[ignore = "a measure, not a check"]
fn microseconds_of_an_endpoint() {
    let start = Instant::now();
    let place = Place::empty();
    eprintln!("mount, make maps, verify programs: {:?}", start.elapsed());
    let start = Instant::now();
    drop(Dataplane::open(&place.bpffs.path()).unwrap());
    eprintln!("open again: {:?}", start.elapsed());
    let entry = |index: u32| EndpointEntry {
        ipv4: Some(Ipv4Addr::from(0x0a00_0000 + index)),
        ipv6: None,
        ..own()
    };
    let start = Instant::now();
    for index in 1..=1000 {
        place.dataplane.put_endpoint(index, &entry(index)).unwrap();
    }
    eprintln!("put: {:?}", start.elapsed() / 1000);
    let start = Instant::now();
    place.dataplane.class_counters().unwrap();
    for index in 1..=1000 {
        place.dataplane.endpoint_counters(index).unwrap();
    }
    eprintln!("read counters: {:?}", start.elapsed() / 1000);
    let start = Instant::now();
    for index in 1..=1000 {
        place.dataplane.remove_endpoint(index).unwrap();
    }
    eprintln!("remove: {:?}", start.elapsed() / 1000);
}
