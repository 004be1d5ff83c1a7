//! Starting again: after a crash of the agent, after a reboot, after a claim
//! was lost.

use super::*;
use crate::RestoreError;

fn living(container: &str, addresses: &[IpAddr]) -> Living {
    Living {
        attachment: who(container),
        generation: Generation(1),
        class: api(),
        addresses: addresses.to_vec(),
        stage: Stage::Used,
        netns_cookie: None,
        gateways: Vec::new(),
    }
}

/// What the store has of a host's blocks.
fn stored(host: &Host) -> Vec<Claimed> {
    let blocks = host.ledger.blocks.values();
    blocks
        .map(|block| Claimed {
            prefix: block.prefix,
            record: block.record(),
            revision: block.modified,
        })
        .collect()
}

fn restarted(stored: &[Claimed], boot: &str, now: BootTime) -> Host {
    let mut host = Host::with("10.77.0.0/28");
    host.ledger.boot = BootId::new(boot);
    for claimed in stored {
        host.taken.insert(BlockKey(claimed.prefix));
        host.ledger.adopt_block(claimed, now).unwrap();
    }
    host
}

#[test]
fn a_restarted_agent_knows_what_was_given_and_what_rests() {
    let mut host = Host::with("10.77.0.0/28");
    let kept = host.give_one("c1", at(0));
    let freed = host.give_one("c2", at(0));
    host.release("c2", at(1));
    host.publish(at(1));
    let mut host = restarted(&stored(&host), "b-1", at(2));
    assert!(host.ledger.dirty().is_empty(), "i_082");
    assert_eq!(host.ledger.by_address(kept).unwrap().proof, Proof::Recorded);
    for n in 0..12 {
        let given = host.give_one(&format!("d{n}"), at(3));
        assert!(given != kept && given != freed);
    }
}

#[test]
fn what_another_boot_gave_is_void_and_rests_from_the_start() {
    let mut host = Host::with("10.77.0.0/28");
    for n in 0..14 {
        host.give(&format!("c{n}"), at(5000));
    }
    host.publish(at(5000));
    let mut host = restarted(&stored(&host), "b-2", at(10));
    assert_eq!(host.ledger.held().count(), 0);
    let error = host.ledger.clone().assign(&request("d1"), at(11)).unwrap_err();
    assert!(matches!(error, AssignError::NeedsBlock(_)));
    let record = host.publish(at(12)).remove(0);
    assert_eq!(record.boot, BootId::new("b-2"));
    host.ledger.clone().assign(&request("d1"), at(30)).unwrap();
    let mut other = request("d1");
    other.class = class("002a:0008");
    host.ask(other.clone(), at(41)).unwrap_err();
    host.ask(other, at(42)).unwrap();
}

#[test]
fn a_living_container_keeps_its_address_whatever_the_record_says() {
    let mut host = Host::with("10.77.0.0/28");
    let address = host.give_one("dead", at(0));
    host.give_one("dead-too", at(0));
    host.publish(at(1));
    let mut host = restarted(&stored(&host), "b-1", at(2));
    host.ledger.restore(&living("c1", &[address]), at(2)).unwrap();
    assert_eq!(
        host.ledger.by_address(address).unwrap().slot.attachment,
        who("c1")
    );
    assert!(host.ledger.by_attachment(&who("dead")).is_none());
    assert!(host.release("dead", at(3)).is_empty());
    assert_eq!(host.publish(at(3)).len(), 1);
}

#[test]
fn two_living_containers_cannot_have_one_address() {
    let mut host = Host::with("10.77.0.0/28");
    let address = host.give_one("c1", at(0));
    let error = host.ledger.restore(&living("c2", &[address]), at(1));
    let by = who("c1");
    assert_eq!(error, Err(RestoreError::InUse { ip: address, by }));
    assert!(host.ledger.by_attachment(&who("c2")).is_none());
}

#[test]
fn what_the_record_says_again_is_not_written_again() {
    let mut host = Host::with("10.77.0.0/28");
    let address = host.give_one("c1", at(0));
    host.ledger.confirm(&who("c1"), Generation(1)).unwrap();
    host.publish(at(1));
    let mut host = restarted(&stored(&host), "b-1", at(2));
    host.ledger.restore(&living("c1", &[address]), at(2)).unwrap();
    assert!(host.ledger.dirty().is_empty());
    assert_eq!(host.ledger.by_address(address).unwrap().proof, Proof::Living);
}

