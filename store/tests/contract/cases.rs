//! What every engine promises.

use std::collections::BTreeSet;
use std::time::Duration;

use tartan_store::{
    Compare, Event, Key, LeaseId, MOST_OPERATIONS, Outcome, Range, Revision,
    StoreError, Transaction, WatchError,
};
use tokio::time::timeout;

use crate::place::Place;
use crate::words::{commit, events, everything, key, put, soon, until};

pub(crate) async fn what_is_committed_is_read(place: &Place) {
    let store = place.open().await;
    assert_eq!(store.get(&key("a")).await.unwrap(), None);

    let first = put(&store, "a", "1").await;
    let second = put(&store, "a", "2").await;
    let found = place.open().await.get(&key("a")).await.unwrap().unwrap();

    assert!(second > first);
    assert_eq!((found.created, found.modified), (first, second));
    assert_eq!((found.value.as_slice(), found.lease), (&b"2"[..], None));
    assert_eq!(store.revision().await.unwrap(), second);

    commit(&store, Transaction::new().delete(key("a"))).await;
    let third = put(&store, "a", "3").await;
    let found = store.get(&key("a")).await.unwrap().unwrap();
    assert_eq!(found.created, third, "a key put again is new");
}

pub(crate) async fn a_comparison_decides_over_the_whole(place: &Place) {
    let store = place.open().await;
    let before = store.revision().await.unwrap();
    let at = put(&store, "b/x", "1").await;
    let (x, no) = (key("b/x"), key("b/no"));
    let (full, empty) = (Range::prefix("b/"), Range::prefix("c/"));
    let table = [
        (Compare::Absent(no.clone()), true),
        (Compare::Absent(x.clone()), false),
        (Compare::Value(x.clone(), b"1".to_vec()), true),
        (Compare::Value(x.clone(), b"2".to_vec()), false),
        (Compare::Value(no.clone(), b"".to_vec()), false),
        (Compare::Modified(x.clone(), at), true),
        (Compare::Modified(x, before), false),
        (Compare::Modified(no.clone(), at), false),
        (Compare::Modified(no, Revision(0)), true),
        (Compare::Empty(empty.clone()), true),
        (Compare::Empty(full.clone()), false),
        (Compare::Empty(Range::one(&key("b"))), true),
        (Compare::Unchanged(full.clone(), at), true),
        (Compare::Unchanged(full, before), false),
        (Compare::Unchanged(empty, before), true),
    ];
    for (compare, holds) in table {
        let change = Transaction::new()
            .when(Compare::Absent(key("never")))
            .when(compare.clone())
            .put(key("z"), "1")
            .delete(key("y"));
        let outcome = store.commit(change).await.unwrap();
        let is_done = matches!(outcome, Outcome::Committed(_));
        assert_eq!(is_done, holds, "{compare:?}");
        let found = store.get(&key("z")).await.unwrap();
        assert_eq!(found.is_some(), holds, "{compare:?}");
        commit(&store, Transaction::new().delete(key("z"))).await;
    }
}

pub(crate) async fn a_transaction_is_one_revision(place: &Place) {
    let store = place.open().await;
    put(&store, "t/old", "1").await;
    put(&store, "t/gone/1", "1").await;
    let from = put(&store, "t/gone/2", "1").await;
    let mut watch = store.watch(&Range::prefix("t/"), from).await.unwrap();

    let change = Transaction::new()
        .put(key("t/new"), "2")
        .delete(key("t/old"))
        .delete_range(Range::prefix("t/gone/"));
    let at = commit(&store, change).await;

    let batch = soon(watch.next()).await.unwrap();
    assert!(batch.iter().all(|event| event.revision() == at), "{batch:?}");
    let keys: BTreeSet<&str> =
        batch.iter().map(|event| event.key().as_str()).collect();
    let wanted = ["t/gone/1", "t/gone/2", "t/new", "t/old"];
    assert_eq!(keys, BTreeSet::from(wanted));
    assert_eq!(everything(&store).await, [("t/new".into(), "2".into())]);
}

pub(crate) async fn what_changes_nothing_has_no_revision(place: &Place) {
    let store = place.open().await;
    let at = put(&store, "a", "1").await;
    let nothing = [
        Transaction::new(),
        Transaction::new().delete(key("b")),
        Transaction::new().delete_range(Range::prefix("b/")),
    ];
    for change in nothing {
        assert_eq!(commit(&store, change).await, at);
    }
    let same = put(&store, "a", "1").await;
    assert!(same > at, "a put is a change, whatever it puts");
}

