//! When things are looked at, quiet ones and others.

use std::time::{Duration, Instant};

use super::{Pace, QUIET, SETTLE};
use crate::drift::patience::Cause;

#[test]
fn what_happens_together_is_looked_at_once_after_a_short_while() {
    let now = Instant::now();
    let mut pace = Pace::default();
    for millisecond in 0..10 {
        let at = now + Duration::from_millis(millisecond);
        pace.mark("link", Cause::Change, at);
    }
    assert_eq!(pace.next(now), None);
    assert_eq!(pace.deadline(), Some(now + SETTLE));
    assert_eq!(pace.next(now + SETTLE), Some(("link", Cause::Change)));
    assert_eq!(pace.next(now + SETTLE), None);
    assert_eq!(pace.deadline(), None);
}

/// How often a thing is looked at that changes each millisecond, and the
/// longest time between two looks.
#[test]
fn what_does_not_become_quiet_is_looked_at_rarely_and_within_a_second() {
    let start = Instant::now();
    let mut pace = Pace::default();
    let (mut looks, mut last, mut longest) = (0, start, Duration::ZERO);
    for millisecond in 0..10_000 {
        let now = start + Duration::from_millis(millisecond);
        pace.mark("link", Cause::Change, now);
        if pace.next(now).is_some() {
            longest = longest.max(now - last);
            (looks, last) = (looks + 1, now);
        }
    }
    assert!((18..=32).contains(&looks), "{looks}");
    assert!(longest < Duration::from_secs(1), "{longest:?}");
}

#[test]
fn a_change_found_in_a_sweep_counts_as_a_change() {
    let now = Instant::now();
    let mut pace = Pace::default();
    pace.mark("link", Cause::Sweep, now);
    pace.mark("link", Cause::Change, now);
    pace.mark("link", Cause::Sweep, now);
    assert_eq!(pace.next(now + SETTLE), Some(("link", Cause::Change)));
}

#[test]
fn what_is_quiet_is_forgotten() {
    let now = Instant::now();
    let mut pace = Pace::default();
    pace.mark("link", Cause::Change, now);
    pace.next(now + SETTLE);
    pace.calm_down(now + SETTLE + QUIET);
    assert!(pace.looked.is_empty());
}
