//! Limits and the queues that they come to.

use super::*;

#[test]
fn a_limit_without_a_burst_lets_25_milliseconds_pass_at_once() {
    let limit = Limit { rate: 20_000_000, burst: None };
    let expected = Shaper { rate: 2_500_000, burst: 62_500, queue: 128_500 };
    assert_eq!(shaper(limit, 1500), expected);
}

#[test]
fn a_slow_limit_still_lets_a_packet_pass() {
    for burst in [None, Some(8)] {
        let limit = Limit { rate: Limit::LEAST, burst };
        let shaper = shaper(limit, 9000);
        assert_eq!(shaper.rate, 125);
        assert!(shaper.burst >= 9018, "{shaper}");
        assert!(u64::from(shaper.queue) >= LARGEST_PACKET_BYTES, "{shaper}");
    }
}

/// What an agent adopts whose run directory was lost goes on at the same pace.
#[test]
fn the_limit_of_a_pace_has_that_pace() {
    let rates = [1_000, 8_001, 20_000_000, 10_000_000_000, Limit::GREATEST];
    let bursts = [None, Some(1), Some(800_000), Some(4_294_967_294)];
    for rate in rates {
        for burst in bursts {
            for mtu in [1280, 1500, 65_535] {
                let first = shaper(Limit { rate, burst }, mtu);
                assert!(first.queue >= first.burst, "{first}");
                let again = shaper(limit(first.pace()), mtu);
                assert_eq!(again, first, "{rate} {burst:?} {mtu}");
            }
        }
    }
}
