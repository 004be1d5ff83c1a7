//! What the leak detector finds.

use std::time::Duration;

use tartan_model::{BootId, ClassId, Generation, Slot, SlotState};

use super::*;

fn who(container: &str) -> Attachment {
    format!("shop,{container},eth0").parse().unwrap()
}

fn ip(last: u8) -> IpAddr {
    [10, 77, 0, last].into()
}

fn slot(container: &str, state: SlotState) -> Slot {
    Slot {
        attachment: who(container),
        generation: Generation(1),
        class: ClassId::UNCLASSIFIED,
        boot: BootId::new("b-1"),
        state,
        netns_cookie: None,
    }
}

fn held(address: IpAddr, slot: &Slot) -> Held<'_> {
    let since = BootTime::START;
    Held { address, slot, since, proof: Proof::Living }
}

#[test]
fn i_083_each_difference_is_reported() {
    let now = BootTime::new(Duration::from_secs(10));
    let used = |name| slot(name, SlotState::Used);
    let pending = slot("starting", SlotState::Pending);
    let (fine, stale, robbed) = (used("fine"), used("stale"), used("robbed"));
    let held = [
        held(ip(1), &fine),
        held(ip(2), &stale),
        held(ip(3), &robbed),
        held(ip(5), &pending),
    ];
    let living = BTreeMap::from([
        (ip(1), who("fine")),
        (ip(3), who("thief")),
        (ip(4), who("unknown")),
    ]);
    let leaks = check(held, &living, now);
    assert_eq!(
        leaks,
        [
            Leak::Stale { address: ip(2), holder: who("stale") },
            Leak::Conflict {
                address: ip(3),
                holder: who("robbed"),
                found: who("thief"),
            },
            Leak::Missing { address: ip(4), found: who("unknown") },
        ]
    );
    let late = BootTime::new(Duration::from_secs(30));
    let gone = Leak::Stale { address: ip(5), holder: who("starting") };
    assert_eq!(check(held, &living, late).last(), Some(&gone));
}

#[test]
fn i_083_where_all_is_well_nothing_is_reported() {
    let now = BootTime::START;
    assert!(check([], &BTreeMap::new(), now).is_empty());
    let fine = slot("fine", SlotState::Used);
    let living = BTreeMap::from([(ip(1), who("fine"))]);
    assert!(check([held(ip(1), &fine)], &living, now).is_empty());
}

#[test]
fn an_address_on_a_foreign_link_is_no_leak_for_want_of_a_record() {
    let now = BootTime::new(Duration::from_secs(100));
    let mut slot = slot("bridged", SlotState::Used);
    slot.netns_cookie = Some(7);
    let recorded = Held { proof: Proof::Recorded, ..held(ip(2), &slot) };
    assert!(check([recorded], &BTreeMap::new(), now).is_empty());
    // One whose record was here, and is not any more, leaks.
    let living = held(ip(2), &slot);
    assert_eq!(check([living], &BTreeMap::new(), now).len(), 1);
}
