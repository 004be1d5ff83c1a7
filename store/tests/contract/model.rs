//! Random transactions against a map: each outcome, each entry, each past
//! moment and each event must be what the map says.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tartan_store::{Compare, Event, Key, Op, Outcome, Range, Revision};
use tartan_store::{Store, Transaction};
use tokio::runtime::Runtime;

use crate::place::{Place, connect_below};
use crate::words::{events, key};

/// A revision by its place in the history, so that a plan can be made before
/// anything happened.
type Past = prop::sample::Index;

#[derive(Clone, Debug)]
enum Condition {
    Absent(Key),
    Value(Key, u8),
    Modified(Key, Past),
    Empty(Range),
    Unchanged(Range, Past),
}

#[derive(Clone, Debug)]
enum Change {
    Put(Key, u8),
    Delete(Key),
    DeleteRange(Range),
}

type Plan = Vec<(Vec<Condition>, Vec<Change>)>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    value: Vec<u8>,
    created: Revision,
    modified: Revision,
}

type Map = BTreeMap<Key, Held>;

/// What must be in the store now, and was in it before.
struct Model {
    now: Map,
    past: Vec<(Revision, Map)>,
}

#[test]
fn the_embedded_store_is_a_map_with_a_memory() {
    run(48, |_| Place::embedded());
}

#[test]
fn etcd_is_a_map_with_a_memory() {
    // One etcd; each case has a prefix of its own.
    let runtime = Runtime::new().unwrap();
    let place = runtime.block_on(Place::etcd());
    let Place::Etcd(server) = &place else { unreachable!() };
    let mut number = 0;
    let mut open = || {
        number += 1;
        connect_below(server.endpoint(), format!("/case-{number}"))
    };
    check(24, &runtime, |runtime| runtime.block_on(open()));
}

fn run(cases: u32, make: impl Fn(u32) -> Place) {
    let runtime = Runtime::new().unwrap();
    let mut places = Vec::new();
    check(cases, &runtime, |runtime| {
        let place = make(cases);
        let store = runtime.block_on(place.open());
        places.push(place);
        store
    });
}