#[test]
fn a_restored_attachment_gives_up_what_only_the_record_gave_it() {
    let mut host = Host::with("10.77.0.0/28");
    let recorded = host.give_one("c1", at(0));
    host.publish(at(1));
    let mut host = restarted(&stored(&host), "b-1", at(2));
    let real = ip("10.77.0.9");
    host.ledger.restore(&living("c1", &[real]), at(2)).unwrap();
    assert!(host.ledger.by_address(recorded).is_none());
    assert_eq!(
        host.ledger.by_attachment(&who("c1")).unwrap().addresses,
        [real]
    );
}

#[test]
fn an_address_outside_all_blocks_stays_with_its_container_and_comes_home() {
    let mut host = Host::with("10.77.0.0/28");
    let address = ip("10.77.0.9");
    host.ledger.restore(&living("c1", &[address]), at(2)).unwrap();
    let held = host.ledger.by_address(address).unwrap();
    assert_eq!(held.slot.attachment, who("c1"));
    let error = host.request_ip("c2", "10.77.0.9", at(3)).unwrap_err();
    assert!(matches!(error, AssignError::RequestedInUse { .. }));
    let given: Vec<IpAddr> =
        (0..13).map(|n| host.give_one(&format!("d{n}"), at(3))).collect();
    assert!(!given.contains(&address));
    assert_eq!(host.release("c1", at(4)), [address]);
}

#[test]
fn a_lost_claim_leaves_the_containers_their_addresses() {
    let mut host = Host::with("10.77.0.0/28");
    let address = host.give_one("c1", at(0));
    host.give("c2", at(0));
    host.release("c2", at(0));
    let block = host.ledger.blocks().next().unwrap();
    host.ledger.drop_block(block);
    assert!(host.ledger.dirty().is_empty());
    assert_eq!(
        host.ledger.by_address(address).unwrap().slot.attachment,
        who("c1")
    );
    let error = host.ask(request("c3"), at(99)).unwrap_err();
    assert!(matches!(error, AssignError::Exhausted { resting: 0, .. }));
    assert_eq!(host.release("c1", at(99)), [address]);
    assert_eq!(host.ledger.held().count(), 0);
}

#[test]
fn a_block_seen_again_brings_its_revision_only() {
    let mut host = Host::with("10.77.0.0/28");
    host.give("c1", at(0));
    let mut seen = stored(&host).remove(0);
    host.publish(at(0));
    seen.record.slots.clear();
    seen.revision = Revision(99);
    host.ledger.adopt_block(&seen, at(1)).unwrap();
    let block = host.ledger.dirty().remove(0);
    assert_eq!(block.modified, Revision(99));
    assert_eq!(block.record.slots.len(), 1, "ours is the truth");
}

#[test]
fn a_damaged_record_is_survived() {
    let mut host = Host::with("10.77.0.0/28");
    host.give("c1", at(0));
    let mut claimed = stored(&host).remove(0);
    let slot = claimed.record.slots.values().next().unwrap().clone();
    let state = SlotState::Resting { since_millis: u64::MAX };
    for offset in [15, 16, u32::MAX] {
        let slot = Slot { state, ..slot.clone() };
        claimed.record.slots.insert(offset, slot);
    }
    let mut host = restarted(&[claimed], "b-1", at(50));
    assert_eq!(host.ledger.resting().count(), 1, "what is outside is dropped");
    assert_eq!(host.publish(at(50)).len(), 1);
}

#[test]
fn blocks_that_cannot_be_ours_are_refused() {
    let mut host = Host::with("10.77.0.0/28");
    host.give("c1", at(0));
    let ours = stored(&host).remove(0);
    let mut theirs = ours.clone();
    theirs.record.host = "node-2".parse().unwrap();
    let mut around = ours.clone();
    around.prefix = prefix("10.77.0.0/27");
    let mut wide = ours.clone();
    wide.prefix = prefix("10.0.0.0/8");
    for (claimed, expected) in [
        (
            theirs,
            AdoptError::OfAnotherHost {
                prefix: ours.prefix,
                host: "node-2".parse().unwrap(),
            },
        ),
        (
            around,
            AdoptError::Overlaps {
                prefix: prefix("10.77.0.0/27"),
                other: ours.prefix,
            },
        ),
        (wide, AdoptError::TooWide { prefix: prefix("10.0.0.0/8") }),
    ] {
        let got = host.ledger.adopt_block(&claimed, at(0));
        assert_eq!(got, Err(expected));
    }
}
