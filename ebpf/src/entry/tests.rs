//! There and back between our words and the maps'.

use proptest::prelude::*;

use super::*;

fn any_entry() -> impl Strategy<Value = EndpointEntry> {
    let families = (
        proptest::option::of(1..=u32::MAX),
        proptest::option::of(1..=u128::MAX),
    );
    let names = (any::<u32>(), any::<u64>(), any::<[u8; 6]>());
    (names, families).prop_map(|((class, generation, mac), (v4, v6))| {
        EndpointEntry {
            class: ClassId::from_bits(class),
            generation: Generation(generation),
            ipv4: v4.map(Ipv4Addr::from),
            ipv6: v6.map(Ipv6Addr::from),
            mac: Mac(mac),
            limit_class: None,
        }
    })
}

proptest! {
    #[test]
    fn an_endpoint_read_back_is_the_one_written(entry in any_entry()) {
        let written = abi::Endpoint::from(&entry);
        prop_assert_eq!(EndpointEntry::from(written), entry);
    }

    #[test]
    fn an_endpoint_has_one_key_per_address(entry in any_entry()) {
        let addresses = usize::from(entry.ipv4.is_some())
            + usize::from(entry.ipv6.is_some());
        prop_assert_eq!(entry.keys().count(), addresses);
    }
}

#[test]
fn an_ipv4_address_is_mapped_and_comes_back() {
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    let key = abi::Address::from(address);
    assert_eq!(key.octets[..12], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
    assert_eq!(IpAddr::from(key), address);
}

#[test]
fn the_link_local_address_is_the_one_the_kernel_makes() {
    let table = [
        ("02:00:00:00:00:01", "fe80::ff:fe00:1"),
        ("0a:1b:2c:3d:4e:5f", "fe80::81b:2cff:fe3d:4e5f"),
        ("00:25:96:12:34:56", "fe80::225:96ff:fe12:3456"),
    ];
    for (mac, expected) in table {
        let made = link_local(mac.parse().unwrap());
        assert_eq!(made, expected.parse::<Ipv6Addr>().unwrap(), "{mac}");
    }
}

#[test]
fn a_mark_says_which_bits_are_ours() {
    assert_eq!(Mark::Off.mask(), 0);
    assert_eq!(Mark::Team { mask: Mark::TEAM_MASK }.mask(), 0xffff_0000);
    assert_eq!(Mark::Full.mask(), 0xffff_ffff);
}
