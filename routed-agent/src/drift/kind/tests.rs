//! What people are told can be shown to them.

use super::{Difference, Kind};

#[test]
fn names_that_a_container_chose_do_not_reach_a_terminal_raw() {
    let table = [
        ("name eth0", "name eth0"),
        ("it's \"lan\\0\"", "it's \"lan\\0\""),
        ("name \u{1b}[2J\r\n", "name \\u{1b}[2J\\r\\n"),
        ("name \u{9b}\u{202e}x", "name \\u{9b}\\u{202e}x"),
    ];
    for (found, expected) in table {
        let said = Difference::new(Kind::InsideName, found).found;
        assert_eq!(said, expected);
    }
}

#[test]
fn what_keeps_packets_judged_is_repaired_and_not_only_told() {
    for kind in [Kind::Keeper, Kind::Filter, Kind::Qdisc, Kind::MapEntry] {
        assert!(kind.keeps_packets_judged() && !kind.is_only_told());
    }
    assert!(!Kind::HostLink.keeps_packets_judged());
}
