//! Numbers for links stay above the kernel's and differ.

use super::*;

fn link(index: u32) -> Link {
    Link { index, ..Link::default() }
}

#[test]
fn numbers_start_above_the_floor_and_differ() {
    let indexes = LinkIndexes::above(&[link(1), link(7)]);
    assert_eq!(indexes.next(), LinkIndexes::FLOOR + 1);
    assert_eq!(indexes.next(), LinkIndexes::FLOOR + 2);
}

#[test]
fn numbers_start_above_the_links_that_exist() {
    let indexes = LinkIndexes::above(&[link(2_000_000), link(3)]);
    assert_eq!(indexes.next(), 2_000_001);
}

#[test]
fn the_highest_number_is_followed_by_the_lowest() {
    let indexes = LinkIndexes::above(&[link(i32::MAX as u32 - 1)]);
    assert_eq!(indexes.next(), i32::MAX as u32);
    assert_eq!(indexes.next(), LinkIndexes::FLOOR + 1);
}
