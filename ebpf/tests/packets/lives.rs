//! Endpoints come and go, agents too; what must stay stays.

use std::net::Ipv4Addr;

use tartan_ebpf::{
    Dataplane, DataplaneSettings, Direction, DropReason, EndpointEntry, Mark,
    OpenError, TrialPacket, Verdict,
};
use tartan_model::Generation;
use tempfile::TempDir;

use crate::craft::*;
use crate::place::Outcome::{Drops, Passes};
use crate::place::{LOOPBACK, Place, own};

const WAY: Direction = Direction::FromContainer;

#[test]
fn no_packet_passes_before_the_endpoint_is_there_nor_after_it_went() {
    let place = Place::empty();
    let packet = v4(OWN_V4, OTHER_V4);
    let arriving = ethernet(HOST_MAC, IPV4, &V4::new(OTHER_V4, OWN_V4).bytes());
    let unknown = Drops(DropReason::NoEndpoint);

    place.expect(WAY, ("before", &packet), unknown);
    place.expect(Direction::ToContainer, ("before", &arriving), unknown);
    place.dataplane.put_endpoint(LOOPBACK, &own()).unwrap();
    place.expect(WAY, ("there", &packet), Passes);
    place.expect(Direction::ToContainer, ("there", &arriving), Passes);
    place.dataplane.remove_endpoint(LOOPBACK).unwrap();
    assert_eq!(place.dataplane.endpoint_counters(LOOPBACK).unwrap(), None);
    assert_eq!(place.dataplane.endpoints().unwrap(), []);
    let trial = place.try_packet(WAY, &packet);
    assert_eq!(trial.verdict, Verdict::Dropped, "after");
    place.dataplane.remove_endpoint(LOOPBACK).expect("absent is success");
}

#[test]
fn an_endpoint_of_one_family_may_not_use_the_other() {
    let place = Place::empty();
    let spoofed = Drops(DropReason::SpoofedAddress);
    let nobody_v4 = v4(Ipv4Addr::UNSPECIFIED, OTHER_V4);
    let nobody_v6 = V6::udp(NOBODY, OTHER_V6).packet();
    let arp = Arp::request((OWN_MAC, Ipv4Addr::UNSPECIFIED), OTHER_V4).packet();

    let only_v6 = EndpointEntry { ipv4: None, ..own() };
    place.dataplane.put_endpoint(LOOPBACK, &only_v6).unwrap();
    place.expect(WAY, ("IPv4", &v4(OWN_V4, OTHER_V4)), spoofed);
    place.expect(WAY, ("IPv4 of nobody", &nobody_v4), spoofed);
    place.expect(WAY, ("ARP", &arp), Drops(DropReason::SpoofedArp));

    let only_v4 = EndpointEntry { ipv6: None, ..own() };
    place.dataplane.put_endpoint(LOOPBACK, &only_v4).unwrap();
    let own_v6 = V6::udp(OWN_V6, OTHER_V6).packet();
    place.expect(WAY, ("IPv6", &own_v6), spoofed);
    place.expect(WAY, ("IPv6 of nobody", &nobody_v6), spoofed);
}

#[test]
fn an_agent_that_returns_finds_endpoints_counters_and_settings() {
    let Place { dataplane, bpffs } = Place::with_endpoint();
    let mark = Mark::Full;
    dataplane.set_settings(&DataplaneSettings { mark }).unwrap();
    let packet = v4(OWN_V4, OTHER_V4);
    let tried = TrialPacket::new(LOOPBACK, &packet);
    dataplane.try_packet(WAY, &tried).unwrap();
    let first = dataplane.identity(WAY);
    drop(dataplane);

    let again = Dataplane::open(&bpffs.path()).unwrap();
    assert_eq!(again.endpoints().unwrap(), [(LOOPBACK, own())]);
    again.put_endpoint(LOOPBACK, &own()).unwrap();
    let trial = again.try_packet(WAY, &tried).unwrap();
    assert_eq!((trial.verdict, trial.mark), (Verdict::Passed, 0x102a_0007));
    let counters = again.endpoint_counters(LOOPBACK).unwrap().unwrap();
    assert_eq!(counters.passed(WAY).packets, 2);
    assert_eq!(again.identity(WAY).tag, first.tag);
}

