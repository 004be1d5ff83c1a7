//! When a goal is met.

use super::*;

#[test]
fn a_goal_is_met_by_the_whole_interval() {
    let ratio = |low, high| Estimate { value: 0.28, low, high };
    assert!(Goal::AtMost(0.3).is_met_by(ratio(0.27, 0.30)));
    assert!(!Goal::AtMost(0.3).is_met_by(ratio(0.27, 0.31)));
    assert!(Goal::AtLeast(4.0).is_met_by(ratio(4.0, 5.0)));
    assert!(!Goal::AtLeast(4.0).is_met_by(ratio(3.9, 5.0)));
}

#[test]
fn a_row_is_written_with_its_goal_as_text() {
    let question = Question {
        metric: "ADD, median".to_owned(),
        unit: "ms",
        peer_name: "bridge",
        goal: Some(Goal::AtMost(0.3)),
    };
    let by = Estimate { value: 0.2, low: 0.1, high: 0.25 };
    let row = question.answered(1.0, 5.0, by);
    let written = serde_json::to_value(&row).unwrap();
    assert_eq!(written["goal"], "<= 0.30");
    assert_eq!(written["met"], true);
    assert_eq!(written["peer_name"], "bridge");
}
