//! Neighbours and addresses are read as they were written.

use netlink_packet_core::Emitable;
use proptest::prelude::*;

use super::*;

fn bytes(message: &impl Emitable) -> Vec<u8> {
    let mut bytes = vec![0; message.buffer_len()];
    message.emit(&mut bytes);
    bytes
}

proptest! {
    #[test]
    fn a_neighbour_is_read_as_it_was_written(
        link: u32, address: IpAddr, seed: u64,
    ) {
        let mac = Mac::local(seed);
        let written = bytes(&neighbour_message(link, address, mac));
        let mac = Some(mac);
        let expected = Neighbour { link, address, mac, is_permanent: true };
        prop_assert_eq!(Neighbour::read(&written), Ok(Some(expected)));
    }

    #[test]
    fn an_address_is_read_as_it_was_written(link: u32, address: IpAddr) {
        let written = bytes(&address_message(link, address));
        prop_assert_eq!(read_address(&written), Ok(Some((link, address))));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = Neighbour::read(&bytes);
        let _ = read_address(&bytes);
    }
}
