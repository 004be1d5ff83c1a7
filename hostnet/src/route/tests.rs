//! Routes are read as they were written.

use proptest::prelude::*;

use super::*;

fn family() -> impl Strategy<Value = Family> {
    prop_oneof![Just(Family::V4), Just(Family::V6)]
}

fn route() -> impl Strategy<Value = Route> {
    let hop = prop_oneof![Just(0u8), Just(1), Just(2)];
    (family(), any::<u128>(), any::<u8>(), hop, 1u32.., 1u32..).prop_map(
        |(family, number, length, hop, link, table)| {
            let address = family.address(number);
            let length = length % (family.bits() + 1);
            let next_hop = match hop {
                0 => None,
                1 => Some(NextHop::Via(address)),
                _ => Some(NextHop::OnLink(address)),
            };
            Route {
                destination: Prefix::containing(address, length).unwrap(),
                link,
                next_hop,
                scope: match hop {
                    0 => RouteScope::Link,
                    _ => RouteScope::Universe,
                },
                protocol: ROUTE_PROTOCOL,
                metric: (link % 2 == 0).then_some(table),
                table,
            }
        },
    )
}

proptest! {
    #[test]
    fn a_route_is_read_as_it_was_written(route in route()) {
        use netlink_packet_core::Emitable;
        let message = route.message();
        let mut bytes = vec![0; message.buffer_len()];
        message.emit(&mut bytes);
        prop_assert_eq!(Route::read(&bytes), Ok(Some(route)));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = Route::read(&bytes);
    }
}

#[test]
fn a_route_says_where_it_goes() {
    let address = "10.4.2.7".parse().unwrap();
    assert_eq!(Route::to_address(address, 9).to_string(), "10.4.2.7/32 dev 9");
    let gateway = "fe80::1".parse().unwrap();
    let default = Route::default_via(gateway, 2).unwrap();
    assert_eq!(default.to_string(), "::/0 via fe80::1 dev 2");
}
