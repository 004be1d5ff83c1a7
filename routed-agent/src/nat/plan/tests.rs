//! From one state to another.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::nat::foreign::{DOCKER_USER, FORWARD, Foreign};
use crate::nat::skeleton::skeleton;
use crate::nat::{Skeleton, TableState};

fn element(number: u8) -> Element {
    Element::of("leaving4", vec![10, 0, 0, number])
}

fn table(elements: impl IntoIterator<Item = u8>) -> Nat {
    let elements = elements.into_iter().map(element).collect();
    let table = TableState { skeleton: skeleton(), elements };
    Nat { table: Some(table), ..Nat::default() }
}

fn placed(chain: &str, handle: u64, way: Option<Way>) -> Placed {
    Placed { chain: chain.to_owned(), handle, way }
}

fn foreign(rules: Vec<Placed>) -> Nat {
    let place = Some(DOCKER_USER);
    let found = Foreign { place, rules, is_legacy: false };
    let foreign = BTreeMap::from([(Family::V4, found)]);
    Nat { foreign, ..Nat::default() }
}

#[test]
fn what_is_as_it_should_be_is_left_alone() {
    let mut whole = table([1, 2]);
    whole.loopback = BTreeSet::from(["tt0".to_owned()]);
    assert_eq!(between(&whole, &whole), []);
    assert_eq!(between(&Nat::default(), &Nat::default()), []);
}

#[test]
fn a_table_of_another_build_is_replaced_with_its_elements() {
    let wanted = table([1, 2]);
    let mut other = table([1, 2, 3]);
    if let Some(table) = &mut other.table {
        table.skeleton = Skeleton::default();
    }
    let whole = Step::Make(vec![element(1), element(2)]);
    for observed in [&other, &Nat::default()] {
        let steps = between(observed, &wanted);
        assert_eq!(steps, std::slice::from_ref(&whole));
    }
    assert_eq!(between(&other, &Nat::default()), [Step::Unmake]);
}

#[test]
fn the_guard_stands_before_a_link_is_opened() {
    let mut wanted = table([1]);
    wanted.loopback = BTreeSet::from(["tt0".to_owned()]);
    let steps = between(&Nat::default(), &wanted);
    assert!(matches!(steps[0], Step::Make(_)));
    assert_eq!(steps[1], Step::Loopback("tt0".to_owned()));
}

#[test]
fn rules_in_tables_of_others_are_each_there_once() {
    let (from, to) = (Some(Way::From), Some(Way::To));
    let wanted =
        foreign(vec![placed(DOCKER_USER, 0, from), placed(DOCKER_USER, 0, to)]);
    let found = foreign(vec![
        placed(DOCKER_USER, 4, from),
        placed(DOCKER_USER, 5, from),
        placed(DOCKER_USER, 6, None),
        placed(FORWARD, 7, to),
    ]);
    let said: Vec<_> =
        between(&found, &wanted).iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "take an IPv4 rule out of DOCKER-USER",
            "take an IPv4 rule out of DOCKER-USER",
            "take an IPv4 rule out of FORWARD",
            "put an IPv4 rule into DOCKER-USER",
        ]
    );
}

proptest! {
    #[test]
    fn a_change_leads_from_any_elements_to_any_others(
        before in proptest::collection::btree_set(0u8..20, 0..12),
        after in proptest::collection::btree_set(0u8..20, 0..12),
    ) {
        let mut elements: BTreeSet<_> =
            before.iter().copied().map(element).collect();
        let (found, wanted) = (table(before), table(after.clone()));
        for step in between(&found, &wanted) {
            let Step::Change { remove, add } = step else {
                panic!("{step}");
            };
            for gone in remove {
                prop_assert!(elements.remove(&gone));
            }
            for new in add {
                prop_assert!(elements.insert(new));
            }
        }
        let wanted: BTreeSet<_> = after.into_iter().map(element).collect();
        prop_assert_eq!(elements, wanted);
    }
}
