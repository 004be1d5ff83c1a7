//! What the store is told.

use super::*;

#[test]
fn i_082_where_nothing_has_changed_nothing_is_written() {
    let mut host = Host::with("10.77.0.0/24");
    assert!(host.publish(at(0)).is_empty());
    host.give("c1", at(0));
    host.ledger.confirm(&who("c1"), Generation(1)).unwrap();
    assert_eq!(host.publish(at(0)).len(), 1, "coalesced");
    host.give("c1", at(1));
    host.ledger.confirm(&who("c1"), Generation(1)).unwrap();
    host.release("nobody", at(1));
    host.ledger.set_pools(host.pools.clone());
    assert!(host.ledger.dirty().is_empty());
}

#[test]
fn a_change_during_a_publish_is_not_lost() {
    let mut host = Host::with("10.77.0.0/24");
    host.give("c1", at(0));
    let first = host.ledger.dirty().remove(0);
    host.give("c2", at(0));
    host.ledger.published(first.prefix, first.version, Revision(50), at(1));
    let second = host.ledger.dirty().remove(0);
    assert_eq!(second.modified, Revision(50));
    assert_eq!(second.record.slots.len(), 2);
    host.ledger.published(second.prefix, second.version, Revision(51), at(1));
    assert!(host.ledger.dirty().is_empty());
}

#[test]
fn a_release_during_a_publish_is_not_taken_for_committed() {
    let mut host = Host::with("10.77.0.0/32");
    let address = host.give_one("c1", at(0));
    let before = host.ledger.dirty().remove(0);
    host.release("c1", at(1));
    host.ledger.published(before.prefix, before.version, Revision(50), at(1));
    let mut other = request("c2");
    other.class = class("002a:0008");
    host.ask(other.clone(), at(999)).unwrap_err();
    host.publish(at(999));
    assert_eq!(host.ask(other, at(1029)).unwrap().addresses, [address]);
}

#[test]
fn a_record_tells_the_life_the_class_and_the_boot_of_each_address() {
    let mut host = Host::with("10.77.0.0/24");
    let address = host.give_one("c1", at(0));
    let block = host.ledger.dirty().remove(0);
    let offset = block.prefix.offset_of(address).unwrap() as u32;
    let slot = &block.record.slots[&offset];
    assert_eq!(slot.attachment, who("c1"));
    assert_eq!(slot.generation, Generation(1));
    assert_eq!(slot.class, api());
    assert_eq!(slot.boot, BootId::new("b-1"));
    assert_eq!(slot.state, SlotState::Pending);
    assert_eq!(block.record.affinity, Affinity::Team(class("002a:0000")));
}
