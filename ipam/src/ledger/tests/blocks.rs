//! Which blocks are claimed and given back.

use tartan_model::pool::PoolAffinity;

use super::*;
use crate::Returning;

#[test]
fn a_teams_blocks_double_up_to_the_pools_length() {
    let mut host = Host::with("10.77.0.0/16");
    for n in 0..200 {
        host.give(&format!("c{n}"), at(0));
    }
    let mut sizes: Vec<u8> = host.ledger.blocks().map(Prefix::length).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(sizes, [28, 27, 26, 26, 26]);
}

#[test]
fn each_team_has_blocks_of_its_own() {
    let mut host = Host::with("10.77.0.0/16");
    let first = host.give_one("c1", at(0));
    let mut other = request("c2");
    other.class = class("002b:0001");
    let second = host.ask(other, at(0)).unwrap().addresses[0];
    assert_eq!(host.ledger.blocks().count(), 2);
    for block in host.ledger.blocks() {
        assert!(!(block.contains(first) && block.contains(second)));
    }
}

#[test]
fn a_pool_of_hosts_shares_its_blocks_among_teams() {
    let mut shared = pool("default", &["10.77.0.0/16"]);
    shared.affinity = PoolAffinity::Host;
    let mut host = Host::new(vec![shared]);
    host.give("c1", at(0));
    let mut other = request("c2");
    other.class = class("002b:0001");
    host.ask(other, at(0)).unwrap();
    let blocks: Vec<Prefix> = host.ledger.blocks().collect();
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0].length(), 26);
}

#[test]
fn the_next_block_is_wanted_before_the_last_is_full() {
    let mut host = Host::with("10.77.0.0/16");
    assert!(host.ledger.wants(at(0)).is_empty(), "nobody has asked yet");
    for n in 0..11 {
        host.give(&format!("c{n}"), at(0));
        assert!(host.ledger.wants(at(0)).is_empty(), "after {n}");
    }
    host.give("c11", at(0));
    host.give("c12", at(0));
    let wants = host.ledger.wants(at(0));
    assert_eq!(wants.len(), 1);
    assert_eq!(wants[0].length, 27);
    host.claim(&wants[0], at(0)).unwrap();
    assert!(host.ledger.wants(at(0)).is_empty());
    assert_eq!(host.ledger.blocks().count(), 2);
}

#[test]
fn a_full_pool_is_not_asked_for_head_room_all_the_time() {
    let mut host = Host::with("10.77.0.0/30");
    host.give("c1", at(0));
    host.give("c2", at(0));
    let wants = host.ledger.wants(at(0));
    assert_eq!(wants.len(), 1);
    assert_eq!(host.claim(&wants[0], at(0)), None);
    host.ledger.found_no_room(&wants[0], at(0));
    assert!(host.ledger.wants(at(29)).is_empty());
    assert_eq!(host.ledger.wants(at(31)).len(), 1);
}

#[test]
fn usage_counts_what_can_be_given() {
    let mut host = Host::with("10.77.0.0/28");
    for n in 0..4 {
        host.give(&format!("c{n}"), at(0));
    }
    host.release("c0", at(0));
    let usage = host.ledger.usage(at(1)).remove(0);
    assert_eq!(
        (usage.size, usage.used, usage.resting, usage.free),
        (14, 3, 1, 10)
    );
    let usage = host.ledger.usage(at(31)).remove(0);
    assert_eq!(
        (usage.size, usage.used, usage.resting, usage.free),
        (14, 3, 0, 11)
    );
}

#[test]
fn a_block_of_a_deleted_pool_goes_back_when_all_of_it_has_rested() {
    let mut host = Host::with("10.77.0.0/24");
    host.give("c1", at(0));
    host.publish(at(0));
    host.ledger.set_pools(vec![]);
    assert!(host.ledger.begin_returns(at(1)).is_empty(), "in use");
    host.release("c1", at(1));
    assert!(host.ledger.begin_returns(at(99)).is_empty(), "unpublished");
    host.publish(at(99));
    assert!(host.ledger.begin_returns(at(100)).is_empty(), "resting");
    let back = host.ledger.begin_returns(at(129));
    assert_eq!(back.len(), 1);
    assert!(host.ledger.begin_returns(at(129)).is_empty(), "on its way");
    host.ledger.drop_block(back[0].prefix);
    assert_eq!(host.ledger.blocks().count(), 0);
}

#[test]
fn a_block_being_given_back_gives_nothing_until_it_is_kept() {
    let mut host = Host::with("10.77.0.0/28");
    let address = host.give_one("c1", at(0));
    host.release("c1", at(0));
    host.publish(at(0));
    let mut want = host.ledger.wants(at(0)).pop().unwrap_or(Want {
        pool: pool_name("default"),
        family: Family::V4,
        length: 28,
        affinity: Affinity::Team(class("002b:0000")),
        within: None,
    });
    want.affinity = Affinity::Team(class("002b:0000"));
    assert_eq!(host.ledger.begin_return_for(&want, at(29)), None);
    let back = host.ledger.begin_return_for(&want, at(30)).unwrap();
    host.ask(request("c2"), at(99)).unwrap_err();
    let by_name = host.request_ip("c2", &address.to_string(), at(99));
    assert!(matches!(by_name, Err(AssignError::RequestedUnclaimable { .. })));
    host.ledger.keep_block(back.prefix);
    host.give("c2", at(99));
}

#[test]
fn a_block_in_use_is_not_given_to_another_team() {
    let mut host = Host::with("10.77.0.0/28");
    host.give("c1", at(0));
    host.publish(at(0));
    let want = Want {
        pool: pool_name("default"),
        family: Family::V4,
        length: 28,
        affinity: Affinity::Team(class("002b:0000")),
        within: None,
    };
    assert_eq!(host.ledger.begin_return_for(&want, at(999)), None);
}

#[test]
fn a_block_that_may_be_given_back_stays_closed_until_that_is_known() {
    let mut host = Host::with("10.77.0.0/28");
    host.give("c1", at(0));
    host.release("c1", at(0));
    host.publish(at(0));
    let prefix = host.ledger.blocks().next().unwrap();
    let other_team = Want {
        pool: pool_name("default"),
        family: Family::V4,
        length: 28,
        affinity: Affinity::Team(class("002b:0000")),
        within: None,
    };
    let back = host.ledger.begin_return_for(&other_team, at(30)).unwrap();
    assert!(!back.is_doubtful);
    host.ledger.doubt_block(prefix);
    host.ledger.keep_block(prefix);
    assert!(host.ledger.is_closing(prefix), "it may be another's");
    assert!(host.ledger.claims().is_empty(), "nor is it claimed again");
    host.ask(request("c2"), at(99)).unwrap_err();
    let again = host.ledger.begin_returns(at(99));
    assert_eq!(again, [Returning { is_doubtful: true, ..back }]);
    host.ledger.drop_block(prefix);
    assert!(host.ledger.begin_returns(at(99)).is_empty());
}