pub(crate) async fn a_listing_is_complete_and_of_one_moment(place: &Place) {
    let store = place.open().await;
    let many = 1200;
    let names: Vec<String> = (0..many).map(|n| format!("n/{n:04}")).collect();
    for part in names.chunks(MOST_OPERATIONS) {
        let change = part
            .iter()
            .fold(Transaction::new(), |t, name| t.put(key(name), "1"));
        commit(&store, change).await;
    }
    put(&store, "m", "1").await;
    let then = put(&store, "n/0000", "2").await;
    commit(&store, Transaction::new().delete_range(Range::prefix("n/00")))
        .await;
    put(&store, "n/zzzz", "1").await;

    let range = Range::prefix("n/");
    let now = store.list(&range, None).await.unwrap();
    let found: Vec<&str> =
        now.entries.iter().map(|entry| entry.key.as_str()).collect();
    let mut wanted: Vec<&str> =
        names.iter().skip(100).map(String::as_str).collect();
    wanted.push("n/zzzz");
    assert_eq!(found, wanted);
    assert_eq!(now.revision, store.revision().await.unwrap());

    let past = store.list(&range, Some(then)).await.unwrap();
    let found: Vec<&str> =
        past.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(found, names);
    assert_eq!(past.revision, then);
    assert_eq!(past.entries[0].value, b"2");

    let middle = Range::between("n/0500", "n/0510");
    let found = store.list(&middle, None).await.unwrap();
    assert_eq!(found.entries.len(), 10);
}

pub(crate) async fn a_watch_tells_everything_in_order(place: &Place) {
    let store = place.open().await;
    let from = put(&store, "w/0", "before").await;
    let mut live = store.watch(&Range::prefix("w/"), from).await.unwrap();

    let mut writers = Vec::new();
    for writer in 0..4 {
        let store = place.open().await;
        writers.push(tokio::spawn(async move {
            for n in 0..10 {
                put(&store, &format!("w/{writer}/{n}"), "1").await;
            }
        }));
    }
    for writer in writers {
        soon(writer).await.unwrap();
    }
    let last = commit(&store, Transaction::new().delete(key("w/0"))).await;

    let seen = events(&mut live, 41).await;
    let revisions: Vec<Revision> = seen.iter().map(Event::revision).collect();
    assert!(revisions.is_sorted_by(|a, b| a < b), "{revisions:?}");
    let deleted = Event::Deleted { key: key("w/0"), revision: last };
    assert_eq!(seen.last(), Some(&deleted));

    let mut late = store.watch(&Range::prefix("w/"), from).await.unwrap();
    assert_eq!(events(&mut late, 41).await, seen, "told again the same way");
    let half = revisions[20];
    let mut later = store.watch(&Range::prefix("w/"), half).await.unwrap();
    assert_eq!(events(&mut later, 20).await, seen[21..]);
}

pub(crate) async fn a_watch_tells_its_range_alone(place: &Place) {
    let store = place.open().await;
    let from = store.revision().await.unwrap();
    let one = Range::one(&key("hosts/a"));
    let mut watch = store.watch(&one, from).await.unwrap();
    put(&store, "hosts/a-", "no").await;
    put(&store, "hosts/a/b", "no").await;
    put(&store, "hosts", "no").await;
    let at = put(&store, "hosts/a", "yes").await;
    let seen = events(&mut watch, 1).await;
    assert_eq!((seen.len(), seen[0].revision()), (1, at));
}

pub(crate) async fn a_watch_that_was_not_awaited_loses_nothing(place: &Place) {
    let store = place.open().await;
    let from = store.revision().await.unwrap();
    let mut watch = store.watch(&Range::all(), from).await.unwrap();
    let mut seen = Vec::new();
    for n in 0..20 {
        put(&store, &format!("k/{n:02}"), "1").await;
        // Too short more often than not.
        let moment = Duration::from_micros(200);
        if let Ok(batch) = timeout(moment, watch.next()).await {
            seen.extend(batch.unwrap());
        }
    }
    let missing = 20 - seen.len();
    seen.extend(events(&mut watch, missing).await);
    let keys: Vec<Key> = seen.iter().map(|e| e.key().clone()).collect();
    let wanted: Vec<Key> = (0..20).map(|n| key(&format!("k/{n:02}"))).collect();
    assert_eq!(keys, wanted);
}

