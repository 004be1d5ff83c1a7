//! When repairing stops, and when it goes on.

use std::time::{Duration, Instant};

use super::{Cause, Patience, Verdict};

use Cause::{Change, Sweep};
use Verdict::{GiveUp, Leave, Repair, RepairAndTell};

/// Changes at these seconds, why they were seen, and the verdicts.
type Story = (&'static str, &'static [(u64, Cause, Verdict)]);

const STORIES: &[Story] = &[
    ("once", &[(0, Change, Repair)]),
    (
        "four times in a minute",
        &[
            (0, Change, Repair),
            (1, Change, Repair),
            (2, Change, Repair),
            (3, Change, Repair),
        ],
    ),
    (
        "five times in a minute",
        &[
            (0, Change, Repair),
            (10, Change, Repair),
            (20, Change, Repair),
            (30, Change, Repair),
            (59, Change, GiveUp),
            (61, Change, Leave),
            (600, Sweep, Leave),
        ],
    ),
    (
        "five times in more than a minute",
        &[
            (0, Change, Repair),
            (20, Change, Repair),
            (40, Change, Repair),
            (59, Change, Repair),
            (61, Change, Repair),
            (62, Change, GiveUp),
        ],
    ),
];

#[test]
fn the_fifth_change_within_a_minute_is_not_repaired() {
    let start = Instant::now();
    for (name, story) in STORIES {
        let mut patience = Patience::default();
        for (second, cause, expected) in *story {
            let now = start + Duration::from_secs(*second);
            let verdict = patience.judge(&"link", *cause, now);
            assert_eq!(verdict, *expected, "{name}, second {second}");
        }
    }
}

fn given_up(at: Instant) -> Patience<&'static str> {
    let mut patience = Patience::default();
    for _ in 0..5 {
        patience.judge(&"link", Change, at);
    }
    patience
}

#[test]
fn a_quiet_minute_makes_it_go_on_and_a_change_begins_the_minute_again() {
    let start = Instant::now();
    let at = |second| start + Duration::from_secs(second);
    let mut patience = given_up(start);
    assert!(patience.calm_down(at(59)).is_empty());
    // A sweep that still finds it is no change.
    patience.judge(&"link", Sweep, at(30));
    patience.judge(&"link", Change, at(40));
    assert!(patience.calm_down(at(99)).is_empty());
    assert_eq!(patience.given_up(), ["link"]);
    assert_eq!(patience.calm_down(at(100)), ["link"]);
    assert_eq!(patience.judge(&"link", Change, at(101)), Repair);
}

#[test]
fn whoever_asks_makes_it_go_on_at_once() {
    let start = Instant::now();
    let mut patience = given_up(start);
    assert_eq!(patience.forgive(), ["link"]);
    assert!(patience.given_up().is_empty());
    assert_eq!(patience.judge(&"link", Change, start), Repair);
}

#[test]
fn things_do_not_answer_for_each_other_and_are_forgotten() {
    let start = Instant::now();
    let mut patience = given_up(start);
    assert_eq!(patience.judge(&"route", Change, start), Repair);
    let later = start + Duration::from_secs(60);
    assert_eq!(patience.calm_down(later), ["link"]);
    assert!(patience.0.is_empty());
}

#[test]
fn what_is_never_given_up_is_always_repaired_and_told_once_a_minute() {
    let start = Instant::now();
    let mut patience = Patience::default();
    let verdicts: Vec<_> = (0..200)
        .map(|second| {
            patience.keep(&"filter", start + Duration::from_secs(second))
        })
        .collect();
    let told: Vec<_> =
        (0..200).filter(|n| verdicts[*n] == RepairAndTell).collect();
    assert_eq!(told, [4, 64, 124, 184]);
    assert!(verdicts.iter().all(|v| [Repair, RepairAndTell].contains(v)));
    assert!(patience.given_up().is_empty());
    let quiet = start + Duration::from_secs(199 + 60);
    assert!(patience.calm_down(quiet).is_empty());
    assert!(patience.0.is_empty());
}
