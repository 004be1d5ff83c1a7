//! How a table looks.

use super::*;
use crate::row::{Goal, Question};
use crate::statistics::Estimate;

fn question() -> Question {
    Question {
        metric: "ADD".to_owned(),
        unit: "ms",
        peer_name: "bridge",
        goal: Some(Goal::AtMost(0.3)),
    }
}

#[test]
fn columns_stand_below_each_other() {
    let by = Estimate { value: 0.2, low: 0.18, high: 0.4 };
    let rows =
        [question().answered(1.5, 7.25, by), question().without_ours(125.4)];
    let text = table(&rows);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "metric        unit  ours   peer   ratio  95 %         goal     met"
    );
    assert_eq!(
        lines[1],
        "ADD / bridge  ms    1.500  7.250  0.200  0.180-0.400  <= 0.30  NO"
    );
    assert_eq!(
        lines[2],
        "ADD / bridge  ms    -      125    -      -            <= 0.30  -"
    );
}
