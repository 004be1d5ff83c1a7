//! Which stores are taken for restored, and what is kept in mind.

use tartan_model::{Affinity, BootId, Epoch};

use super::*;

fn id(name: &str) -> StoreId {
    StoreId(name.to_owned())
}

fn memory(store: Option<&str>, revision: u64) -> Memory {
    let store = store.map(id);
    Memory { store, revision: Revision(revision), ..Memory::default() }
}

#[test]
fn a_store_is_the_same_or_restored_or_another() {
    let restored = |seen, found| Verdict::Restored {
        seen: Revision(seen),
        found: Revision(found),
    };
    let another = Verdict::Another { seen: id("a"), found: id("b") };
    let table = [
        // Known store and revision; found store and revision; verdict.
        (None, 0, "a", 1, Verdict::First),
        (None, 9, "a", 1, Verdict::First),
        (Some("a"), 1, "a", 1, Verdict::Same),
        (Some("a"), 5, "a", 9, Verdict::Same),
        (Some("a"), 5, "a", 4, restored(5, 4)),
        (Some("a"), u64::MAX, "a", 1, restored(u64::MAX, 1)),
        (Some("a"), 5, "b", 4, another.clone()),
        (Some("a"), 5, "b", 5, another.clone()),
        (Some("a"), 5, "b", 900, another),
    ];
    for (known, seen, found, at, verdict) in table {
        let memory = memory(known, seen);
        let said = memory.judge(&id(found), Revision(at));
        assert_eq!(said, verdict, "{memory:?} {found} {at}");
        let alarm = !matches!(verdict, Verdict::First | Verdict::Same);
        assert_eq!(said.is_restored(), alarm);
    }
}

#[test]
fn an_accepted_store_is_the_one_to_expect_though_its_revision_is_lower() {
    let mut memory = memory(Some("a"), 500);
    memory.accept(id("a"), Revision(90));
    assert_eq!(memory.judge(&id("a"), Revision(90)), Verdict::Same);
    memory.saw(Revision(95));
    memory.saw(Revision(93));
    assert!(memory.judge(&id("a"), Revision(94)).is_restored());
}

#[test]
fn numbers_only_grow() {
    let mut memory = Memory::default();
    let team = |number| TeamNumber::new(number).unwrap();
    for number in [3, 7, 5] {
        memory.saw_team(team(number));
        memory.saw_app(team(1), AppNumber(number));
    }
    memory.accept(id("b"), Revision(1));
    assert_eq!((memory.team, memory.highest_app(team(1))), (7, 7));
    assert_eq!(memory.highest_app(team(2)), 0);
}

#[test]
fn claims_are_kept_without_slots_until_they_are_lost() {
    let claimed = |prefix: &str, revision| Claimed {
        prefix: prefix.parse().unwrap(),
        record: BlockRecord {
            v: BlockRecord::VERSION,
            pool: "default".parse().unwrap(),
            host: "ambre".parse().unwrap(),
            epoch: Epoch(1),
            boot: BootId::new("b-1"),
            affinity: Affinity::Any,
            slots: BTreeMap::new(),
        },
        revision: Revision(revision),
    };
    let mut memory = Memory::default();
    memory.claimed(&claimed("10.77.0.16/28", 4));
    memory.claimed(&claimed("10.77.0.0/28", 5));
    memory.claimed(&claimed("10.77.0.16/28", 6));
    let kept = [claimed("10.77.0.0/28", 5), claimed("10.77.0.16/28", 6)];
    assert_eq!(memory.claims, kept);
    memory.lost("10.77.0.0/28".parse().unwrap());
    assert_eq!(memory.claims, kept[1..]);
}
