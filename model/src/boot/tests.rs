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
