//! The programs on a real veth pair: what a kernel says by itself passes, and
//! what only a real interface makes (short frames, tags taken off, headers in
//! fragment pages) is judged as well. Needs root, iproute2, bpftool, python3.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

mod cable;

use std::fmt::Write;

use tartan_ebpf::{Direction, DropReason, EndpointEntry};
use tartan_model::{ClassId, Generation};

use crate::cable::{CONTAINER_END, Cable, HOST_END, eventually};

const MAC: &str = "02:00:00:00:00:0a";
const MACS: &str = "02000000000102000000000a";
const OWN_V4: &str = "c000020a";
const OTHER_V4: &str = "c000020b";

fn own() -> EndpointEntry {
    EndpointEntry {
        class: ClassId::UNCLASSIFIED,
        generation: Generation(1),
        ipv4: Some([192, 0, 2, 10].into()),
        ipv6: Some("2001:db8::10".parse().unwrap()),
        mac: MAC.parse().unwrap(),
        limit_class: None,
    }
}

/// A cable on which only the test speaks.
fn quiet_cable() -> Cable {
    let cable = Cable::new(MAC);
    cable.keep_quiet();
    cable.put_endpoint(&own());
    cable.up();
    cable
}

/// Sends frames from the container and gives what was counted once all were.
fn send(cable: &Cable, frames: &[String], count: u64) -> (u64, u64) {
    let way = Direction::FromContainer;
    let (passed, dropped) = cable.seen(way);
    cable.container.send(CONTAINER_END, &frames.concat());
    eventually("all are counted", || {
        let (p, d) = cable.seen(way);
        p + d >= passed + dropped + count
    });
    let (p, d) = cable.seen(way);
    (p - passed, d - dropped)
}

/// An IPv4 frame of `length` bytes from `source`, without a virtio header.
fn ipv4(source: &str, length: usize) -> String {
    let mut frame = format!(
        "{MACS}0800 4500 {:04x} 0001 0000 4011 0000 {source}{OTHER_V4}",
        length - 14
    );
    frame.retain(|c| c != ' ');
    let _ = write!(frame, "{}", "00".repeat(length - frame.len() / 2));
    frame
}

fn plain(frame: &str) -> String {
    format!("- {frame}\n")
}

/// Only `linear` bytes of it are in the linear part; the rest is in pages.
fn paged(frame: &str, linear: u8) -> String {
    format!("0000{linear:02x}00000000000000 {frame}\n")
}

#[test]
fn frames_of_every_length_are_judged() {
    let cable = quiet_cable();
    let whole = ipv4(OWN_V4, 60);
    let short: Vec<_> =
        (14..60).map(|length| plain(&whole[..length * 2])).collect();
    assert_eq!(send(&cable, &short, 46), (0, 46));
    assert_eq!(send(&cable, &[plain(&whole)], 1), (1, 0));
    let counters =
        cable.dataplane.endpoint_counters(cable.ifindex).unwrap().unwrap();
    let way = Direction::FromContainer;
    assert_eq!(counters.dropped(way, DropReason::Malformed), 46);
}

#[test]
fn a_tag_that_the_kernel_took_off_is_still_seen() {
    let cable = quiet_cable();
    let whole = ipv4(OWN_V4, 60);
    let tagged = format!("{MACS}81000005{}", &whole[24..]);
    assert_eq!(send(&cable, &[plain(&tagged)], 1), (0, 1));
    let drops = cable.dataplane.drops().unwrap();
    let tags = drops.iter().find(|it| it.reason == DropReason::Unsupported);
    assert_eq!(tags.unwrap().packets, 1);
}

#[test]
fn headers_in_fragment_pages_are_judged() {
    let cable = quiet_cable();
    let pages = |frame: &str| paged(frame, 14);
    assert_eq!(send(&cable, &[pages(&ipv4(OWN_V4, 6000))], 1), (1, 0));
    assert_eq!(send(&cable, &[pages(&ipv4(OTHER_V4, 6000))], 1), (0, 1));

    let counters = cable.dataplane.drops().unwrap();
    let spoofed =
        counters.iter().find(|it| it.reason == DropReason::SpoofedAddress);
    assert_eq!(spoofed.unwrap().packets, 1);
}

#[test]
fn discovery_too_long_to_be_checked_is_dropped() {
    let cable = quiet_cable();
    let (own, group) = (
        "20010db8000000000000000000000010",
        "ff020000000000000000000000000001",
    );
    let options = "0e01000000000000".repeat(740);
    let length = 24 + options.len() / 2;
    let frame = format!(
        "{MACS}86dd60000000{length:04x}3aff{own}{group}\
         8800000000000000{own}{options}"
    );
    assert_eq!(send(&cable, &[paged(&frame, 14)], 1), (0, 1));
}

#[test]
fn frames_to_the_container_are_judged_on_their_way() {
    let cable = quiet_cable();
    let to = |address: &str| {
        plain(&format!(
            "02000000000a020000000001080045000020000100004011000\
             0c6336401{address}000000000000000000000000"
        ))
    };
    let frames = [to(OWN_V4), to(OTHER_V4), to("ffffffff")].concat();
    cable.host.send(HOST_END, &frames);
    let way = Direction::ToContainer;
    eventually("all are counted", || cable.seen(way) == (1, 2));
}

/// What a container's kernel says by itself when its link comes up (duplicate
/// address detection, router solicitations, group reports) and what its ping
/// needs (discovery of neighbours, both ways) passes, in both families.
#[test]
fn an_ordinary_container_is_never_taken_for_a_spoofer() {
    let cable = Cable::new(MAC);
    cable.put_endpoint(&own());
    let host = |arguments: &str| {
        cable.host.run(&arguments.split(' ').collect::<Vec<_>>());
    };
    let container = |arguments: &str| {
        cable.container.run(&arguments.split(' ').collect::<Vec<_>>());
    };
    host("ip address add 192.0.2.1/24 dev host-end");
    host("ip address add 2001:db8::1/64 dev host-end nodad");
    container("ip address add 192.0.2.10/24 dev eth0");
    container("ip address add 2001:db8::10/64 dev eth0");
    cable.up();

    // Before, a ping would leave from the link-local address.
    eventually("duplicate address detection is over", || {
        let tentative = ["ip", "-o", "-6", "address", "show", "tentative"];
        let link = ["ip", "-o", "-6", "address", "show", "scope", "link"];
        cable.container.run(&tentative).is_empty()
            && !cable.container.run(&link).is_empty()
    });
    let pings = |address| {
        let once = ["busybox", "ping", "-c", "1", "-W", "1", address];
        cable.container.succeeds(&once)
    };
    eventually("IPv4 answers", || pings("192.0.2.1"));
    eventually("IPv6 answers", || pings("2001:db8::1"));
    for answer in ["192.0.2.10", "2001:db8::10"] {
        let once = ["busybox", "ping", "-c", "1", "-W", "1", answer];
        eventually("the container answers", || cable.host.succeeds(&once));
    }
    let counters =
        cable.dataplane.endpoint_counters(cable.ifindex).unwrap().unwrap();
    let way = Direction::FromContainer;
    assert_eq!(counters.dropped_in_all(way), 0, "{counters:?}");
    assert!(counters.passed(way).packets >= 4);

    cable.dataplane.remove_endpoint(cable.ifindex).unwrap();
    assert!(!pings("192.0.2.1") && !pings("2001:db8::1"), "no endpoint");
}
