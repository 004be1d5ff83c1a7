//! Which host ports stand in each other's way.

use super::*;

fn at(address: &str, transport: Transport, port: u16) -> HostPort {
    let address = (!address.is_empty()).then(|| address.parse().unwrap());
    HostPort { transport, address, port, to: 80 }
}

#[test]
fn host_ports_meet_where_a_packet_could_come_to_both() {
    for (one, two, meet) in [
        ("", "", true),
        ("", "0.0.0.0", true),
        ("", "::", true),
        ("", "192.0.2.1", true),
        ("0.0.0.0", "192.0.2.1", true),
        ("0.0.0.0", "::", false),
        ("0.0.0.0", "2001:db8::1", false),
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("127.0.0.1", "192.0.2.1", false),
    ] {
        let of = |text| at(text, Transport::Tcp, 80);
        assert_eq!(of(one).meets(&of(two)), meet, "{one} {two}");
        assert_eq!(of(two).meets(&of(one)), meet, "{two} {one}");
        assert!(!of(one).meets(&at(two, Transport::Udp, 80)));
        assert!(!of(one).meets(&at(two, Transport::Tcp, 81)));
    }
}

#[test]
fn what_is_not_said_is_nothing() {
    let read: Translation = serde_json::from_str("{}").unwrap();
    assert_eq!(read, Translation::default());
    assert!(read.is_nothing());
}
