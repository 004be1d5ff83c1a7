//! When a table is needed, and what is in it.

use std::collections::BTreeMap;

use tartan_model::{Family, Generation, Masquerade, PoolName, Translation};

use super::*;
use crate::nat::foreign::{FORWARD, Placed};

fn snapshot(nat_outgoing: bool) -> Snapshot {
    let name: PoolName = "default".parse().unwrap();
    let pool = Pool {
        v: Pool::VERSION,
        name: name.clone(),
        cidrs: vec!["10.77.0.0/16".parse().unwrap()],
        block_length4: 26,
        block_length6: 122,
        affinity: Default::default(),
        nat_outgoing,
        draining: false,
    };
    let mut snapshot = Snapshot::default();
    snapshot.pools.insert(name, pool);
    snapshot
}

fn masked() -> Held {
    Held {
        generation: Generation(1),
        addresses: vec!["10.77.0.5".parse().unwrap()],
        link: "tt0".to_owned(),
        translation: Translation {
            masquerade: Masquerade::Yes,
            ports: Vec::new(),
        },
    }
}

fn desire(held: &[Held], registry: &Snapshot, observed: &Nat) -> Nat {
    desired(held, registry, observed, ForeignForward::Accept)
}

#[test]
fn a_host_on_which_nobody_asks_has_no_table() {
    let none = Nat::default();
    assert_eq!(desire(&[], &snapshot(false), &none).table, None);
    let of_pool = desire(&[], &snapshot(true), &none).table.unwrap();
    // Inside and leaving: where each range begins and where it has ended.
    assert_eq!(of_pool.elements.len(), 4);
    let of_one = desire(&[masked()], &snapshot(false), &none).table.unwrap();
    assert_eq!(of_one.elements.len(), 3);
    assert_eq!(of_one.skeleton, skeleton());
}

#[test]
fn a_table_that_is_there_stays_without_those_who_went() {
    let observed = desire(&[masked()], &snapshot(false), &Nat::default());
    let left = desire(&[], &snapshot(false), &observed).table.unwrap();
    assert_eq!(left.elements.len(), 2);
}

#[test]
fn rules_in_tables_of_others_are_as_the_operator_says() {
    let altered = Placed { chain: FORWARD.to_owned(), handle: 7, way: None };
    let drops = Foreign {
        place: Some(FORWARD),
        rules: vec![altered],
        is_legacy: false,
    };
    let observed = Nat {
        foreign: BTreeMap::from([(Family::V4, drops)]),
        ..Nat::default()
    };
    let of = |setting| {
        let desired = desired(&[], &snapshot(false), &observed, setting);
        desired.foreign[&Family::V4].rules.len()
    };
    assert_eq!(of(ForeignForward::Accept), 2);
    assert_eq!(of(ForeignForward::Leave), 0);
    assert_eq!(nothing(&observed).foreign[&Family::V4].rules, []);
}
