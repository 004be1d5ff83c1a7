//! Containment of blocks is a range of keys.

use super::*;

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

#[test]
fn a_block_is_at_the_place_that_the_contract_names() {
    let key = block(prefix("10.77.0.0/28"));
    assert_eq!(key.as_str(), "blocks/4/0a4d0000-28");
    assert_eq!(block_of(&key), Some(prefix("10.77.0.0/28")));
}

#[test]
fn the_range_of_a_prefix_holds_its_blocks_and_no_others() {
    let range = blocks_within(prefix("10.77.0.0/26"));
    for inside in
        ["10.77.0.0/26", "10.77.0.0/24", "10.77.0.48/28", "10.77.0.63/32"]
    {
        assert!(range.contains(&block(prefix(inside))), "{inside}");
    }
    for outside in ["10.77.0.64/28", "10.76.255.0/24", "fd00::/122"] {
        assert!(!range.contains(&block(prefix(outside))), "{outside}");
    }
}

#[test]
fn the_end_of_a_family_is_in_range() {
    let range = blocks_within(prefix("255.255.255.0/24"));
    assert!(range.contains(&block(prefix("255.255.255.255/32"))));
    let range = blocks_within(prefix("ff00::/8"));
    let last = prefix("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
    assert!(range.contains(&block(last)));
}

#[test]
fn a_key_that_names_no_block_is_none() {
    let key = Key::new(&["blocks", "4", "0a4d0001-28"]);
    assert_eq!(block_of(&key), None);
}
