//! Taking addresses back.

use super::*;
use crate::{ConfirmError, ReleaseError, Released};

#[test]
fn i_030_a_release_of_the_unknown_succeeds_and_changes_nothing() {
    let mut host = Host::with("10.77.0.0/24");
    host.give("c1", at(0));
    host.publish(at(0));
    for generation in [None, Some(Generation(9))] {
        let freed = host.ledger.release(&who("nobody"), generation, at(1));
        assert_eq!(freed, Ok(Released::default()));
    }
    assert!(host.ledger.dirty().is_empty());
}

#[test]
fn i_031_an_attachment_is_released_in_all_blocks_and_nobody_else_is() {
    let mut host =
        Host::new(vec![pool("default", &["10.77.0.0/24", "fd00::/64"])]);
    for n in 0..40 {
        host.give(&format!("c{n}"), at(0));
    }
    let given = host.ledger.by_attachment(&who("c39")).unwrap().addresses;
    assert_eq!(host.release("c39", at(1)), given);
    assert_eq!(host.ledger.held().count(), 78);
    for n in 0..39 {
        assert!(host.ledger.by_attachment(&who(&format!("c{n}"))).is_some());
    }
}

#[test]
fn i_032_i_033_a_stale_release_frees_nothing() {
    let mut host = Host::with("10.77.0.0/24");
    for (first, second) in [(1, 2), (5, 9), (1 << 40, (1 << 40) + 1)] {
        let mut ask = request("c1");
        ask.generation = Generation(first);
        host.ask(ask.clone(), at(0)).unwrap();
        let freed = host
            .ledger
            .release(&who("c1"), Some(Generation(first)), at(0))
            .unwrap();
        ask.generation = Generation(second);
        ask.requested = freed.addresses.clone();
        host.ask(ask, at(0)).unwrap();
        host.publish(at(0));
        let stale =
            host.ledger.release(&who("c1"), Some(Generation(first)), at(1));
        let error = ReleaseError::StaleGeneration {
            attachment: who("c1"),
            given: Generation(first),
            held: Generation(second),
        };
        assert_eq!(stale, Err(error));
        assert!(host.ledger.by_address(freed.addresses[0]).is_some());
        assert!(host.ledger.dirty().is_empty());
        host.release("c1", at(1));
    }
}

#[test]
fn i_033_an_add_repeated_in_a_later_life_outdates_the_earlier_one() {
    let mut host = Host::with("10.77.0.0/24");
    host.give("c1", at(0));
    let mut later = request("c1");
    later.generation = Generation(2);
    assert_eq!(host.ask(later, at(0)).unwrap().freshness, Freshness::Again);
    let stale = host.ledger.release(&who("c1"), Some(Generation(1)), at(1));
    assert!(stale.is_err());
    let error = host.ask(request("c1"), at(1)).unwrap_err();
    assert_eq!(error, AssignError::StaleGeneration { held: Generation(2) });
}

#[test]
fn i_033_a_stale_release_is_stale_in_a_block_made_anew_as_well() {
    let mut host = Host::with("10.77.0.0/30");
    let address = host.give_one("c1", at(0));
    host.release("c1", at(0));
    let block = host.ledger.blocks().next().unwrap();
    host.ledger.drop_block(block);
    host.taken.clear();
    let mut later = request("c1");
    later.generation = Generation(2);
    later.requested = vec![address];
    host.ask(later, at(0)).unwrap();
    let stale = host.ledger.release(&who("c1"), Some(Generation(1)), at(1));
    assert!(stale.is_err());
    assert!(host.ledger.by_address(address).is_some());
}

#[test]
fn a_release_of_a_later_life_ends_the_earlier_one_too() {
    let mut host = Host::with("10.77.0.0/24");
    let given = host.give("c1", at(0));
    let freed = host.ledger.release(&who("c1"), Some(Generation(7)), at(1));
    assert_eq!(freed.unwrap().addresses, given);
}

#[test]
fn i_034_a_release_repeated_frees_nothing_twice() {
    let mut host = Host::with("10.77.0.0/30");
    host.give("c1", at(0));
    host.give("c2", at(0));
    host.release("c1", at(1));
    for _ in 0..3 {
        assert!(host.release("c1", at(1)).is_empty());
    }
    let again = host.give_one("c3", at(60));
    host.ask(request("c4"), at(60)).unwrap_err();
    assert_eq!(host.ledger.held().filter(|h| h.address == again).count(), 1);
}

#[test]
fn i_035_many_are_released_over_many_blocks() {
    let mut host = Host::with("10.77.0.0/24");
    for n in 0..66 {
        host.give(&format!("c{n}"), at(0));
    }
    assert!(host.ledger.blocks().count() >= 2);
    for n in 0..66 {
        assert_eq!(host.release(&format!("c{n}"), at(1)).len(), 1);
    }
    assert_eq!(host.ledger.held().count(), 0);
    assert_eq!(host.ledger.resting().count(), 66);
}

#[test]
fn i_037_i_038_a_release_works_whatever_became_of_the_pool() {
    let narrower = || vec![pool("default", &["10.77.0.0/30"])];
    for pools in [Vec::new(), narrower()] {
        let mut host = Host::with("10.77.0.0/24");
        let given = host.request_ip("c1", "10.77.0.99", at(0)).unwrap();
        host.ledger.set_pools(pools);
        assert_eq!(host.release("c1", at(1)), [given]);
        let record = &host.publish(at(1))[0];
        let state = record.slots.values().next().unwrap().state;
        assert!(matches!(state, SlotState::Resting { .. }));
    }
}

#[test]
fn a_confirmation_turns_pending_into_used() {
    let mut host = Host::with("10.77.0.0/24");
    host.give("c1", at(0));
    let stage =
        |host: &Host| host.ledger.by_attachment(&who("c1")).unwrap().stage;
    assert_eq!(stage(&host), Stage::Pending);
    host.ledger.confirm(&who("c1"), Generation(1)).unwrap();
    assert_eq!(stage(&host), Stage::Used);
    let attachment = who("c1");
    assert_eq!(
        host.ledger.confirm(&who("c1"), Generation(2)),
        Err(ConfirmError::OtherGeneration {
            attachment,
            given: Generation(2),
            held: Generation(1),
        })
    );
    let attachment = who("c2");
    assert_eq!(
        host.ledger.confirm(&who("c2"), Generation(1)),
        Err(ConfirmError::Unknown { attachment })
    );
}