#[test]
fn two_directories_are_two_dataplanes() {
    let place = Place::with_endpoint();
    let other = Place::empty();
    assert_eq!(other.dataplane.endpoints().unwrap(), []);
    let packet = v4(OWN_V4, OTHER_V4);
    other.expect(WAY, ("the other", &packet), Drops(DropReason::NoEndpoint));
    place.expect(WAY, ("the one", &packet), Passes);
}

#[test]
fn a_number_used_again_starts_counting_anew() {
    let place = Place::with_endpoint();
    place.try_packet(WAY, &v4(OWN_V4, OTHER_V4));
    let next = EndpointEntry { generation: Generation(2), ..own() };
    place.dataplane.put_endpoint(LOOPBACK, &next).unwrap();
    let counters = place.dataplane.endpoint_counters(LOOPBACK).unwrap();
    assert_eq!(counters.unwrap().passed(WAY).packets, 0);
}

/// What the programs take `OTHER_V4` for, seen from our endpoint.
fn peer_class(place: &Place) -> String {
    place.try_packet(WAY, &v4(OWN_V4, OTHER_V4));
    let mut all = place.dataplane.class_counters().unwrap();
    all.retain(|count| count.verdict == Verdict::Passed);
    let seen = all.iter().max_by_key(|count| count.traffic.packets).unwrap();
    seen.peer.to_string()
}

#[test]
fn an_address_that_moved_is_not_taken_from_its_new_owner() {
    let place = Place::with_endpoint();
    let other = |class: &str| EndpointEntry {
        class: class.parse().unwrap(),
        ipv4: Some(OTHER_V4),
        ipv6: None,
        ..own()
    };
    place.dataplane.put_endpoint(8, &other("1001:0001")).unwrap();
    place.dataplane.put_endpoint(9, &other("1002:0001")).unwrap();
    place.dataplane.remove_endpoint(8).unwrap();
    assert_eq!(peer_class(&place), "1002:0001");
    assert_eq!(place.dataplane.remove_stray_addresses().unwrap(), 0);
}

#[test]
fn an_endpoint_told_anew_leaves_its_old_address() {
    let place = Place::with_endpoint();
    let moved = EndpointEntry { ipv4: Some(OTHER_V4), ..own() };
    place.dataplane.put_endpoint(LOOPBACK, &moved).unwrap();
    let spoofed = Drops(DropReason::SpoofedAddress);
    place.expect(WAY, ("old", &v4(OWN_V4, OTHER_V4)), spoofed);
    place.expect(WAY, ("new", &v4(OTHER_V4, OWN_V4)), Passes);
    let peers = place.dataplane.class_counters().unwrap();
    let world = peers.iter().any(|it| it.peer.reserved_name() == Some("world"));
    assert!(world, "nobody has the old address: {peers:?}");
}

#[test]
fn a_directory_that_is_no_bpf_file_system_is_refused_with_advice() {
    let dir = TempDir::new().unwrap();
    let error = Dataplane::open(dir.path()).err().expect("refused");
    assert!(matches!(error, OpenError::NotBpffs { .. }));
    assert!(error.to_string().contains("mount -t bpf"), "{error}");
}

#[test]
fn a_directory_below_a_bpf_file_system_needs_no_mount_of_its_own() {
    let place = Place::empty();
    let below = place.bpffs.path().join("team/host");
    tartan_ebpf::ensure_bpffs(&below).unwrap();
    tartan_ebpf::ensure_bpffs(&below).expect("twice is once");
    Dataplane::open(&below).unwrap();
}
