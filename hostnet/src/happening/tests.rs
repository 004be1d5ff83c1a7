//! What events say, and that none makes the reader fall.

use proptest::prelude::*;

use super::{Change, Happening, happenings};

/// A message: header, then `payload`.
fn message(kind: u16, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + payload.len()).unwrap();
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend([0; 10]);
    bytes.extend(payload);
    bytes
}

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).unwrap();
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

#[test]
fn a_route_to_one_address_is_told_apart_from_one_to_a_prefix() {
    for (length, expected) in [(32, Some("10.77.0.5")), (24, None)] {
        let mut payload = vec![2, length, 0, 0, 254, 116, 0, 1, 0, 0, 0, 0];
        payload.extend(attribute(1, &[10, 77, 0, 5]));
        payload.extend(attribute(4, &7u32.to_ne_bytes()));
        let datagram = message(25, &payload);

        let found: Vec<_> = happenings(&datagram).collect();

        assert_eq!(
            found,
            [Happening::Route {
                change: Change::Gone,
                protocol: 116,
                link: Some(7),
                to_address: expected.map(|text| text.parse().unwrap()),
                is_default: false,
            }]
        );
    }
}

#[test]
fn what_cannot_be_read_hides_nothing_behind_it() {
    let short = message(16, &[0; 3]);
    let setting = message(80, &[0; 4]);
    let mut datagram = short;
    datagram.resize(datagram.len().next_multiple_of(4), 0);
    datagram.extend(setting);
    let found: Vec<_> = happenings(&datagram).collect();
    assert_eq!(found, [Happening::Setting]);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(
        kind in 16u16..100,
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = happenings(&message(kind, &bytes)).count();
        let _ = happenings(&bytes).count();
    }
}

#[test]
fn a_datagram_is_somebodys_where_all_its_messages_are() {
    let message = |port: u32| {
        let mut bytes = vec![0; 16];
        bytes[..4].copy_from_slice(&16_u32.to_ne_bytes());
        bytes[12..].copy_from_slice(&port.to_ne_bytes());
        bytes
    };
    let both = [message(7), message(7)].concat();
    let mixed = [message(7), message(8)].concat();
    assert!(super::is_sent_by(&both, 7));
    assert!(!super::is_sent_by(&both, 8));
    assert!(!super::is_sent_by(&mixed, 7));
    assert!(!super::is_sent_by(&[], 7));
}
