//! Rules are read as they were written.

use netlink_packet_core::Emitable;
use proptest::prelude::*;

use super::*;

fn rule() -> impl Strategy<Value = Rule> {
    (any::<IpAddr>(), 256u32.., any::<u32>(), any::<u8>()).prop_map(
        |(from, table, priority, protocol)| Rule {
            from,
            table,
            priority,
            protocol,
        },
    )
}

fn written(message: &RuleMessage) -> Vec<u8> {
    let mut bytes = vec![0; message.buffer_len()];
    message.emit(&mut bytes);
    bytes
}

proptest! {
    #[test]
    fn a_rule_is_read_as_it_was_written(rule in rule()) {
        let bytes = written(&rule.message());
        prop_assert_eq!(Rule::read(&bytes), Ok(Some(rule)));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = Rule::read(&bytes);
    }
}

#[test]
fn a_rule_that_asks_for_more_than_a_sender_is_not_read() {
    let plain = || Rule::new("10.4.2.7".parse().unwrap(), 70_000, 1000);
    let mut wider = plain().message();
    wider.header.src_len = 24;
    let mut inverted = plain().message();
    inverted.header.flags = RuleFlags::Invert;
    let mut other = plain().message();
    other.header.action = RuleAction::Blackhole;
    let mut marked = plain().message();
    marked.attributes.push(RuleAttribute::FwMark(1));
    let mut suppressing = plain().message();
    suppressing.attributes.push(RuleAttribute::SuppressPrefixLen(0));
    for message in [wider, inverted, other, marked, suppressing] {
        assert_eq!(Rule::read(&written(&message)), Ok(None), "{message:?}");
    }
}

#[test]
fn a_rule_says_what_it_asks_for() {
    let rule = Rule::new("fd00:4::7".parse().unwrap(), 70_000, 1000);
    assert_eq!(rule.to_string(), "from fd00:4::7 lookup 70000");
}
