//! Queues and classes are read as they were written.

use netlink_packet_core::Emitable;
use proptest::prelude::*;

use super::*;

fn bytes(message: &TcMessage) -> Vec<u8> {
    let mut bytes = vec![0; message.buffer_len()];
    message.emit(&mut bytes);
    bytes
}

proptest! {
    #[test]
    fn a_token_bucket_is_read_as_it_was_written(
        link in 1u32..9999, rate: u64, burst: u32, queue: u32,
    ) {
        let shaper = Shaper { rate, burst, queue };
        let expected = Queue {
            link,
            parent: Queue::ROOT,
            handle: 0,
            kind: QueueKind::TokenBucket(shaper.pace()),
        };
        let written = bytes(&token_bucket(link, &shaper));
        prop_assert_eq!(Queue::read(&written), Ok(Some(expected)));
    }

    #[test]
    fn a_class_is_read_as_it_was_written(id: u32, rate: u64, burst: u32) {
        let shaper = Shaper { rate, burst, queue: 0 };
        let written = bytes(&class(7, id, &shaper));
        prop_assert_eq!(Class::read(&written), Ok(Some(Class { id, rate })));
    }

    #[test]
    fn a_waiting_room_is_read_as_it_was_written(class: u32, limit: u32) {
        let found = Queue::read(&bytes(&waiting_room(7, class, limit)));
        let found = found.unwrap().unwrap();
        prop_assert_eq!(found.kind, QueueKind::Bytes(limit));
        prop_assert_eq!(found.parent, class);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = Queue::read(&bytes);
        let _ = Class::read(&bytes);
    }
}

#[test]
fn a_burst_longer_than_the_kernel_can_tell_is_the_longest() {
    let slow = Shaper { rate: 125, burst: u32::MAX, queue: 0 };
    assert_eq!(slow.ticks(), u32::MAX);
    let plain = Shaper { rate: 2_500_000, burst: 62_500, queue: 0 };
    assert_eq!(plain.ticks(), 390_625); // 25 ms
}
