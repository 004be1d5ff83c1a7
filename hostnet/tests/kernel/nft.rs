//! A table is what `nft` sees, and is read back as it was written.

use std::net::IpAddr;

use serde_json::Value;
use tartan_hostnet::nft::*;
use tartan_hostnet::{Conntrack, NetNs, within};
use tartan_model::{Family, Transport};

use crate::ground::{look, new_netns, run_in};

const SET: &str = "ports4";
const RANGES: &str = "inside6";

fn table() -> Table {
    Table { family: TableFamily::Inet, name: "tartan".into() }
}

fn chain() -> Chain {
    let base = BaseChain {
        kind: ChainKind::Nat,
        hook: Hook::Prerouting,
        priority: -100,
        policy: Policy::Accept,
    };
    Chain { name: "in".into(), base: Some(base) }
}

fn sets() -> Vec<Set> {
    let of = Field::Address;
    vec![
        Set {
            name: RANGES.into(),
            key: vec![of(Family::V6)],
            data: vec![],
            is_interval: true,
        },
        Set {
            name: SET.into(),
            key: vec![Field::Protocol, Field::Port],
            data: vec![of(Family::V4), Field::Port],
            is_interval: false,
        },
    ]
}

fn rule() -> Rule {
    let (one, two) = (Register(0), Register(1));
    Rule {
        chain: "in".into(),
        comment: Some("host ports".into()),
        expressions: vec![
            Expression::DestinationKind(one),
            Expression::Compare(Comparison::Equal, one, vec![2, 0, 0, 0]),
            Expression::Meta(Meta::Family, one),
            Expression::Compare(Comparison::Equal, one, vec![2]),
            Expression::Meta(Meta::Protocol, one),
            Expression::Load(PacketField::DestinationPort, two),
            Expression::Map(SET, one, one),
            Expression::TranslateDestination(NatTarget {
                family: Family::V4,
                address: one,
                port: two,
            }),
        ],
    }
}

fn port(number: u16) -> Element {
    let [_, _, high, low] = u32::from(number).to_be_bytes();
    let key = parts(&[&[6], &number.to_be_bytes()]);
    let address = [10, 77, high, low];
    let data = parts(&[&address, &80u16.to_be_bytes()]);
    Element { set: SET, key, data, is_end: false }
}

fn whole() -> Transaction {
    let mut all = Transaction::of(&table());
    all.add_table().add_chain(&chain());
    for set in sets() {
        all.add_set(&set);
    }
    all.append_rule(&rule());
    all
}

fn on<T: Send>(ns: &NetNs, act: impl FnOnce(&mut Nft) -> T + Send) -> T {
    within(ns, || act(&mut Nft::open().unwrap())).unwrap()
}

#[test]
fn a_table_is_seen_by_nft_as_it_was_meant() {
    let ns = new_netns();
    let range = |text: &str, is_end| {
        let address: IpAddr = text.parse().unwrap();
        Element { is_end, ..Element::of(RANGES, octets(address)) }
    };
    let mut all = whole();
    let elements =
        [range("fd00::", false), range("fd00:0:0:1::", true), port(8080)];
    all.add_elements(&elements);
    on(&ns, |nft| nft.apply(&all)).unwrap();
    let (_, text) = run_in(&ns, "nft list table inet tartan");
    for line in [
        "type inet_proto . inet_service : ipv4_addr . inet_service",
        "elements = { tcp . 8080 : 10.77.31.144 . 80 }",
        "elements = { fd00::/64 }",
        "type nat hook prerouting priority dstnat; policy accept;",
        "meta nfproto ipv4 dnat ip to meta l4proto . th dport map @ports4 \
         comment \"host ports\"",
    ] {
        assert!(text.contains(line), "{line} in:\n{text}");
    }
    let seen = on(&ns, |nft| nft.table(&table())).unwrap().unwrap();
    assert_eq!(seen.chains[0].chain, chain());
    assert_eq!(seen.sets, sets());
    assert_eq!(seen.rules[0].comment.as_deref(), Some("host ports"));
    let found = on(&ns, |nft| nft.elements(&table(), SET)).unwrap();
    assert_eq!(found, [port(8080)]);
    let mut found = on(&ns, |nft| nft.elements(&table(), RANGES)).unwrap();
    found.sort();
    found.retain(|one| one.key != [0; 16]);
    assert_eq!(found, &elements[..2]);
}

#[test]
fn a_transaction_is_made_whole_or_not_at_all() {
    let ns = new_netns();
    on(&ns, |nft| nft.apply(&whole())).unwrap();
    let mut half = Transaction::of(&table());
    half.add_elements(&[port(1)]).delete_elements(&[port(2)]);
    let error = on(&ns, |nft| nft.apply(&half)).unwrap_err();
    assert!(error.is_absent(), "{error:?}");
    assert!(error.to_string().contains("set ports4 of"), "{error}");
    let found = on(&ns, |nft| nft.elements(&table(), SET)).unwrap();
    assert_eq!(found, []);
    assert_eq!(on(&new_netns(), |nft| nft.table(&table())).unwrap(), None);
}

