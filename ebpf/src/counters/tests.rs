//! Sums over CPUs, and numbers that C knows too.

use super::*;

#[test]
fn counters_of_an_endpoint_are_summed_over_cpus() {
    let mut one = abi::EndpointCounters {
        passed: [abi::Traffic { packets: 1, bytes: 100 }; 2],
        dropped: [[0; abi::DROP_REASONS]; 2],
    };
    one.dropped[0][DropReason::SpoofedMac.number()] = 2;
    let mut other = one;
    other.dropped[1][DropReason::Malformed.number()] = 5;

    let sum = EndpointCounters::sum(&[one, other]);

    let way = Direction::FromContainer;
    assert_eq!(sum.passed(way), Traffic { packets: 2, bytes: 200 });
    assert_eq!(sum.dropped(way, DropReason::SpoofedMac), 4);
    assert_eq!(sum.dropped_in_all(way), 4);
    assert_eq!(sum.dropped(Direction::ToContainer, DropReason::Malformed), 5);
}

#[test]
fn every_reason_has_its_own_number_and_name() {
    for (index, reason) in DropReason::ALL.into_iter().enumerate() {
        assert_eq!(reason.number(), index + 1, "{reason}");
        let name = reason.as_str();
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        let same = DropReason::ALL.iter().filter(|r| r.as_str() == name);
        assert_eq!(same.count(), 1, "{name}");
    }
}

#[test]
fn numbers_of_no_direction_and_no_verdict_are_none() {
    assert_eq!(Direction::from_number(1), Some(Direction::ToContainer));
    assert_eq!(Direction::from_number(2), None);
    assert_eq!(Verdict::from_number(1), Some(Verdict::Dropped));
    assert_eq!(Verdict::from_number(9), None);
}
