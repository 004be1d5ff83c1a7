//! Prefixes at their edges.

use proptest::prelude::*;

use super::*;

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

#[test]
fn host_bits_are_refused_with_what_was_meant() {
    assert_eq!(
        "10.77.0.1/16".parse::<Prefix>().unwrap_err().to_string(),
        "'10.77.0.1/16' has bits set behind its length; did you mean \
         10.77.0.0/16?"
    );
}

#[test]
fn what_is_no_prefix_is_refused() {
    for text in ["", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129"] {
        assert!(text.parse::<Prefix>().is_err(), "{text:?}");
    }
    assert!("10.0.0.0/+8".parse::<Prefix>().is_err());
}

#[test]
fn the_whole_of_ipv6_has_first_and_last() {
    let all = prefix("::/0");
    assert_eq!(all.size(), None);
    assert_eq!(
        all.last().to_string(),
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    );
    assert_eq!(prefix("0.0.0.0/0").last().to_string(), "255.255.255.255");
}

#[test]
fn families_never_contain_each_other() {
    assert!(!prefix("::/0").contains("10.0.0.1".parse().unwrap()));
    assert!(!prefix("0.0.0.0/0").overlaps(prefix("::/0")));
}

proptest! {
    #[test]
    fn nth_and_offset_are_inverse(start: u32, length in 8u8..=32, pick: u32) {
        let prefix =
            Prefix::containing(Ipv4Addr::from_bits(start).into(), length)
                .unwrap();
        let offset = u128::from(pick) % prefix.size().unwrap();
        let address = prefix.nth(offset).unwrap();
        prop_assert_eq!(prefix.offset_of(address), Some(offset));
    }

    #[test]
    fn halves_cover_their_prefix_and_do_not_overlap(
        start: u128, length in 0u8..128,
    ) {
        let whole =
            Prefix::containing(Ipv6Addr::from_bits(start).into(), length)
                .unwrap();
        let [lower, upper] = whole.halves().unwrap();
        prop_assert!(whole.covers(lower) && whole.covers(upper));
        prop_assert!(!lower.overlaps(upper));
        prop_assert_eq!(upper.last(), whole.last());
    }
}
