//! Figures that are known.

use super::*;

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-9
}

#[test]
fn percentiles_lie_between_samples() {
    let samples = [4.0, 1.0, 3.0, 2.0];
    for (share, expected) in [(0.0, 1.0), (0.5, 2.5), (1.0, 4.0), (0.25, 1.75)]
    {
        assert!(near(percentile(&samples, share), expected), "{share}");
    }
    assert!(near(median(&[7.0]), 7.0));
    assert!(median(&[]).is_nan());
}

#[test]
fn equal_blocks_leave_no_doubt() {
    let ratio = ratio_of_blocks(&[1.0; 9], &[4.0; 9]);
    assert!(near(ratio.value, 0.25));
    assert!(near(ratio.low, 0.25) && near(ratio.high, 0.25));
}

#[test]
fn the_interval_holds_the_value_and_is_the_same_each_time() {
    let ours: Vec<f64> = (1..=15).map(f64::from).collect();
    let theirs = vec![10.0; 15];
    let ratio = ratio_of_blocks(&ours, &theirs);
    assert!(near(ratio.value, 0.8));
    assert!(ratio.low < ratio.value && ratio.value < ratio.high);
    assert_eq!(ratio, ratio_of_blocks(&ours, &theirs));
}

#[test]
fn percentiles_are_taken_over_all_blocks() {
    let ours = vec![vec![1.0, 1.0], vec![1.0, 9.0]];
    let theirs = vec![vec![3.0, 3.0], vec![3.0, 3.0]];
    let ratio = ratio_of_percentiles(&ours, &theirs, 1.0);
    assert!(near(ratio.value, 3.0));
    assert!(ratio.low <= 3.0 && ratio.high >= ratio.low);
}
