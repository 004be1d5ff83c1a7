//! The rules fit the chains and the sets.

use super::*;

#[test]
fn every_rule_has_a_chain_and_a_comment_of_its_own_digest() {
    let chains = chains();
    for rule in rules() {
        let comment = rule.comment.unwrap();
        assert!(comment.len() <= 100, "{comment}");
        assert!(comment.ends_with(')'), "{comment}");
        assert!(chains.iter().any(|chain| chain.name == rule.chain));
    }
}

#[test]
fn every_set_is_asked_and_every_set_asked_is_there() {
    let made: BTreeSet<String> =
        sets().into_iter().map(|set| set.name).collect();
    let mut asked = BTreeSet::new();
    for expression in rules().into_iter().flat_map(|rule| rule.expressions) {
        if let E::In(set, _) | E::Map(set, ..) = expression {
            asked.insert(set.to_owned());
        }
    }
    assert_eq!(made, asked);
    assert_eq!(made, set_names().map(str::to_owned).collect());
}

#[test]
fn the_digest_of_a_rule_is_of_what_it_does() {
    let one = rule("a", "says", [link(Meta::InName)]);
    let other = rule("a", "says", [link(Meta::OutName)]);
    assert_ne!(one.comment, other.comment);
    assert_eq!(one, rule("a", "says", [link(Meta::InName)]));
}
