//! The lists are whole and in order.

use super::*;

#[test]
fn the_lists_are_in_the_order_of_their_steps_and_no_name_is_used_twice() {
    assert!(AddStep::ALL.is_sorted());
    assert!(DeleteStep::ALL.is_sorted());
    let mut names = names();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn the_class_is_in_the_kernel_before_either_end_comes_up() {
    assert!(AddStep::CreateLinks < AddStep::Classify);
    assert!(AddStep::Classify < AddStep::ContainerSide);
    assert!(AddStep::ContainerSide < AddStep::HostSide);
}
