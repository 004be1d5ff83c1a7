//! Addresses asked for by name.

use super::*;

#[test]
fn i_008_a_requested_address_is_given() {
    let mut host = Host::with("10.77.0.0/16");
    for wanted in ["10.77.200.9", "10.77.0.1", "10.77.200.10"] {
        assert_eq!(host.request_ip(wanted, wanted, at(0)), Ok(ip(wanted)));
    }
}

#[test]
fn i_008_the_other_family_is_chosen_for_it() {
    let mut host =
        Host::new(vec![pool("default", &["10.77.0.0/16", "fd00::/64"])]);
    let mut fixed = request("c1");
    fixed.requested = vec![ip("fd00::abc")];
    let given = host.ask(fixed, at(0)).unwrap().addresses;
    assert_eq!(given.len(), 2);
    assert_eq!(given[1], ip("fd00::abc"));
}

#[test]
fn i_009_a_requested_address_that_cannot_be_given_is_an_error() {
    let mut host = Host::with("10.77.0.0/24");
    host.ledger.set_reserved([ip("10.77.0.77")].into());
    host.request_ip("holder", "10.77.0.5", at(0)).unwrap();
    host.publish(at(0));
    let default = || pool_name("default");
    for (wanted, expected) in [
        (
            "10.77.0.5",
            AssignError::RequestedInUse {
                ip: ip("10.77.0.5"),
                by: who("holder"),
            },
        ),
        (
            "10.78.0.1",
            AssignError::RequestedOutsidePools {
                ip: ip("10.78.0.1"),
                pools: crate::PoolNames(vec![default()]),
            },
        ),
        (
            "fd00::1",
            AssignError::RequestedOutsidePools {
                ip: ip("fd00::1"),
                pools: crate::PoolNames(vec![default()]),
            },
        ),
        (
            "10.77.0.0",
            AssignError::RequestedExcluded {
                ip: ip("10.77.0.0"),
                pool: default(),
                why: Exclusion::OfThePool,
            },
        ),
        (
            "10.77.0.255",
            AssignError::RequestedExcluded {
                ip: ip("10.77.0.255"),
                pool: default(),
                why: Exclusion::OfThePool,
            },
        ),
        (
            "10.77.0.77",
            AssignError::RequestedExcluded {
                ip: ip("10.77.0.77"),
                pool: default(),
                why: Exclusion::Reserved,
            },
        ),
    ] {
        let got = host.request_ip("c1", wanted, at(0));
        assert_eq!(got, Err(expected), "{wanted}");
        assert!(host.ledger.by_attachment(&who("c1")).is_none());
    }
    assert!(host.ledger.dirty().is_empty());
}

#[test]
fn i_009_two_of_a_family_are_refused_whole() {
    let mut host = Host::with("10.77.0.0/24");
    let mut both = request("c1");
    both.requested = ["10.77.0.5", "10.77.0.6"].map(ip).into();
    let error = host.ask(both, at(0)).unwrap_err();
    assert!(matches!(error, AssignError::RequestedTwice { .. }));
    assert_eq!(host.ledger.held().count(), 0);
}

#[test]
fn i_010_a_requested_address_can_be_had_again_after_its_release() {
    let mut host = Host::with("10.77.0.0/24");
    for name in ["before", "c1", "after"] {
        host.give(name, at(0));
    }
    for round in 0..3 {
        let got = host.request_ip("fixed", "10.77.0.9", at(round));
        assert_eq!(got, Ok(ip("10.77.0.9")), "round {round}");
        host.release("fixed", at(round));
    }
}

#[test]
fn an_attachment_that_has_an_address_gets_no_other_by_request() {
    let mut host = Host::with("10.77.0.0/24");
    let held = host.request_ip("c1", "10.77.0.9", at(0)).unwrap();
    assert_eq!(host.request_ip("c1", "10.77.0.9", at(0)), Ok(held));
    let other = host.request_ip("c1", "10.77.0.10", at(0)).unwrap_err();
    let holds = vec![held];
    let ip = ip("10.77.0.10");
    assert_eq!(other, AssignError::RequestedWhileHolding { ip, holds });
}

#[test]
fn another_teams_block_gives_no_requested_address() {
    let mut host = Host::with("10.77.0.0/24");
    host.request_ip("c1", "10.77.0.9", at(0)).unwrap();
    let mut other = request("c2");
    other.class = class("002b:0001");
    other.requested = vec![ip("10.77.0.10")];
    let error = host.ask(other, at(0)).unwrap_err();
    assert!(matches!(error, AssignError::RequestedOfOtherTeam { .. }));
}

#[test]
fn an_address_of_a_block_that_cannot_be_claimed_is_an_error() {
    let mut host = Host::with("10.77.0.0/24");
    let theirs = BlockKey(prefix("10.77.0.0/26"));
    host.taken.insert(theirs);
    let error = host.request_ip("c1", "10.77.0.9", at(0)).unwrap_err();
    assert!(matches!(error, AssignError::RequestedUnclaimable { .. }));
    assert!(host.request_ip("c1", "10.77.0.99", at(0)).is_ok());
}

#[test]
fn a_requested_block_fits_between_its_neighbours() {
    let mut host = Host::with("10.77.0.0/24");
    for theirs in ["10.77.0.0/28", "10.77.0.32/27"] {
        host.taken.insert(BlockKey(prefix(theirs)));
    }
    let want = Want {
        pool: pool_name("default"),
        family: Family::V4,
        length: 26,
        affinity: Affinity::Any,
        within: Some(tartan_model::Span::one(ip("10.77.0.20"))),
    };
    let got = host.claim(&want, at(0));
    assert_eq!(got, Some(prefix("10.77.0.16/28")));
}