fn check(cases: u32, runtime: &Runtime, open: impl FnMut(&Runtime) -> Store) {
    let config =
        Config { cases, failure_persistence: None, ..Config::default() };
    let open = std::cell::RefCell::new(open);
    let result = TestRunner::new(config).run(&plan(), |plan| {
        let store = (open.borrow_mut())(runtime);
        runtime.block_on(follow(&store, plan));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

fn plan() -> impl Strategy<Value = Plan> {
    let conditions = vec(condition(), 0..3);
    let changes = vec(change(), 0..4);
    vec((conditions, changes), 1..25)
}

fn some_key() -> impl Strategy<Value = Key> {
    prop::sample::select(vec!["a", "a/1", "a/2", "b", "b/1"]).prop_map(key)
}

fn some_range() -> impl Strategy<Value = Range> {
    prop_oneof![
        Just(Range::all()),
        Just(Range::prefix("a/")),
        Just(Range::prefix("c/")),
        Just(Range::between("a/2", "b/0")),
        some_key().prop_map(|key| Range::one(&key)),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        some_key().prop_map(Condition::Absent),
        (some_key(), 0..3_u8).prop_map(|(k, v)| Condition::Value(k, v)),
        (some_key(), any::<Past>())
            .prop_map(|(k, at)| Condition::Modified(k, at)),
        some_range().prop_map(Condition::Empty),
        (some_range(), any::<Past>())
            .prop_map(|(range, at)| Condition::Unchanged(range, at)),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (some_key(), 0..3_u8).prop_map(|(k, v)| Change::Put(k, v)),
        1 => some_key().prop_map(Change::Delete),
        1 => some_range().prop_map(Change::DeleteRange),
    ]
}

async fn follow(store: &Store, plan: Plan) {
    let start = store.revision().await.unwrap();
    let mut model = Model { now: Map::new(), past: vec![(start, Map::new())] };
    for (conditions, changes) in plan {
        let change = model.transaction(&conditions, &changes);
        match store.commit(change.clone()).await {
            Ok(outcome) => model.take(&change, outcome),
            // The plan changed a key twice; then nothing happens.
            Err(error) => {
                assert!(model.is_confused(&change), "{error:?} of {change:?}");
            }
        }
        let listing = store.list(&Range::all(), None).await.unwrap();
        assert_eq!(map(&listing.entries), model.now);
    }
    model.compare_past(store).await;
    model.compare_events(store, start).await;
}

fn map(entries: &[tartan_store::Entry]) -> Map {
    let held = |entry: &tartan_store::Entry| {
        let held = Held {
            value: entry.value.clone(),
            created: entry.created,
            modified: entry.modified,
        };
        (entry.key.clone(), held)
    };
    entries.iter().map(held).collect()
}

impl Model {
    fn at(&self, past: &Past) -> Revision {
        past.get(&self.past).0
    }

    fn transaction(
        &self,
        conditions: &[Condition],
        changes: &[Change],
    ) -> Transaction {
        let compare = conditions.iter().map(|condition| match condition {
            Condition::Absent(key) => Compare::Absent(key.clone()),
            Condition::Value(key, value) => {
                Compare::Value(key.clone(), vec![*value])
            }
            Condition::Modified(key, past) => {
                Compare::Modified(key.clone(), self.at(past))
            }
            Condition::Empty(range) => Compare::Empty(range.clone()),
            Condition::Unchanged(range, past) => {
                Compare::Unchanged(range.clone(), self.at(past))
            }
        });
        let then = changes.iter().map(|change| match change {
            Change::Put(key, value) => {
                Op::Put { key: key.clone(), value: vec![*value], lease: None }
            }
            Change::Delete(key) => Op::Delete(key.clone()),
            Change::DeleteRange(range) => Op::DeleteRange(range.clone()),
        });
        Transaction { compare: compare.collect(), then: then.collect() }
    }

    fn is_confused(&self, change: &Transaction) -> bool {
        let touches = |op: &Op, wanted: &Key| match op {
            Op::Put { key, .. } | Op::Delete(key) => key == wanted,
            Op::DeleteRange(range) => range.contains(wanted),
        };
        change.then.iter().any(|op| match op {
            Op::Put { key, .. } => {
                change.then.iter().filter(|op| touches(op, key)).count() > 1
            }
            _ => false,
        })
    }

    fn holds(&self, compare: &Compare) -> bool {
        let mut inside = self.now.iter();
        match compare {
            Compare::Absent(key) => !self.now.contains_key(key),
            Compare::Value(key, value) => {
                self.now.get(key).is_some_and(|held| held.value == *value)
            }
            Compare::Modified(key, at) => {
                self.now.get(key).is_some_and(|held| held.modified == *at)
            }
            Compare::Empty(range) => inside.all(|(k, _)| !range.contains(k)),
            Compare::Unchanged(range, since) => inside
                .all(|(k, held)| !range.contains(k) || held.modified <= *since),
        }
    }

    fn take(&mut self, change: &Transaction, outcome: Outcome) {
        let holds = change.compare.iter().all(|wanted| self.holds(wanted));
        let Outcome::Committed(at) = outcome else {
            assert!(!holds, "{change:?} was refused");
            return;
        };
        assert!(holds, "{change:?} was not refused");
        let before = self.now.clone();
        change.then.iter().for_each(|op| self.apply(op, at));
        let (last, _) = *self.past.last().as_ref().unwrap();
        if self.now == before {
            assert_eq!(at, *last, "{change:?} changed nothing");
        } else {
            assert!(at > *last, "{change:?} has no revision of its own");
            self.past.push((at, self.now.clone()));
        }
    }

    fn apply(&mut self, op: &Op, at: Revision) {
        match op {
            Op::Put { key, value, .. } => {
                let old = self.now.get(key).map(|held| held.created);
                let held = Held {
                    value: value.clone(),
                    created: old.unwrap_or(at),
                    modified: at,
                };
                self.now.insert(key.clone(), held);
            }
            Op::Delete(key) => drop(self.now.remove(key)),
            Op::DeleteRange(range) => {
                self.now.retain(|key, _| !range.contains(key));
            }
        }
    }

    async fn compare_past(&self, store: &Store) {
        for (at, wanted) in &self.past {
            let then = store.list(&Range::all(), Some(*at)).await.unwrap();
            assert_eq!(map(&then.entries), *wanted, "at {at}");
        }
    }

    /// Told from the beginning, the events lead through each past map.
    async fn compare_events(&self, store: &Store, start: Revision) {
        let changes: usize = self
            .past
            .windows(2)
            .map(|pair| difference(&pair[0].1, &pair[1].1))
            .sum();
        let mut watch = store.watch(&Range::all(), start).await.unwrap();
        let told = events(&mut watch, changes).await;
        let mut now = Map::new();
        for (at, wanted) in &self.past[1..] {
            let of_it = told.iter().filter(|event| event.revision() == *at);
            of_it.for_each(|event| replay(&mut now, event));
            assert_eq!(now, *wanted, "after the events of {at}");
        }
        assert_eq!(told.len(), changes);
    }
}

fn difference(before: &Map, after: &Map) -> usize {
    let gone = before.keys().filter(|key| !after.contains_key(*key)).count();
    let put =
        after.iter().filter(|(key, held)| before.get(*key) != Some(*held));
    gone + put.count()
}

fn replay(now: &mut Map, event: &Event) {
    match event {
        Event::Put(entry) => now.extend(map(std::slice::from_ref(entry))),
        Event::Deleted { key, .. } => {
            assert!(now.remove(key).is_some(), "{key} was not there");
        }
    }
}
