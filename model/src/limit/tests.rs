//! Two limits at once, and how they are said.

use super::*;

fn limit(rate: u64, burst: Option<u64>) -> Option<Limit> {
    Some(Limit { rate, burst })
}

#[test]
fn of_two_limits_the_stricter_holds_in_each_direction() {
    let network = Limits {
        from_container: limit(20_000_000, Some(800_000)),
        to_container: None,
    };
    let request = Limits {
        from_container: limit(30_000_000, Some(400_000)),
        to_container: limit(5_000, None),
    };
    let both = Limits {
        from_container: limit(20_000_000, Some(400_000)),
        to_container: limit(5_000, None),
    };
    assert_eq!(network.and(request), both);
    assert_eq!(request.and(network), both);
    assert_eq!(request.and(Limits::default()), request);
    assert!(Limits::default().is_none());
}

#[test]
fn a_limit_is_said_in_the_largest_unit_that_is_exact() {
    for (rate, said) in [
        (1_000, "1 kbit/s"),
        (1_001, "1001 bit/s"),
        (20_000_000, "20 Mbit/s"),
        (3_000_000_000, "3 Gbit/s"),
    ] {
        assert_eq!(Limit { rate, burst: None }.to_string(), said);
    }
    let limits = Limits {
        from_container: limit(1_000, None),
        to_container: limit(20_000_000, None),
    };
    assert_eq!(limits.to_string(), "1 kbit/s from it, 20 Mbit/s to it");
    assert_eq!(Limits::default().to_string(), "none");
}
