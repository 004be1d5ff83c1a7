//! Answers are read as the kernel writes them, and nothing makes it panic.

use proptest::prelude::*;

use super::*;

fn message(kind: u16, flags: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend((16 + payload.len() as u32).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn refusal(errno: i32, copy: &[u8], text: &str) -> Vec<u8> {
    let mut payload = (-errno).to_ne_bytes().to_vec();
    payload.extend(copy);
    payload.extend((4 + text.len() as u16 + 1).to_ne_bytes());
    payload.extend(ATTR_MSG.to_ne_bytes());
    payload.extend(text.as_bytes());
    payload.push(0);
    payload
}

fn all(bytes: &[u8]) -> Vec<Answer<'_>> {
    answers(bytes).map(Result::unwrap).collect()
}

#[test]
fn a_refusal_carries_the_words_of_the_kernel() {
    let copy = message(24, 0, 7, &[]);
    let payload = refusal(17, &copy, "no");
    let bytes = message(NLMSG_ERROR, ACK_TLVS | CAPPED, 7, &payload);
    let text = Some("no".to_owned());
    let flags = ACK_TLVS | CAPPED;
    let verdict = Answer::Verdict { sequence: 7, flags, errno: 17, text };
    assert_eq!(all(&bytes), [verdict]);
}

#[test]
fn the_words_are_found_behind_an_uncapped_copy() {
    let copy = message(24, 0, 7, &[1; 20]);
    let payload = refusal(17, &copy, "no");
    let bytes = message(NLMSG_ERROR, ACK_TLVS, 7, &payload);
    let text = Some("no".to_owned());
    let flags = ACK_TLVS;
    let verdict = Answer::Verdict { sequence: 7, flags, errno: 17, text };
    assert_eq!(all(&bytes), [verdict]);
}

#[test]
fn an_end_without_number_is_success() {
    let bytes = message(NLMSG_DONE, 0, 3, &[]);
    let verdict =
        Answer::Verdict { sequence: 3, flags: 0, errno: 0, text: None };
    assert_eq!(all(&bytes), [verdict]);
}

#[test]
fn several_messages_in_one_datagram_are_all_read() {
    let mut bytes = message(16, 2, 3, b"abcde");
    bytes.extend(message(NLMSG_NOOP, 0, 0, &[]));
    bytes.extend(message(NLMSG_DONE, 0, 3, &0i32.to_ne_bytes()));
    let item = Answer::Item { sequence: 3, flags: 2, payload: b"abcde" };
    let end = Answer::Verdict { sequence: 3, flags: 0, errno: 0, text: None };
    assert_eq!(all(&bytes), [item, end]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_run_for_ever(bytes: Vec<u8>) {
        prop_assert!(answers(&bytes).count() <= bytes.len());
    }

    #[test]
    fn no_change_of_a_good_answer_makes_it_panic(
        at in 0usize..64, value: u8,
    ) {
        let copy = message(24, 0, 7, &[1; 20]);
        let mut bytes =
            message(NLMSG_ERROR, ACK_TLVS, 7, &refusal(17, &copy, "no"));
        if let Some(byte) = bytes.get_mut(at) {
            *byte = value;
        }
        let _ = answers(&bytes).count();
    }
}
