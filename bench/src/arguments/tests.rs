//! What may be typed.

use super::*;

const NEEDED: &str = "--scratch /s --state /t --floor /f --results /r";

fn parse(text: &str) -> Result<Arguments, String> {
    let words: Vec<String> =
        text.split_whitespace().map(str::to_owned).collect();
    Arguments::parse(&words)
}

#[test]
fn all_is_measured_where_nothing_is_named() {
    let arguments = parse(NEEDED).unwrap();
    assert_eq!(arguments.workloads, Workload::ALL);
    assert_eq!(arguments.effort, Effort::Full);
    assert_eq!(arguments.programs, None);
}

#[test]
fn names_and_flags_stand_in_any_order() {
    let arguments = parse(&format!("pairs {NEEDED} --quick add")).unwrap();
    assert_eq!(arguments.workloads, [Workload::Pairs, Workload::Add]);
    assert_eq!(arguments.effort, Effort::Quick);
}

#[test]
fn what_is_missing_or_unknown_is_named() {
    assert!(parse("--scratch /s").unwrap_err().contains("--state"));
    assert!(parse(&format!("{NEEDED} del")).unwrap_err().contains("'del'"));
}