pub(crate) async fn what_is_compacted_is_said_to_be(place: &Place) {
    let store = place.open().await;
    let first = put(&store, "a", "1").await;
    let second = put(&store, "b", "1").await;
    let gone = commit(&store, Transaction::new().delete(key("a"))).await;
    let last = put(&store, "b", "2").await;
    store.compact(gone).await.unwrap();
    store.compact(gone).await.expect("twice is no failure");
    store.compact(second).await.expect("nor is less than that");

    let list = store.list(&Range::all(), Some(second)).await;
    assert!(matches!(list, Err(StoreError::Compacted { .. })), "{list:?}");
    let old = store.list(&Range::all(), Some(gone)).await.unwrap();
    assert_eq!(old.entries.len(), 1);
    assert_eq!(old.entries[0].value, b"1");

    for from in [first, second] {
        let mut watch = store.watch(&Range::all(), from).await.unwrap();
        let told = soon(watch.next()).await;
        match told {
            Err(WatchError::Compacted { oldest: Some(oldest), .. }) => {
                assert_eq!(oldest, gone);
            }
            other => panic!("{other:?} from {from}"),
        }
    }
    let mut watch = store.watch(&Range::all(), gone).await.unwrap();
    assert_eq!(events(&mut watch, 1).await[0].revision(), last);

    let beyond = store.compact(Revision(last.0 + 100)).await;
    match beyond {
        Err(StoreError::Ahead { current, .. }) => assert_eq!(current, last),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_running_watch_does_not_mind_compaction(place: &Place) {
    let store = place.open().await;
    let from = put(&store, "a", "0").await;
    let mut busy = store.watch(&Range::one(&key("a")), from).await.unwrap();
    let mut quiet = store.watch(&Range::one(&key("q")), from).await.unwrap();
    // Both run now: a watch that has not begun may be told to list again.
    put(&store, "q", "0").await;
    put(&store, "a", "0").await;
    events(&mut busy, 1).await;
    events(&mut quiet, 1).await;
    for n in 1..=20 {
        let at = put(&store, "a", &n.to_string()).await;
        assert_eq!(events(&mut busy, 1).await[0].revision(), at);
        let moment = Duration::from_millis(1);
        assert!(timeout(moment, quiet.next()).await.is_err());
        store.compact(at).await.unwrap();
    }
    let at = put(&store, "q", "1").await;
    assert_eq!(events(&mut quiet, 1).await[0].revision(), at);
}

pub(crate) async fn a_revision_that_never_was_is_not_waited_for(place: &Place) {
    let store = place.open().await;
    let now = put(&store, "a", "1").await;
    let never = Revision(now.0 + 1000);
    let mut watch = store.watch(&Range::all(), never).await.unwrap();
    match soon(watch.next()).await {
        Err(WatchError::Ahead { current, .. }) => assert_eq!(current, now),
        other => panic!("{other:?}"),
    }
    match store.list(&Range::all(), Some(never)).await {
        Err(StoreError::Ahead { current, .. }) => assert_eq!(current, now),
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_lapsed_lease_takes_its_keys_along(place: &Place) {
    let store = place.open().await;
    let lease = store.grant(Duration::from_secs(1)).await.unwrap();
    assert!(lease.lifetime >= Duration::from_secs(1));
    let change = Transaction::new()
        .put_leased(key("alive/a"), "1", lease.id)
        .put_leased(key("alive/b"), "1", lease.id)
        .put_leased(key("alive/c"), "1", lease.id);
    commit(&store, change).await;
    let found = store.get(&key("alive/a")).await.unwrap().unwrap();
    assert_eq!(found.lease, Some(lease.id));
    // Without a lease it stays.
    let from = put(&store, "alive/c", "2").await;

    let mut watch = store.watch(&Range::prefix("alive/"), from).await.unwrap();
    let seen = soon(watch.next()).await.unwrap();
    let mut keys: Vec<&str> =
        seen.iter().map(|event| event.key().as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["alive/a", "alive/b"]);
    assert!(seen.iter().all(|e| matches!(e, Event::Deleted { .. })));
    assert_eq!(everything(&store).await, [("alive/c".into(), "2".into())]);

    let beat = store.keep_alive(lease.id).await;
    assert!(matches!(beat, Err(StoreError::LeaseEnded { .. })), "{beat:?}");
    let late = Transaction::new().put_leased(key("alive/a"), "1", lease.id);
    let late = store.commit(late).await;
    match late {
        Err(StoreError::LeaseEnded { lease: ended, .. }) => {
            assert_eq!(ended, lease.id);
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_lease_that_is_kept_alive_lives(place: &Place) {
    let store = place.open().await;
    let lease = store.grant(Duration::from_secs(2)).await.unwrap();
    let leased = Transaction::new().put_leased(key("alive/a"), "1", lease.id);
    let from = commit(&store, leased).await;
    let mut watch = store.watch(&Range::all(), from).await.unwrap();
    // Three lifetimes long nothing happens.
    let end = tokio::time::Instant::now() + 3 * lease.lifetime;
    while tokio::time::Instant::now() < end {
        let lifetime = store.keep_alive(lease.id).await.unwrap();
        assert_eq!(lifetime, lease.lifetime);
        let told = timeout(lifetime / 8, watch.next()).await;
        assert!(told.is_err(), "{told:?}");
    }
    assert!(store.get(&key("alive/a")).await.unwrap().is_some());
    // And then it ends.
    assert_eq!(events(&mut watch, 1).await.len(), 1);
}

pub(crate) async fn a_revoked_lease_ends_at_once(place: &Place) {
    let store = place.open().await;
    let lease = store.grant(Duration::from_secs(3600)).await.unwrap();
    let leased = Transaction::new().put_leased(key("alive/a"), "1", lease.id);
    commit(&store, leased).await;
    store.revoke(lease.id).await.unwrap();
    assert!(everything(&store).await.is_empty());
    store.revoke(lease.id).await.expect("twice is no failure");
    let beat = store.keep_alive(LeaseId(lease.id.0 + 1)).await;
    assert!(matches!(beat, Err(StoreError::LeaseEnded { .. })), "{beat:?}");
}

pub(crate) async fn what_no_engine_takes_is_invalid(place: &Place) {
    let store = place.open().await;
    let puts = |many: usize| {
        (0..many).fold(Transaction::new(), |change, n| {
            let key = key(&format!("k/{n}"));
            change.when(Compare::Absent(key.clone())).put(key, "1")
        })
    };
    commit(&store, puts(MOST_OPERATIONS)).await;
    let void = Range::between("b", "a");
    let twice = Transaction::new().put(key("a"), "1").delete(key("a"));
    let errors = [
        store.commit(puts(MOST_OPERATIONS + 1)).await.unwrap_err(),
        store.commit(twice).await.unwrap_err(),
        store.list(&void, None).await.unwrap_err(),
        store.list(&Range::all(), Some(Revision(0))).await.unwrap_err(),
        store.watch(&void, Revision(1)).await.unwrap_err(),
        store.grant(Duration::ZERO).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, StoreError::Invalid { .. }), "{error:?}");
    }
}

pub(crate) async fn a_store_knows_its_name(place: &Place) {
    let (one, two) = (place.open().await, place.open().await);
    let (first, second) = tokio::join!(one.identity(), two.identity());
    let name = first.unwrap();
    assert_eq!(name, second.unwrap());
    assert!(everything(&one).await.is_empty(), "the name is no key");
    let all = Transaction::new().delete_range(Range::all());
    commit(&one, all).await;
    assert_eq!(place.open().await.identity().await.unwrap(), name);
}

pub(crate) async fn of_two_who_compare_one_wins(place: &Place) {
    put(&place.open().await, "count", "0").await;
    let mut counters = Vec::new();
    for _ in 0..4 {
        let store = place.open().await;
        counters.push(tokio::spawn(async move {
            for _ in 0..10 {
                count(&store).await;
            }
        }));
    }
    for counter in counters {
        soon(counter).await.unwrap();
    }
    let all = everything(&place.open().await).await;
    assert_eq!(all, [("count".into(), "40".into())]);
}

async fn count(store: &tartan_store::Store) {
    until("the count is ours", || async {
        let found = store.get(&key("count")).await.unwrap().unwrap();
        let old: u32 = String::from_utf8(found.value).unwrap().parse().unwrap();
        let change = Transaction::new()
            .when(Compare::Modified(key("count"), found.modified))
            .put(key("count"), (old + 1).to_string());
        store.commit(change).await.unwrap() != Outcome::Refused
    })
    .await;
}

pub(crate) async fn values_are_bytes(place: &Place) {
    let store = place.open().await;
    let values = [Vec::new(), vec![0, 255, 0, 128], vec![7; 900_000]];
    for value in values {
        let change = Transaction::new().put(key("v"), value.clone());
        let at = commit(&store, change).await;
        let found = store.get(&key("v")).await.unwrap().unwrap();
        assert!(found.value == value, "{} bytes", value.len());
        let before = Revision(at.0 - 1);
        let mut watch = store.watch(&Range::all(), before).await.unwrap();
        match &events(&mut watch, 1).await[0] {
            Event::Put(entry) => assert!(entry.value == value),
            other => panic!("{other:?}"),
        }
    }
}
