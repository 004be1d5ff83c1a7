//! Blocks and filters are read as they were written.

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
    fn blocks_are_read_as_they_were_written(
        link: u32, ingress: u32, egress: u32,
    ) {
        let pair = BlockPair { ingress, egress };
        let written = bytes(&pair.message(link));
        prop_assert_eq!(BlockPair::read(&written), Ok(Some((link, pair))));
    }

    #[test]
    fn a_filter_is_read_as_it_was_written(
        priority: u16, handle in 1u32.., name in "[a-z_]{0,20}",
    ) {
        let mut message = filter_message(7, priority, handle);
        message.attributes.push(program_options(&name, 3));
        let expected = Filter {
            priority,
            handle,
            kind: "bpf".into(),
            name: Some(name),
            program_id: None,
            program_tag: None,
            is_direct_action: true,
        };
        prop_assert_eq!(Filter::read(&bytes(&message)), Ok(Some(expected)));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = Filter::read(&bytes);
        let _ = BlockPair::read(&bytes);
    }
}

#[test]
fn the_heading_of_a_dump_is_no_filter() {
    let heading = bytes(&filter_message(7, 1, 0));
    assert_eq!(Filter::read(&heading), Ok(None));
}
