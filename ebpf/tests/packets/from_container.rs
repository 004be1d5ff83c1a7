//! What a container may say: only what is its own, in each protocol.

use tartan_ebpf::{Direction, DropReason};

use crate::craft::*;
use crate::place::Outcome::{self, Drops, Passes};
use crate::place::Place;

type Table = Vec<(&'static str, Vec<u8>, Outcome)>;

fn holds(table: Table) {
    let place = Place::with_endpoint();
    for (name, packet, expected) in table {
        let named = (name, packet.as_slice());
        place.expect(Direction::FromContainer, named, expected);
    }
}

#[test]
fn an_ipv4_packet_carries_the_own_address_and_mac() {
    const SPOOFED: Outcome = Drops(DropReason::SpoofedAddress);
    let v4_by =
        |mac, source| ethernet(mac, IPV4, &V4::new(source, OTHER_V4).bytes());
    let mac = Drops(DropReason::SpoofedMac);
    holds(vec![
        ("own", v4(OWN_V4, OTHER_V4), Passes),
        ("to the world", v4(OWN_V4, [198, 51, 100, 1].into()), Passes),
        ("to a group", v4(OWN_V4, [224, 0, 0, 251].into()), Passes),
        ("to everybody", v4(OWN_V4, [255; 4].into()), Passes),
        ("another's", v4(OTHER_V4, OWN_V4), SPOOFED),
        ("nobody's", v4([0; 4].into(), [255; 4].into()), SPOOFED),
        ("loopback", v4([127, 0, 0, 1].into(), OTHER_V4), SPOOFED),
        ("a group's", v4([224, 0, 0, 1].into(), OTHER_V4), SPOOFED),
        ("own by another MAC", v4_by(OTHER_MAC, OWN_V4), mac),
        ("another's by another MAC", v4_by(OTHER_MAC, OTHER_V4), mac),
        ("own by the host's MAC", v4_by(HOST_MAC, OWN_V4), mac),
    ]);
}

#[test]
fn an_ipv4_header_may_have_options_and_be_a_fragment() {
    let with = |change: fn(&mut V4)| {
        let mut packet = V4::new(OWN_V4, OTHER_V4);
        change(&mut packet);
        ethernet(OWN_MAC, IPV4, &packet.bytes())
    };
    let spoofed_fragment = |fragment| {
        let packet = V4 { fragment, ..V4::new(OTHER_V4, OWN_V4) };
        ethernet(OWN_MAC, IPV4, &packet.bytes())
    };
    let spoofed = Drops(DropReason::SpoofedAddress);
    holds(vec![
        ("4 bytes", with(|p| p.options = vec![1; 4]), Passes),
        ("40 bytes", with(|p| p.options = vec![1; 40]), Passes),
        ("first fragment", with(|p| p.fragment = 0x2000), Passes),
        ("later fragment", with(|p| p.fragment = 0x2010), Passes),
        ("last fragment", with(|p| p.fragment = 0x0010), Passes),
        ("must not be one", with(|p| p.fragment = 0x4000), Passes),
        ("sctp", with(|p| p.protocol = 132), Passes),
        ("spoofed first fragment", spoofed_fragment(0x2000), spoofed),
        ("spoofed later fragment", spoofed_fragment(0x0010), spoofed),
    ]);
}

#[test]
fn an_ipv4_header_that_contradicts_itself_is_malformed() {
    let with = |offset: usize, value: u8| {
        let mut bytes = V4::new(OWN_V4, OTHER_V4).bytes();
        bytes[offset] = value;
        ethernet(OWN_MAC, IPV4, &bytes)
    };
    let malformed = Drops(DropReason::Malformed);
    let mut padded = v4(OWN_V4, OTHER_V4);
    padded.resize(60, 0);
    holds(vec![
        ("version 6", with(0, 0x65), malformed),
        ("version 0", with(0, 0x05), malformed),
        ("header of 16 bytes", with(0, 0x44), malformed),
        ("header of 0 bytes", with(0, 0x40), malformed),
        ("header beyond the packet", with(0, 0x4f), malformed),
        ("shorter than its header", with(3, 19), malformed),
        ("length 0", with(3, 0), malformed),
        ("longer than the packet", with(3, 29), malformed),
        ("shorter than the packet", with(3, 27), Passes),
        ("padded to 60 bytes", padded, Passes),
        ("for 127.0.0.1", v4(OWN_V4, [127, 0, 0, 1].into()), malformed),
        ("for 127.9.9.9", v4(OWN_V4, [127, 9, 9, 9].into()), malformed),
        ("for 128.0.0.1", v4(OWN_V4, [128, 0, 0, 1].into()), Passes),
    ]);
}

#[test]
fn arp_speaks_for_the_own_address_and_mac() {
    let own = (OWN_MAC, OWN_V4);
    let spoofed = Drops(DropReason::SpoofedArp);
    let request = |sender, target| Arp::request(sender, target).packet();
    let reply = |sender| Arp::reply(sender, OTHER_V4).packet();
    let probe = (OWN_MAC, [0, 0, 0, 0].into());
    let operation =
        |operation| Arp { operation, ..Arp::request(own, OTHER_V4) }.packet();
    let by_another = |arp: Arp| ethernet(OTHER_MAC, ARP, &arp.bytes());
    holds(vec![
        ("request", request(own, OTHER_V4), Passes),
        ("announcement", request(own, OWN_V4), Passes),
        ("reply", reply(own), Passes),
        ("probe for the own", request(probe, OWN_V4), Passes),
        ("probe for another", request(probe, OTHER_V4), spoofed),
        ("reply of nobody", reply(probe), spoofed),
        ("other sender", request((OWN_MAC, OTHER_V4), OWN_V4), spoofed),
        ("other MAC within", request((OTHER_MAC, OWN_V4), OTHER_V4), spoofed),
        ("reply for another", reply((OWN_MAC, OTHER_V4)), spoofed),
        ("reply with other MAC", reply((OTHER_MAC, OWN_V4)), spoofed),
        ("RARP", operation(3), spoofed),
        ("operation 0", operation(0), spoofed),
        (
            "other MAC without",
            by_another(Arp::request(own, OTHER_V4)),
            Drops(DropReason::SpoofedMac),
        ),
    ]);
}

#[test]
fn arp_of_other_kinds_is_malformed() {
    let with = |offset: usize, value: u8| {
        let mut bytes = Arp::request((OWN_MAC, OWN_V4), OTHER_V4).bytes();
        bytes[offset] = value;
        ethernet(OWN_MAC, ARP, &bytes)
    };
    let malformed = Drops(DropReason::Malformed);
    holds(vec![
        ("other hardware", with(1, 6), malformed),
        ("other protocol", with(3, 6), malformed),
        ("longer hardware address", with(4, 8), malformed),
        ("longer protocol address", with(5, 16), malformed),
    ]);
}

#[test]
fn an_ipv6_packet_carries_the_own_address() {
    let spoofed = Drops(DropReason::SpoofedAddress);
    let udp = |source| V6::udp(source, OTHER_V6).packet();
    let echo = |source| V6::icmp(source, OTHER_V6, Icmp::echo()).packet();
    let mapped = OWN_V4.to_ipv6_mapped();
    let by_another =
        ethernet(OTHER_MAC, IPV6, &V6::udp(OWN_V6, OTHER_V6).bytes());
    holds(vec![
        ("own", udp(OWN_V6), Passes),
        ("own ping", echo(OWN_V6), Passes),
        ("to a group", V6::udp(OWN_V6, ALL_NODES).packet(), Passes),
        ("another's", udp(OTHER_V6), spoofed),
        ("another's ping", echo(OTHER_V6), spoofed),
        ("nobody's", udp(NOBODY), spoofed),
        ("link-local", udp(OWN_LINK_LOCAL), spoofed),
        ("link-local ping", echo(OWN_LINK_LOCAL), spoofed),
        ("own IPv4, mapped", udp(mapped), spoofed),
        ("another MAC", by_another, Drops(DropReason::SpoofedMac)),
    ]);
}

#[test]
fn neighbour_solicitations_come_from_the_own_addresses() {
    let target = OTHER_LINK_LOCAL;
    let ns = || Icmp::neighbour(135, target);
    let packet = |source, icmp| V6::icmp(source, SOLICITED, icmp).packet();
    let spoofed = Drops(DropReason::SpoofedNd);
    let by_other = Drops(DropReason::SpoofedAddress);
    let dad = |target| packet(NOBODY, Icmp::neighbour(135, target));
    let from = |source| packet(source, ns().naming(1, OWN_MAC));
    let lie = packet(OWN_V6, ns().naming(1, OTHER_MAC));
    let two = ns().naming(1, OWN_MAC).naming(1, OTHER_MAC);
    let named_dad = Icmp::neighbour(135, OWN_V6).naming(1, OWN_MAC);
    let far = V6::icmp(OWN_V6, SOLICITED, ns()).hops(64).packet();
    holds(vec![
        ("from the own address", from(OWN_V6), Passes),
        ("from the own link-local", from(OWN_LINK_LOCAL), Passes),
        ("naming nobody", packet(OWN_V6, ns()), Passes),
        ("DAD", dad(OWN_V6), Passes),
        ("DAD of the link-local", dad(OWN_LINK_LOCAL), Passes),
        ("from another's address", from(OTHER_V6), by_other),
        ("from another's link-local", from(OTHER_LINK_LOCAL), by_other),
        ("naming another MAC", lie, spoofed),
        ("naming two", packet(OWN_V6, two), spoofed),
        ("DAD of another's", dad(OTHER_V6), spoofed),
        ("DAD naming a MAC", packet(NOBODY, named_dad), spoofed),
        ("from afar", far, spoofed),
    ]);
}

#[test]
fn neighbour_advertisements_speak_of_the_own_addresses() {
    let na = |target| Icmp::neighbour(136, target).naming(2, OWN_MAC);
    let packet = |source, icmp| V6::icmp(source, ALL_NODES, icmp).packet();
    let spoofed = Drops(DropReason::SpoofedNd);
    let bare = Icmp::neighbour(136, OWN_V6);
    let lie = Icmp::neighbour(136, OWN_V6).naming(2, OTHER_MAC);
    let code = Icmp { code: 1, ..na(OWN_V6) };
    let far = V6::icmp(OWN_V6, ALL_NODES, na(OWN_V6)).hops(254).packet();
    let by_other = Drops(DropReason::SpoofedAddress);
    holds(vec![
        ("of the own address", packet(OWN_V6, na(OWN_V6)), Passes),
        ("of the link-local", packet(OWN_V6, na(OWN_LINK_LOCAL)), Passes),
        ("by the link-local", packet(OWN_LINK_LOCAL, na(OWN_V6)), Passes),
        ("naming nobody", packet(OWN_V6, bare), Passes),
        ("of another's", packet(OWN_V6, na(OTHER_V6)), spoofed),
        ("of another's link", packet(OWN_V6, na(OTHER_LINK_LOCAL)), spoofed),
        ("by nobody", packet(NOBODY, na(OWN_V6)), spoofed),
        ("by another", packet(OTHER_V6, na(OWN_V6)), by_other),
        ("naming another MAC", packet(OWN_V6, lie), spoofed),
        ("code 1", packet(OWN_V6, code), spoofed),
        ("from afar", far, spoofed),
    ]);
}

#[test]
fn a_container_is_no_router() {
    let spoofed = Drops(DropReason::SpoofedNd);
    let message = |source, kind| {
        V6::icmp(source, ALL_NODES, Icmp::new(kind, &[0; 36])).packet()
    };
    let rs = |source, icmp| V6::icmp(source, ALL_ROUTERS, icmp).packet();
    let named = || Icmp::router_solicitation().naming(1, OWN_MAC);
    let lie = Icmp::router_solicitation().naming(1, OTHER_MAC);
    let bare = Icmp::router_solicitation();
    holds(vec![
        ("advertisement", message(OWN_LINK_LOCAL, 134), spoofed),
        ("advertisement, own address", message(OWN_V6, 134), spoofed),
        ("redirect", message(OWN_LINK_LOCAL, 137), spoofed),
        ("redirect, own address", message(OWN_V6, 137), spoofed),
        ("MLD query", message(OWN_LINK_LOCAL, 130), spoofed),
        ("inverse solicitation", message(OWN_V6, 141), spoofed),
        ("multicast router", message(OWN_V6, 151), spoofed),
        ("solicitation", rs(OWN_LINK_LOCAL, named()), Passes),
        ("solicitation of nobody", rs(NOBODY, bare), Passes),
        ("naming with nobody", rs(NOBODY, named()), spoofed),
        ("naming another MAC", rs(OWN_V6, lie), spoofed),
    ]);
}

#[test]
fn group_reports_stay_on_the_link() {
    let report = |source, kind, hops| {
        V6::icmp(source, v6_report(), Icmp::new(kind, &[0; 20]))
            .hops(hops)
            .behind(HOP_BY_HOP, [0, 5, 2, 0, 0, 0])
            .packet()
    };
    let spoofed = Drops(DropReason::SpoofedNd);
    let by_other = Drops(DropReason::SpoofedAddress);
    holds(vec![
        ("report", report(OWN_LINK_LOCAL, 131, 1), Passes),
        ("report 2", report(OWN_LINK_LOCAL, 143, 1), Passes),
        ("report of nobody (RFC 3590)", report(NOBODY, 143, 1), Passes),
        ("done", report(OWN_LINK_LOCAL, 132, 1), Passes),
        ("report that travels", report(OWN_LINK_LOCAL, 143, 255), spoofed),
        ("another's report", report(OTHER_LINK_LOCAL, 143, 1), by_other),
    ]);
}

fn v6_report() -> std::net::Ipv6Addr {
    "ff02::16".parse().unwrap()
}

#[test]
fn extension_headers_hide_nothing() {
    let udp = || V6::udp(OWN_V6, OTHER_V6);
    let ra = || V6::icmp(OWN_V6, ALL_NODES, Icmp::new(134, &[0; 12]));
    let bare = [0; 6];
    let eight = (0..8).fold(udp(), |p, _| p.behind(DESTINATION, bare));
    let nine = (0..9).fold(udp(), |p, _| p.behind(DESTINATION, bare));
    let hidden = (0..8).fold(ra(), |p, _| p.behind(DESTINATION, bare));
    let long = udp().behind(DESTINATION, [50, 0, 0, 0, 0, 0]);
    let longer =
        (0..2).fold(udp(), |p, _| p.behind(DESTINATION, [40, 0, 0, 0, 0, 0]));
    let beyond = V6 {
        next: DESTINATION,
        payload: vec![UDP, 9, 0, 0, 0, 0, 0, 0],
        ..udp()
    };
    let circle = udp().behind(ROUTING, [0, 0, 1, 0, 0, 0]);
    let segments = udp().behind(ROUTING, [0, 4, 0, 0, 0, 0]);
    let ah = |p: V6| p.behind(AUTHENTICATION, bare);
    let nd = Drops(DropReason::SpoofedNd);
    let malformed = Drops(DropReason::Malformed);
    let unsupported = Drops(DropReason::Unsupported);
    holds(vec![
        ("hop by hop", udp().behind(HOP_BY_HOP, bare).packet(), Passes),
        ("authentication", ah(udp()).packet(), Passes),
        ("advertisement behind one", ah(ra()).packet(), nd),
        ("eight", eight.packet(), Passes),
        ("nine", nine.packet(), unsupported),
        ("advertisement behind eight", hidden.packet(), nd),
        ("long", long.packet(), Passes),
        ("headers of over 512 bytes", longer.packet(), Passes),
        ("beyond the packet", beyond.packet(), malformed),
        ("routing header 0", circle.packet(), unsupported),
        ("routing header 4", segments.packet(), Passes),
    ]);
}

#[test]
fn ipv6_fragments_have_a_checked_source_and_hide_no_discovery() {
    let udp = |source| V6::udp(source, OTHER_V6);
    let na = || Icmp::neighbour(136, OWN_V6).naming(2, OWN_MAC);
    let discovery = || V6::icmp(OWN_V6, ALL_NODES, na());
    let echo = || V6::icmp(OWN_V6, OTHER_V6, Icmp::echo());
    let empty = V6 { payload: Vec::new(), ..echo() };
    let nd = Drops(DropReason::SpoofedNd);
    let spoofed = Drops(DropReason::SpoofedAddress);
    let malformed = Drops(DropReason::Malformed);
    holds(vec![
        ("first", udp(OWN_V6).fragment(0, 1).packet(), Passes),
        ("later", udp(OWN_V6).fragment(4, 1).packet(), Passes),
        ("atomic", udp(OWN_V6).fragment(0, 0).packet(), Passes),
        ("ping", echo().fragment(0, 1).packet(), Passes),
        ("spoofed first", udp(OTHER_V6).fragment(0, 1).packet(), spoofed),
        ("spoofed later", udp(OTHER_V6).fragment(4, 0).packet(), spoofed),
        ("discovery", discovery().fragment(0, 1).packet(), nd),
        ("atomic discovery", discovery().fragment(0, 0).packet(), nd),
        ("first without a header", empty.fragment(0, 1).packet(), malformed),
    ]);
}

#[test]
fn an_ipv6_header_that_contradicts_itself_is_malformed() {
    let with = |offset: usize, value: u8| {
        let mut bytes = V6::udp(OWN_V6, OTHER_V6).bytes();
        bytes[offset] = value;
        ethernet(OWN_MAC, IPV6, &bytes)
    };
    let odd = |body: &[u8]| {
        let icmp = Icmp::new(135, body);
        V6::icmp(OWN_V6, SOLICITED, icmp).packet()
    };
    let target = |options: &[u8]| odd(&[&[0; 20][..], options].concat());
    let malformed = Drops(DropReason::Malformed);
    holds(vec![
        ("version 4", with(0, 0x40), malformed),
        ("longer than the packet", with(5, 9), malformed),
        ("shorter than the packet", with(5, 7), Passes),
        ("solicitation without a target", odd(&[0; 4]), malformed),
        ("target cut off", odd(&[0; 19]), malformed),
        ("option without a length", target(&[1; 2]), malformed),
        ("option of length 0", target(&[1, 0, 0, 0, 0, 0, 0, 0]), malformed),
        ("option beyond", target(&[1, 2, 0, 0, 0, 0, 0, 0]), malformed),
        (
            "nine options",
            target(&[14, 1, 0, 0, 0, 0, 0, 0].repeat(9)),
            malformed,
        ),
        ("eight options", target(&[14, 1, 0, 0, 0, 0, 0, 0].repeat(8)), Passes),
    ]);
}

#[test]
fn other_protocols_and_tags_do_not_pass() {
    let inner = V4::new(OWN_V4, OTHER_V4).bytes();
    let tag = [&[0, 5, 8, 0][..], &inner].concat();
    let unknown = Drops(DropReason::UnknownProtocol);
    let unsupported = Drops(DropReason::Unsupported);
    let frame = |kind| ethernet(OWN_MAC, kind, &inner);
    holds(vec![
        ("802.1Q", ethernet(OWN_MAC, VLAN, &tag), unsupported),
        ("802.1ad", ethernet(OWN_MAC, 0x88a8, &tag), unsupported),
        ("RARP", frame(0x8035), unknown),
        ("LLDP", frame(0x88cc), unknown),
        ("PPPoE", frame(0x8864), unknown),
        ("MPLS", frame(0x8847), unknown),
        ("802.3 length", frame(0x0026), unknown),
        (
            "802.1Q by another MAC",
            ethernet(OTHER_MAC, VLAN, &tag),
            Drops(DropReason::SpoofedMac),
        ),
    ]);
}