#[test]
fn as_many_elements_as_there_are_ports_are_put_and_taken_at_once() {
    let ns = new_netns();
    let ports: Vec<_> = (1..=u16::MAX).map(port).collect();
    let mut all = whole();
    all.add_elements(&ports);
    on(&ns, |nft| nft.apply(&all)).unwrap();
    let found = on(&ns, |nft| nft.elements(&table(), SET)).unwrap();
    assert_eq!(found.len(), ports.len());
    let mut none = Transaction::of(&table());
    none.delete_elements(&ports);
    on(&ns, |nft| nft.apply(&none)).unwrap();
    assert_eq!(on(&ns, |nft| nft.elements(&table(), SET)).unwrap(), []);
}

#[test]
fn a_rule_of_iptables_is_known_again() {
    let ns = new_netns();
    let by_us = Rule {
        chain: "FORWARD".into(),
        comment: None,
        expressions: vec![
            Expression::Meta(Meta::InName, Register(0)),
            Expression::Compare(Comparison::Equal, Register(0), b"tt".to_vec()),
            Expression::IptablesComment("tartan".into()),
            Expression::Count,
            Expression::Verdict(Verdict::Accept),
        ],
    };
    let (is_well, text) = run_in(
        &ns,
        "iptables-nft -A FORWARD -i tt+ -m comment --comment tartan -j ACCEPT",
    );
    assert!(is_well, "{text}");
    let filter =
        Table { family: TableFamily::Of(Family::V4), name: "filter".into() };
    let mut insert = Transaction::of(&filter);
    insert.insert_rule(&by_us);
    on(&ns, |nft| nft.apply(&insert)).unwrap();
    let rules = on(&ns, |nft| nft.rules(&filter)).unwrap();
    assert_eq!(rules.len(), 2);
    for rule in &rules {
        assert!(rule.does(&by_us.expressions), "{rule:?}");
        assert_eq!(rule.iptables_comment().as_deref(), Some("tartan"));
    }
    let (_, text) = run_in(&ns, "iptables-nft -S FORWARD");
    let line = "-A FORWARD -i tt+ -m comment --comment tartan -j ACCEPT";
    assert_eq!(text.matches(line).count(), 2, "{text}");
    let mut delete = Transaction::of(&filter);
    delete.delete_rule("FORWARD", rules[0].handle);
    on(&ns, |nft| nft.apply(&delete)).unwrap();
    assert_eq!(on(&ns, |nft| nft.rules(&filter)).unwrap().len(), 1);
}

#[test]
fn connections_to_a_port_are_found_and_forgotten() {
    let ns = new_netns();
    run_in(&ns, "ip link set lo up");
    // Rules that translate let the kernel begin to track connections.
    on(&ns, |nft| nft.apply(&whole())).unwrap();
    run_in(&ns, "nft add rule inet tartan in udp dport 9 dnat ip6 to ::1");
    for (address, port) in [("127.0.0.1", 53), ("::1", 53), ("127.0.0.1", 54)] {
        within(&ns, || {
            let any = if address.contains(':') { "::" } else { "0.0.0.0" };
            let socket = std::net::UdpSocket::bind((any, 0)).unwrap();
            let _server = std::net::UdpSocket::bind((address, port)).unwrap();
            socket.send_to(b"x", (address, port)).unwrap();
        })
        .unwrap();
    }
    for family in Family::ALL {
        let left = within(&ns, || {
            let mut tracked = Conntrack::open().unwrap();
            let find = |tracked: &mut Conntrack, port| {
                let of = (family, Transport::Udp);
                tracked.to_ports(of, &[port], |_| true).unwrap()
            };
            let found = find(&mut tracked, 53);
            assert_eq!(found.len(), 1, "{family}");
            assert_eq!(found[0].destination, found[0].answers);
            let of = (family, Transport::Udp);
            let both = tracked.to_ports(of, &[53, 54], |_| true).unwrap();
            assert!(both.contains(&found[0]), "{both:?}");
            assert_eq!(tracked.answered_by(found[0].answers).unwrap(), both);
            tracked.forget(&found[0]).unwrap();
            tracked.forget(&found[0]).unwrap();
            assert_eq!(find(&mut tracked, 53), []);
            find(&mut tracked, 54).len()
        });
        assert_eq!(left.unwrap(), usize::from(family == Family::V4));
    }
}

#[test]
fn what_others_have_is_read_without_harm() {
    let ns = new_netns();
    let ruleset = "add table inet tartan; \
        add chain inet tartan odd { type route hook output priority 0; }; \
        add set inet tartan odd { typeof meta mark; }; \
        add set inet tartan old { type ipv4_addr; timeout 1h; }";
    let path = std::env::temp_dir().join(format!("nft-{}", std::process::id()));
    std::fs::write(&path, ruleset.replace("; add", "\nadd")).unwrap();
    let (is_well, said) = run_in(&ns, &format!("nft -f {}", path.display()));
    std::fs::remove_file(&path).unwrap();
    assert!(is_well, "{said}");
    let seen = on(&ns, |nft| nft.table(&table())).unwrap().unwrap();
    assert_eq!(seen.chains[0].chain.base, None);
    assert_eq!(seen.sets.len(), 2);
    assert!(seen.sets.iter().any(|set| set.key.is_empty()));
    let _: Value = look(&ns, "nft -j list table inet tartan");
}
