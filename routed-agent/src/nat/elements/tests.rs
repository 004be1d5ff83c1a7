//! What goes into which set.

use proptest::prelude::*;
use tartan_model::Transport;

use super::*;

fn prefixes(texts: &[&str]) -> Vec<Prefix> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn said(elements: &[Element]) -> Vec<String> {
    let one = |e: &Element| {
        let end = if e.is_end { " end" } else { "" };
        format!("{} {:?}{end}", e.set, e.key)
    };
    elements.iter().map(one).collect()
}

#[test]
fn ranges_that_touch_are_one_and_the_last_address_has_no_end() {
    let inside = |texts: &[&str]| {
        said(&of_prefixes(&prefixes(texts), |names| names.inside))
    };
    let one = ["inside4 [10, 0, 0, 0]", "inside4 [10, 2, 0, 0] end"];
    assert_eq!(inside(&["10.0.0.0/16", "10.1.0.0/16"]), one);
    assert_eq!(inside(&["10.0.0.0/15", "10.1.0.0/24"]), one);
    assert_eq!(inside(&["10.0.0.0/16", "10.2.0.0/16"]).len(), 4);
    assert_eq!(inside(&["255.255.255.0/24"]).len(), 1);
    assert_eq!(inside(&["0.0.0.0/0", "::/0"]).len(), 2);
    assert_eq!(inside(&["ffff::/16", "fd00::/8"]).len(), 3);
}

#[test]
fn an_attachment_has_elements_for_what_it_asks_alone() {
    let addresses: Vec<IpAddr> =
        ["10.77.0.5", "fd00::5"].map(|a| a.parse().unwrap()).into();
    let of = |translation: &Translation| {
        let all = of_attachment(translation, &addresses);
        all.iter().map(|e| e.set).collect::<Vec<_>>()
    };
    let port = |address: Option<&str>| HostPort {
        transport: Transport::Udp,
        address: address.map(|a| a.parse().unwrap()),
        port: 53,
        to: 5353,
    };
    assert!(of(&Translation::default()).is_empty());
    let masked = Masquerade::Yes;
    assert_eq!(
        of(&Translation { masquerade: masked, ports: vec![] }),
        ["leaving4", "leaving6"]
    );
    let no = Masquerade::No;
    for (ports, sets) in [
        (vec![port(None)], vec!["oneself4", "oneself6", "ports4", "ports6"]),
        (
            vec![port(Some("0.0.0.0")), port(None)],
            vec!["oneself4", "oneself6", "ports4", "ports6"],
        ),
        (
            vec![port(Some("192.0.2.1"))],
            vec!["oneself4", "oneself6", "ports_at4"],
        ),
        (vec![port(Some("::"))], vec!["oneself4", "oneself6", "ports6"]),
    ] {
        assert_eq!(of(&Translation { masquerade: no, ports }), sets);
    }
}

#[test]
fn what_was_asked_for_is_read_back_from_the_table() {
    let addresses: Vec<IpAddr> =
        ["10.77.0.5", "fd00::5"].map(|a| a.parse().unwrap()).into();
    let port = |address: &str, transport, port| HostPort {
        transport,
        address: Some(address.parse().unwrap()),
        port,
        to: 80,
    };
    let mut ports = vec![
        port("0.0.0.0", Transport::Tcp, 8080),
        port("::", Transport::Sctp, 8080),
        port("127.0.0.1", Transport::Udp, 53),
        port("2001:db8::1", Transport::Tcp, 1),
    ];
    ports.sort();
    let masquerade = Masquerade::Yes;
    let asked = Translation { masquerade, ports };
    let mut found = BTreeSet::from_iter(of_attachment(&asked, &addresses));
    let other: Vec<IpAddr> = vec!["10.77.0.6".parse().unwrap()];
    let others = HostPort { port: 99, ..asked.ports[0] };
    let others =
        Translation { masquerade: Masquerade::No, ports: vec![others] };
    found.extend(of_attachment(&others, &other));
    assert_eq!(asked_by(&addresses, &found), asked);
    let read = asked_by(&other, &found);
    assert_eq!(of_attachment(&read, &other), of_attachment(&others, &other));
}

#[test]
fn a_port_is_written_as_the_kernel_reads_it() {
    let port = HostPort {
        transport: Transport::Tcp,
        address: Some("2001:db8::1".parse().unwrap()),
        port: 8080,
        to: 80,
    };
    let to = "fd00::5".parse().unwrap();
    let [element] = &of_port(&port, to).collect::<Vec<_>>()[..] else {
        panic!("one element");
    };
    assert_eq!(element.key.len(), 24);
    assert_eq!(element.key[16..], [6, 0, 0, 0, 0x1f, 0x90, 0, 0]);
    assert_eq!(element.data[16..], [0, 80, 0, 0]);
}

proptest! {
    #[test]
    fn merged_ranges_hold_what_the_ranges_held(
        ranges in proptest::collection::vec((0u128..64, 0u128..8), 0..12)
    ) {
        let ranges: Vec<_> =
            ranges.into_iter().map(|(at, more)| (at, at + more)).collect();
        let merged = merged(ranges.iter().copied());
        let within = |all: &[(u128, u128)], it| {
            all.iter().any(|(first, last)| (*first..=*last).contains(&it))
        };
        for it in 0..80 {
            prop_assert_eq!(within(&ranges, it), within(&merged, it));
        }
        for pair in merged.windows(2) {
            prop_assert!(pair[0].1 + 1 < pair[1].0);
        }
    }
}
