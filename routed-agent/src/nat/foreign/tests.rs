//! Where rules of ours belong.

use tartan_hostnet::nft::{BaseChain, ChainKind};

use super::*;

fn forward(hook: Hook, policy: Policy) -> Chain {
    let kind = ChainKind::Filter;
    let base = Some(BaseChain { kind, hook, priority: 0, policy });
    Chain { name: FORWARD.to_owned(), base }
}

#[test]
fn rules_stand_only_where_forwarding_is_dropped() {
    let docker = Chain { name: DOCKER_USER.to_owned(), base: None };
    let odd = Chain { name: FORWARD.to_owned(), base: None };
    let drops = forward(Hook::Forward, Policy::Drop);
    let accepts = forward(Hook::Forward, Policy::Accept);
    let elsewhere = forward(Hook::Input, Policy::Drop);
    for (chains, expected) in [
        (vec![], None),
        (vec![docker.clone()], None),
        (vec![accepts, docker.clone()], None),
        (vec![odd, docker.clone()], None),
        (vec![elsewhere], None),
        (vec![drops.clone()], Some(FORWARD)),
        (vec![drops, docker], Some(DOCKER_USER)),
    ] {
        assert_eq!(place(&chains), expected, "{chains:?}");
    }
}

#[test]
fn what_is_wanted_is_one_rule_each_way() {
    let found = Foreign { place: Some(FORWARD), ..Foreign::default() };
    let ways: Vec<_> = found.wanted().rules.iter().map(|r| r.way).collect();
    assert_eq!(ways, [Some(Way::From), Some(Way::To)]);
    assert!(Foreign::default().wanted().rules.is_empty());
}
