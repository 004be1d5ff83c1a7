//! Whatever the bytes are, reading ends with a value or an error.

use proptest::prelude::*;

use super::*;
use crate::netfilter::Attributes;
use crate::nft::{Meta, Register, Verdict};

#[test]
fn a_rule_that_counts_does_what_it_says_all_the_same() {
    let wanted = [
        Expression::Meta(Meta::InName, Register(0)),
        Expression::Count,
        Expression::Verdict(Verdict::Accept),
    ];
    let list = Expression::list(&wanted);
    let seen = RuleSeen {
        table: "filter".into(),
        chain: "FORWARD".into(),
        handle: 1,
        comment: None,
        expressions: expressions(list.as_bytes()).unwrap(),
    };
    assert!(seen.does(&wanted));
    assert!(seen.does(&[wanted[0].clone(), wanted[2].clone()]));
    assert!(!seen.does(&wanted[..2]));
    assert!(!seen.does(&[wanted[2].clone(), wanted[0].clone()]));
    assert_eq!(seen.iptables_comment(), None);
}

#[test]
fn types_are_read_as_they_are_written() {
    let fields = [Field::Address(Family::V6), Field::Protocol, Field::Port];
    assert_eq!(types(Field::types(&fields)), Some(fields.to_vec()));
    assert_eq!(types(0), Some(Vec::new()));
    assert_eq!(types(19), None);
}

/// Attributes in attributes, as many as a message has room for.
fn nested(times: usize) -> Attributes {
    let inmost = Attributes::new().with(1, b"x");
    (0..times).fold(inmost, |inner, _| Attributes::new().nested(1, &inner))
}

#[test]
fn a_value_that_looks_endlessly_nested_is_read_to_an_end() {
    let data = Attributes::new().nested(1, &nested(16_000));
    let expression = Attributes::new().text(1, "match").nested(2, &data);
    let list = Attributes::new().nested(1, &expression);
    let table = Attributes::new().text(1, "filter").nested(4, &list);
    let payload = [&[0; HEADER_BYTES][..], table.as_bytes()].concat();
    let seen = rule(&payload).unwrap().unwrap();
    assert_eq!(seen.table, "filter");
    assert!(!seen.does(&[]));
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd(
        bytes in proptest::collection::vec(any::<u8>(), 0..200)
    ) {
        let _ = name(&bytes);
        let _ = chain(&bytes);
        let _ = rule(&bytes);
        let _ = set(&bytes);
        let _ = elements(&bytes, "set");
        let _ = expressions(&bytes);
        let _ = comment(&bytes);
    }
}
