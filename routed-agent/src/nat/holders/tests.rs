//! Who gets a host port, and who does not.

use tartan_agent_api::plugin::{Attached, Given};
use tartan_agent_api::record::{RecordState, VERSION};
use tartan_model::{BootId, ClassId, Mac};

use super::*;

fn port(address: &str, port: u16) -> HostPort {
    let address = (!address.is_empty()).then(|| address.parse().unwrap());
    HostPort { transport: Transport::Tcp, address, port, to: 80 }
}

fn record(name: &str, generation: u64, ports: &[HostPort]) -> Record {
    let given = |(address, gateway): (&str, &str)| Given {
        address: address.parse().unwrap(),
        gateway: gateway.parse().unwrap(),
        length: None,
    };
    Record {
        v: VERSION,
        attachment: format!("shop,{name},eth0").parse().unwrap(),
        state: RecordState::Adding,
        boot: BootId::new("boot"),
        netns_path: "/run/netns/a".to_owned(),
        netns_cookie: 1,
        host_index: 7,
        container_index: 2,
        attach: Default::default(),
        limits: Default::default(),
        limit_class: None,
        attached: Attached {
            generation: Generation(generation),
            host_link: Generation(generation).host_link_name(),
            host_mac: Mac::local(1),
            mac: Mac::local(2),
            mtu: 1500,
            addresses: vec![given(("10.77.0.2", "169.254.1.1"))],
            class: ClassId::UNCLASSIFIED,
        },
        translation: Translation {
            masquerade: Masquerade::No,
            ports: ports.to_vec(),
        },
        foreign: None,
    }
}

#[test]
fn a_port_that_meets_anothers_is_refused_with_its_holder() {
    let mut holders = Holders::default();
    let first = record("a", 1, &[port("192.0.2.1", 80), port("", 81)]);
    holders.take(&first).unwrap();
    for (wanted, is_free) in [
        (port("192.0.2.1", 80), false),
        (port("", 80), false),
        (port("0.0.0.0", 80), false),
        (port("192.0.2.2", 80), true),
        (port("127.0.0.1", 81), false),
        (port("", 82), true),
    ] {
        let second = record("b", 2, &[wanted]);
        let taken = holders.take(&second);
        assert_eq!(taken.is_ok(), is_free, "{wanted}: {taken:?}");
        if let Err(PortError::Taken { holder, .. }) = taken {
            assert_eq!(holder, first.attachment);
        }
        holders.give_back(&second);
    }
}

#[test]
fn ports_are_taken_whole_or_not_at_all() {
    let mut holders = Holders::default();
    holders.take(&record("a", 1, &[port("", 80)])).unwrap();
    let both = record("b", 2, &[port("", 79), port("", 80)]);
    holders.take(&both).unwrap_err();
    holders.take(&record("c", 3, &[port("", 79)])).unwrap();
    assert_eq!(holders.summary().0.len(), 2);
}

#[test]
fn an_older_life_gives_nothing_back() {
    let mut holders = Holders::default();
    holders.make(&record("a", 2, &[port("", 80)]));
    assert!(!holders.give_back(&record("a", 1, &[port("", 80)])));
    assert_eq!(holders.made().len(), 1);
    assert!(holders.give_back(&record("a", 2, &[])));
    assert_eq!(holders.summary(), (Vec::new(), 0));
    assert!(holders.made().is_empty());
}

#[test]
fn a_port_that_is_only_taken_is_not_translated_yet() {
    let mut holders = Holders::default();
    let one = record("a", 1, &[port("", 80)]);
    holders.take(&one).unwrap();
    assert!(holders.made().is_empty());
    holders.make(&one);
    assert_eq!(holders.made(), [Held::of(&one)]);
}

#[test]
fn a_port_of_a_family_without_an_address_leads_nowhere() {
    let mut holders = Holders::default();
    let six = record("a", 1, &[port("2001:db8::1", 80)]);
    let error = holders.take(&six).unwrap_err();
    assert!(matches!(error, PortError::Family { .. }), "{error}");
}

#[test]
fn who_is_reached_by_127_0_0_1_has_such_a_port() {
    for (address, is_there) in [
        ("", true),
        ("0.0.0.0", true),
        ("127.0.0.1", true),
        ("127.0.0.9", true),
        ("192.0.2.1", false),
        ("::", false),
        ("::1", false),
    ] {
        let held = Held::of(&record("a", 1, &[port(address, 80)]));
        assert_eq!(held.is_at_loopback(), is_there, "{address}");
    }
}
