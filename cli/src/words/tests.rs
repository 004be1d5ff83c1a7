//! Values as people read them, as tables.

use super::*;

#[test]
fn bytes_are_in_the_unit_that_fits() {
    for (number, text) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (9830, "9.6 KiB"),
        ((1 << 20) - 1, "1.0 MiB"),
        (5 << 30, "5.0 GiB"),
        (u64::MAX, "16.0 EiB"),
    ] {
        assert_eq!(bytes(number), text);
    }
}

#[test]
fn counts_agree_with_their_nouns() {
    assert_eq!(count(0, "pool", "pools"), "0 pools");
    assert_eq!(count(1, "pool", "pools"), "1 pool");
    assert_eq!(count(2, "pool", "pools"), "2 pools");
}
