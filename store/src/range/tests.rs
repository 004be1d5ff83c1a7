//! Which keys a range has.

use proptest::prelude::*;

use super::*;

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

#[test]
fn a_range_has_its_keys_and_no_others() {
    let prefix = Range::prefix("blocks/4/");
    let one = Range::one(&key("hosts/a"));
    let between = Range::between("blocks/4/0a00", "blocks/4/0a40");
    let table = [
        (&prefix, "blocks/4/0a00-26", true),
        (&prefix, "blocks/6/0a00-26", false),
        (&prefix, "blocks/4", false),
        (&one, "hosts/a", true),
        (&one, "hosts/a-", false),
        (&one, "hosts/a/b", false),
        (&between, "blocks/4/0a00-26", true),
        (&between, "blocks/4/0a3f-32", true),
        (&between, "blocks/4/0a40-26", false),
        (&between, "blocks/4/09ff-26", false),
    ];
    for (range, text, inside) in table {
        assert_eq!(range.contains(&key(text)), inside, "{text} in {range}");
    }
}

#[test]
fn a_range_reads_as_it_was_made() {
    assert_eq!(Range::prefix("blocks/").to_string(), "blocks/*");
    assert_eq!(Range::one(&key("hosts/a")).to_string(), "hosts/a");
    assert_eq!(Range::between("a", "b").to_string(), "a..b");
}

#[test]
fn a_range_with_confused_ends_is_void() {
    assert!(Range::between("b", "a").is_void());
    assert!(Range::between("a", "a").is_void());
    assert!(!Range::all().is_void());
}

proptest! {
    #[test]
    fn a_prefix_range_is_what_starts_with_it(
        parts in prop::collection::vec("[ab./]{1,3}", 1..3),
        prefix in "[ab/.]{0,4}",
    ) {
        let texts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let key = Key::new(&texts);
        prop_assert_eq!(
            Range::prefix(&prefix).contains(&key),
            key.as_str().starts_with(&prefix)
        );
    }
}
