//! Short words for what the cases do all the time.

use std::future::Future;
use std::time::Duration;

use tartan_store::{Entry, Event, Key, Outcome, Range, Revision, Store};
use tartan_store::{Transaction, Watch};
use tokio::time::{Instant, sleep, timeout};

/// More than anything here takes on a busy machine.
pub(crate) const GENEROUS: Duration = Duration::from_secs(30);

pub(crate) fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

/// The values by key.
pub(crate) fn pairs(entries: &[Entry]) -> Vec<(String, String)> {
    let text = |entry: &Entry| {
        let value = String::from_utf8_lossy(&entry.value).into_owned();
        (entry.key.to_string(), value)
    };
    entries.iter().map(text).collect()
}

/// Puts a key and says at which revision.
pub(crate) async fn put(store: &Store, name: &str, value: &str) -> Revision {
    commit(store, Transaction::new().put(key(name), value)).await
}

/// Does a transaction that must succeed.
pub(crate) async fn commit(store: &Store, change: Transaction) -> Revision {
    match store.commit(change).await.unwrap() {
        Outcome::Committed(revision) => revision,
        Outcome::Refused => panic!("refused"),
    }
}

/// The events of a watch until this many came.
pub(crate) async fn events(watch: &mut Watch, number: usize) -> Vec<Event> {
    let mut all = Vec::new();
    while all.len() < number {
        all.extend(soon(watch.next()).await.unwrap());
    }
    all
}

/// Awaits what must come.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(GENEROUS, what).await.expect("in time")
}

/// Asks until it is so.
pub(crate) async fn until<F: Future<Output = bool>>(
    what: &str,
    mut is_so: impl FnMut() -> F,
) {
    let deadline = Instant::now() + GENEROUS;
    while !is_so().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Everything in the store.
pub(crate) async fn everything(store: &Store) -> Vec<(String, String)> {
    pairs(&store.list(&Range::all(), None).await.unwrap().entries)
}
