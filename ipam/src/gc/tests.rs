//! What is garbage and what is not.

use std::net::IpAddr;

use tartan_model::{BootId, ClassId, Slot};

use super::*;
use crate::ledger::block::Proof;

fn at(seconds: u64) -> BootTime {
    BootTime::new(Duration::from_secs(seconds))
}

fn slot(attachment: &str, state: SlotState) -> Slot {
    Slot {
        attachment: attachment.parse().unwrap(),
        generation: Generation(7),
        class: ClassId::UNCLASSIFIED,
        boot: BootId::new("b-1"),
        state,
    }
}

fn held(slot: &Slot) -> Held<'_> {
    let address: IpAddr = "10.77.0.9".parse().unwrap();
    Held { address, slot, since: at(100), proof: Proof::Living }
}

fn names(container: &str, interface: &str) -> (ContainerId, InterfaceName) {
    (container.parse().unwrap(), interface.parse().unwrap())
}

#[test]
fn i_080_only_what_the_network_no_longer_knows_is_released() {
    let used = [
        "shop,c1,eth0",
        "shop,c1,eth1",
        "shop,c2,eth0",
        "blog,c2,eth0",
        "blog,c3,eth0",
    ];
    let slots = used.map(|name| slot(name, SlotState::Used));
    let valid = [names("c1", "eth0")].into();
    let shop = "shop".parse().unwrap();
    let found = to_release(slots.iter().map(held), &shop, &valid, at(999));
    let found: Vec<String> = found.keys().map(Attachment::to_string).collect();
    assert_eq!(found, ["shop,c1,eth1", "shop,c2,eth0"]);
}

#[test]
fn a_release_names_the_life_that_was_seen() {
    let slot = slot("shop,c1,eth0", SlotState::Used);
    let shop = "shop".parse().unwrap();
    let found = to_release([held(&slot)], &shop, &BTreeSet::new(), at(999));
    assert_eq!(found.values().next(), Some(&Generation(7)));
}

#[test]
fn i_081_a_pending_add_is_not_collected_before_its_time() {
    let slot = slot("shop,c1,eth0", SlotState::Pending);
    let shop = "shop".parse().unwrap();
    for (now, collected) in [(100, 0), (129, 0), (130, 1), (999, 1)] {
        let none = BTreeSet::new();
        let found = to_release([held(&slot)], &shop, &none, at(now));
        assert_eq!(found.len(), collected, "at {now}");
    }
}

#[test]
fn i_082_nothing_to_collect_is_nothing_to_do() {
    let slot = slot("shop,c1,eth0", SlotState::Used);
    let shop = "shop".parse().unwrap();
    let valid = [names("c1", "eth0")].into();
    assert!(to_release([held(&slot)], &shop, &valid, at(999)).is_empty());
    assert!(to_release([], &shop, &BTreeSet::new(), at(999)).is_empty());
}
