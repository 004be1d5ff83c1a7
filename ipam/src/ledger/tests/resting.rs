//! The rest of a released address.

use super::*;

/// A host whose only address was `c1`'s, of class [`api`], released at 100 s.
fn host_with_one_resting() -> (Host, IpAddr) {
    let mut host = Host::with("10.77.0.0/32");
    let address = host.give_one("c1", at(0));
    host.publish(at(1));
    host.release("c1", at(100));
    (host, address)
}

fn other_app(container: &str) -> AssignRequest {
    AssignRequest { class: class("002a:0008"), ..request(container) }
}

#[test]
fn a_released_address_rests_before_it_is_reused() {
    let mut host = Host::with("10.77.0.0/30");
    let first = host.give_one("c1", at(0));
    host.release("c1", at(0));
    let second = host.give_one("c2", at(1));
    assert_ne!(first, second);
    host.publish(at(1));
    let third = host.ask(other_app("c3"), at(30)).unwrap_err();
    assert!(matches!(third, AssignError::Exhausted { resting: 1, .. }));
    let later = host.ask(other_app("c3"), at(31)).unwrap().addresses;
    assert_eq!(later, [first]);
}

#[test]
fn another_class_waits_for_the_commit_of_the_release_and_for_the_rest() {
    let (mut host, address) = host_with_one_resting();
    let never = host.ask(other_app("c2"), at(5000)).unwrap_err();
    let AssignError::Exhausted { resting: 1, soonest: None, .. } = never else {
        panic!("{never}");
    };
    host.publish(at(5000));
    let soon = host.ask(other_app("c2"), at(5010)).unwrap_err();
    let AssignError::Exhausted { soonest: Some(wait), .. } = soon else {
        panic!("{soon}");
    };
    assert_eq!(wait, Duration::from_secs(20));
    let got = host.ask(other_app("c2"), at(5030)).unwrap();
    assert_eq!(got.addresses, [address]);
}

#[test]
fn a_requested_address_rests_for_other_classes_only() {
    let (mut host, address) = host_with_one_resting();
    let ask = |class, address| AssignRequest {
        class,
        requested: vec![address],
        ..request("c2")
    };
    let other = class("002a:0008");
    assert_eq!(
        host.ask(ask(other, address), at(101)),
        Err(AssignError::RequestedResting {
            ip: address,
            class: api(),
            remaining: None,
        })
    );
    host.publish(at(102));
    assert_eq!(
        host.ask(ask(other, address), at(112)),
        Err(AssignError::RequestedResting {
            ip: address,
            class: api(),
            remaining: Some(Duration::from_secs(20)),
        })
    );
    let same = host.ask(ask(api(), address), at(113)).unwrap();
    assert_eq!(same.addresses, [address]);
}

#[test]
fn the_class_itself_has_it_back_early_where_nothing_else_is_left() {
    let (mut host, address) = host_with_one_resting();
    let want = host.ledger.assign(&request("c2"), at(101)).unwrap_err();
    assert!(matches!(want, AssignError::NeedsBlock(_)), "a claim first");
    assert_eq!(host.give("c2", at(101)), [address]);
}

#[test]
fn a_team_has_nothing_early_of_another() {
    let (mut host, _) = host_with_one_resting();
    let other_team =
        AssignRequest { class: class("002b:0007"), ..request("c2") };
    host.publish(at(101));
    host.ask(other_team, at(9999)).unwrap_err();
}

#[test]
fn an_unrested_address_is_the_last_resort() {
    let mut host = Host::with("10.77.0.0/28");
    let first = host.give_one("c0", at(0));
    host.release("c0", at(0));
    for n in 1..14 {
        assert_ne!(host.give_one(&format!("c{n}"), at(1)), first);
    }
    assert_eq!(host.give_one("last", at(1)), first);
}

#[test]
fn the_longest_rested_goes_first_whatever_its_class() {
    let mut host = Host::with("10.77.0.0/30");
    let mine = host.give_one("c1", at(0));
    let other = host.ask(other_app("c2"), at(0)).unwrap().addresses[0];
    host.release("c2", at(1));
    host.release("c1", at(2));
    host.publish(at(3));
    assert_eq!(host.give_one("c3", at(100)), other);
    assert_eq!(host.give_one("c4", at(100)), mine);
}

#[test]
fn i_076_the_rest_is_counted_from_the_start_of_the_host() {
    let mut host = Host::with("10.77.0.0/32");
    let address = host.give_one("c1", at(1_000_000));
    host.release("c1", at(1_000_000));
    host.publish(at(1_000_000));
    let records: Vec<_> = host.ledger.resting().map(|h| h.slot.state).collect();
    assert_eq!(records, [SlotState::Resting { since_millis: 1_000_000_000 }]);
    host.ask(other_app("c2"), at(1_000_029)).unwrap_err();
    let got = host.ask(other_app("c2"), at(1_000_030)).unwrap().addresses;
    assert_eq!(got, [address]);
}

#[test]
fn a_setting_changes_the_rest_at_once() {
    let (mut host, address) = host_with_one_resting();
    host.publish(at(101));
    host.ledger.set_rest(Duration::from_secs(2));
    let got = host.ask(other_app("c2"), at(103)).unwrap().addresses;
    assert_eq!(got, [address]);
}
