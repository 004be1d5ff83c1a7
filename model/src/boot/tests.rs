//! Generations only rise.

use super::*;

#[test]
fn a_generation_is_above_the_last_and_not_below_the_clock() {
    assert_eq!(Generation(5).next(3), Generation(6));
    assert_eq!(Generation(5).next(100), Generation(100));
}

#[test]
fn a_host_link_name_has_at_most_15_bytes() {
    assert_eq!(Generation(Generation::MAX).host_link_name().len(), 15);
    assert_eq!(Generation(0x1a2b).host_link_name(), "tt0000000001a2b");
}

#[test]
fn a_clock_that_is_far_off_does_not_use_the_generations_up() {
    let year_2126 = 4_922_000_000_000_000;
    assert_eq!(Generation(5).next(year_2126), Generation(6));
    assert_eq!(Generation(5).next(u64::MAX), Generation(6));
}

#[test]
fn a_generation_too_high_for_a_name_is_not_read() {
    let text = (Generation::MAX + 1).to_string();
    assert!(serde_json::from_str::<Generation>(&text).is_err());
}
