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
        let place = FilterPlace::Block(7);
        let mut message = filter_message(place, priority, handle);
        let options = program_options(&name, 3, FilterTask::Judge);
        message.attributes.push(options);
        let expected = Filter {
            priority,
            handle,
            kind: "bpf".into(),
            name: Some(name),
            program_id: None,
            program_tag: None,
            is_direct_action: true,
            redirects_to: None,
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
    let heading = bytes(&filter_message(FilterPlace::Ingress(7), 1, 0));
    assert_eq!(Filter::read(&heading), Ok(None));
}

#[test]
fn a_redirection_is_read_as_it_was_written() {
    let mut message = filter_message(FilterPlace::Ingress(7), 2, 1);
    let options = program_options("limited", 3, FilterTask::Redirect(9));
    message.attributes.push(options);
    let found = Filter::read(&bytes(&message)).unwrap().unwrap();
    assert_eq!(found.redirects_to, Some(9));
    assert!(!found.is_direct_action);
}
