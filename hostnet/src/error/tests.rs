//! Refusals are told apart, and say what was attempted.

use std::num::NonZeroU32;

use super::*;

fn failure(index: usize, errno: Errno, text: Option<&str>) -> Failure {
    let group = NonZeroU32::new(116).unwrap();
    let operation = Operation::DeleteGroup { group };
    Failure::new(index, operation, errno as i32, text.map(Into::into))
}

#[test]
fn a_refusal_says_what_was_attempted_and_what_the_kernel_said() {
    let error = failure(0, Errno::EINVAL, Some("Too bad"));
    assert_eq!(
        error.to_string(),
        "cannot delete the links of group 116: EINVAL: Invalid argument \
         (Too bad)"
    );
}

#[test]
fn a_batch_is_absent_where_nothing_else_went_wrong() {
    let gone = |index| failure(index, Errno::ENODEV, None);
    let both = BatchError::Refused { failures: vec![gone(0), gone(3)] };
    assert!(both.is_absent() && !both.is_exists());
    let busy = failure(1, Errno::EBUSY, None);
    let mixed = BatchError::Refused { failures: vec![busy, gone(2)] };
    assert!(!mixed.is_absent() && mixed.is_exists());
    assert_eq!(mixed.errno(), Some(Errno::EBUSY as i32));
}
