//! Messages say what the kernel needs to tell them apart.

use netlink_packet_core::NetlinkBuffer;

use super::*;

fn written(operation: &Operation) -> Vec<u8> {
    let mut bytes = vec![0xff; 4];
    write(&mut bytes, change(operation), 9, Reply::Verdict);
    bytes.split_off(4)
}

#[test]
fn a_message_says_its_length_number_and_wish() {
    let bytes = written(&Operation::DeleteLink { index: 3 });
    let header = NetlinkBuffer::new_checked(&bytes).unwrap();
    assert_eq!(header.length() as usize, bytes.len());
    assert_eq!(header.sequence_number(), 9);
    assert_eq!(header.flags(), NLM_F_REQUEST | NLM_F_ACK);
}

#[test]
fn every_message_ends_where_the_next_may_start() {
    let name = "x".to_owned();
    let link = LinkRef::Index(1);
    let bytes = written(&Operation::AddAltName { link, name });
    assert_eq!(bytes.len() % 4, 0);
}

#[test]
fn what_is_made_must_not_be_there_and_what_is_set_may() {
    let address = "10.4.2.7".parse().unwrap();
    let route = crate::Route::to_address(address, 3);
    let (_, add) = change(&Operation::AddRoute(route.clone()));
    let (_, replace) = change(&Operation::ReplaceRoute(route));
    assert_eq!(add & NLM_F_EXCL, NLM_F_EXCL);
    assert_eq!(replace & (NLM_F_EXCL | NLM_F_REPLACE), NLM_F_REPLACE);
}
