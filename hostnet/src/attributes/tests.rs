//! Attributes are read as the kernel writes them, whatever the bytes.

use proptest::prelude::*;

use super::*;

#[test]
fn attributes_come_in_their_order_without_padding() {
    let bytes = [5, 0, 3, 0, b'x', 0, 0, 0, 8, 0, 4, 0, 1, 2, 3, 4];
    let found = attributes(&bytes, 0).unwrap();
    assert_eq!(found, [(3, &b"x"[..]), (4, &[1, 2, 3, 4][..])]);
}

#[test]
fn an_attribute_longer_than_the_message_is_refused() {
    assert_eq!(attributes(&[9, 0, 3, 0, 1], 0), Err(Malformed::Attribute));
}

#[test]
fn a_message_shorter_than_its_header_is_refused() {
    assert_eq!(attributes(&[0; 3], 4), Err(Malformed::Header));
}

#[test]
fn a_text_ends_at_its_first_zero() {
    assert_eq!(text(b"eth0\0\0"), "eth0");
    assert_eq!(text(b"eth0"), "eth0");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, header in 0usize..20) {
        let _ = attributes(&bytes, header);
        let _ = number(&bytes);
        let _ = address(&bytes);
        let _ = text(&bytes);
    }
}
