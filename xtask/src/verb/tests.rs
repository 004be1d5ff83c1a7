//! What may be typed.

use super::*;

fn parse(words: &[&str]) -> Result<Verb, String> {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    Verb::parse(&words)
}

#[test]
fn every_verb_of_the_usage_is_known() {
    let verbs = USAGE.lines().filter_map(|line| line.strip_prefix("  "));
    for line in verbs {
        let verb = line.split_whitespace().next().unwrap();
        assert!(parse(&[verb]).is_ok(), "{verb}");
    }
}

#[test]
fn a_wrong_call_is_named() {
    assert!(parse(&[]).unwrap_err().contains("missing"));
    assert!(parse(&["tydi"]).unwrap_err().contains("'tydi'"));
    assert!(parse(&["tidy", "now"]).unwrap_err().contains("'now'"));
}
