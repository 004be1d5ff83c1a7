//! Sums over CPUs, and numbers that C knows too.

use super::*;

#[test]
fn traffic_of_an_endpoint_is_summed_over_cpus() {
    let cpu = abi::EndpointTraffic {
        passed: [abi::Traffic { packets: 1, bytes: 100 }; 2],
    };
    let mut drops = abi::EndpointDrops::default();
    drops.dropped[0][DropReason::SpoofedMac.number()] = 4;
    drops.dropped[1][DropReason::Malformed.number()] = 5;

    let sum = EndpointCounters::sum(&[cpu, cpu, cpu], &[drops]);

    let way = Direction::FromContainer;
    assert_eq!(sum.passed(way), Traffic { packets: 3, bytes: 300 });
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
