//! Lengths of blocks in both families.

use super::*;

fn cidrs(texts: &[&str]) -> Vec<Prefix> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn one_length_says_how_many_addresses_a_block_has_in_both_families() {
    let (v4, v6) = ("10.77.0.0/16", "fd00:77::/64");
    for (length, cidrs, v4, v6) in [
        (26, cidrs(&[v4]), Some(26), Some(122)),
        (26, cidrs(&[v4, v6]), Some(26), Some(122)),
        (122, cidrs(&[v4, v6]), Some(26), Some(122)),
        (120, cidrs(&[v6]), Some(24), Some(120)),
        (32, cidrs(&[v4]), Some(32), Some(128)),
    ] {
        let found = block_lengths(length, &cidrs).unwrap();
        assert_eq!(found, (v4, v6), "{length}");
    }
}

#[test]
fn a_block_is_not_larger_than_its_pool_nor_smaller_than_an_address() {
    for (length, cidr) in [
        (15, "10.77.0.0/16"),
        (64, "10.77.0.0/16"),
        (26, "fd00:77::/64"),
        (63, "fd00:77::/64"),
        (129, "fd00:77::/64"),
        (255, "10.77.0.0/16"),
    ] {
        assert!(
            block_lengths(length, &cidrs(&[cidr])).is_err(),
            "{length} {cidr}"
        );
    }
}
