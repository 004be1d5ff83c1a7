//! etcd behind a network that loses, cuts and delays, and an etcd that dies.

use std::path::Path;
use std::time::Duration;

use tartan_store::{
    Compare, EtcdSettings, Outcome, Range, Revision, Store, StoreError,
    Transaction, WatchError,
};
use tokio::time::{Instant, sleep, timeout};

use crate::place::{connect, settings};
use crate::proxy::{Proxy, Weather};
use crate::server::Server;
use crate::words::{commit, events, everything, key, put, soon, until};

/// An etcd, a proxy before it, a store that goes through the proxy and one
/// that does not.
struct Lost {
    server: Server,
    proxy: Proxy,
    through: Store,
    direct: Store,
}

impl Lost {
    async fn new() -> Self {
        let server = Server::start().await;
        let proxy = Proxy::before(server.port()).await;
        let quick = EtcdSettings {
            deadline: Duration::from_secs(1),
            ..settings(proxy.endpoint())
        };
        let through = Store::connect_etcd(quick).await.unwrap();
        let direct = connect(server.endpoint()).await;
        through.revision().await.unwrap();
        Self { server, proxy, through, direct }
    }
}

/// Processor time of this process, in clock ticks (10 ms).
pub(crate) fn ticks(process: &Path) -> u64 {
    let stat = std::fs::read_to_string(process.join("stat")).unwrap();
    let behind_name = stat.rsplit(") ").next().unwrap();
    let fields: Vec<&str> = behind_name.split(' ').collect();
    // proc(5): utime and stime are fields 14 and 15, the name is field 2.
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_lost_after_the_commit_is_unknown_and_found_by_reading() {
    let Lost { server: _server, proxy, through, direct } = Lost::new().await;
    proxy.set(Weather::NoReplies);
    let change = Transaction::new()
        .when(Compare::Absent(key("block")))
        .put(key("block"), "mine");
    let committing = {
        let (store, change) = (through.clone(), change.clone());
        tokio::spawn(async move { store.commit(change).await })
    };
    until("etcd has it", || async {
        direct.get(&key("block")).await.unwrap().is_some()
    })
    .await;
    proxy.cut();
    let error = soon(committing).await.unwrap().unwrap_err();
    assert!(matches!(error, StoreError::Unknown { .. }), "{error:?}");
    assert!(error.may_have_been_done());
    let text = error.to_string();
    assert_eq!(
        text,
        "cannot commit block: it is not known whether it was done"
    );

    proxy.set(Weather::Fine);
    let found = through.get(&key("block")).await.unwrap().unwrap();
    assert_eq!(found.value, b"mine");
    // Which is why it must not simply be done again.
    assert_eq!(through.commit(change).await.unwrap(), Outcome::Refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_never_comes_is_unknown_after_the_deadline() {
    let Lost { server: _server, proxy, through, .. } = Lost::new().await;
    proxy.set(Weather::NoReplies);
    let start = Instant::now();
    let error = through
        .commit(Transaction::new().put(key("a"), "1"))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unknown { .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_sent_is_unavailable() {
    let Lost { server: _server, proxy, through, direct } = Lost::new().await;
    proxy.set(Weather::BlackHole);
    assert!(through.get(&key("a")).await.is_err());
    // The connection is known to be bad now, so nothing is sent over it.
    let error = through
        .commit(Transaction::new().put(key("a"), "1"))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    proxy.cut();
    proxy.set(Weather::Fine);
    until("it is back", || async { through.revision().await.is_ok() }).await;
    assert_eq!(direct.get(&key("a")).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_goes_on_after_each_cut_and_tells_nothing_twice() {
    let Lost { server: _server, proxy, through, direct } = Lost::new().await;
    let from = put(&direct, "w", "start").await;
    let mut watch = through.watch(&Range::all(), from).await.unwrap();
    let mut written: Vec<Revision> = Vec::new();
    for round in 0..5 {
        for n in 0..4 {
            written.push(put(&direct, "w", &format!("{round}.{n}")).await);
        }
        let half = events(&mut watch, 2).await.len();
        proxy.cut();
        // This one happens while nobody listens.
        written.push(put(&direct, "w", "unheard").await);
        let rest = events(&mut watch, 5 - half).await.len();
        assert_eq!(half + rest, 5);
    }
    let mut again = direct.watch(&Range::all(), from).await.unwrap();
    let all = events(&mut again, written.len()).await;
    let told: Vec<Revision> = all.iter().map(|e| e.revision()).collect();
    assert_eq!(told, written);
    let silence = timeout(Duration::from_millis(300), watch.next()).await;
    assert!(silence.is_err(), "told twice: {silence:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_that_was_cut_off_over_a_compaction_says_so() {
    let Lost { server: _server, proxy, through, direct } = Lost::new().await;
    let from = put(&direct, "w", "0").await;
    let mut watch = through.watch(&Range::all(), from).await.unwrap();
    put(&direct, "w", "1").await;
    events(&mut watch, 1).await;
    proxy.set(Weather::BlackHole);
    proxy.cut();
    put(&direct, "w", "2").await;
    // The deletion is exactly where the store is compacted: an etcd that is
    // asked for what comes from there on may leave it out.
    let gone = commit(&direct, Transaction::new().delete(key("w"))).await;
    direct.compact(gone).await.unwrap();
    proxy.set(Weather::Fine);
    proxy.cut();
    match soon(watch.next()).await {
        Err(WatchError::Compacted { oldest: Some(oldest), .. }) => {
            assert_eq!(oldest, gone);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_one_step_behind_the_compaction_is_told_so_too() {
    let Lost { server: _server, direct, .. } = Lost::new().await;
    let from = put(&direct, "w", "0").await;
    let gone = commit(&direct, Transaction::new().delete(key("w"))).await;
    direct.compact(gone).await.unwrap();
    let mut watch = direct.watch(&Range::all(), from).await.unwrap();
    let told = soon(watch.next()).await;
    assert!(matches!(told, Err(WatchError::Compacted { .. })), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_network_is_only_slow() {
    let Lost { server: _server, proxy, through, .. } = Lost::new().await;
    proxy.set(Weather::Slow(Duration::from_millis(100)));
    let at = put(&through, "a", "1").await;
    let mut watch = through.watch(&Range::all(), at).await.unwrap();
    put(&through, "a", "2").await;
    assert_eq!(events(&mut watch, 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_killed_etcd() {
    let mut server = Server::start().await;
    let store = connect(server.endpoint()).await;
    let from = store.revision().await.unwrap();
    let mut watch = store.watch(&Range::all(), from).await.unwrap();
    let writing = {
        let store = store.clone();
        tokio::spawn(async move { write_until_it_fails(&store).await })
    };
    events(&mut watch, 20).await;
    server.kill();
    let acknowledged = soon(writing).await.unwrap();
    server.start_again().await;

    let found = everything(&store).await;
    for n in 0..acknowledged {
        let name = format!("n/{n:05}");
        assert!(found.iter().any(|(key, _)| *key == name), "{name} is lost");
    }
    // At most the one whose reply was lost came through as well.
    assert!(found.len() <= acknowledged + 1);
    put(&store, "z", "after").await;
    let mut last = String::new();
    while last != "z" {
        let batch = soon(watch.next()).await.unwrap();
        last = batch.last().unwrap().key().to_string();
    }
}

async fn write_until_it_fails(store: &Store) -> usize {
    let mut n = 0;
    loop {
        let change = Transaction::new().put(key(&format!("n/{n:05}")), "1");
        if store.commit(change).await.is_err() {
            return n;
        }
        n += 1;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_etcd_under_the_same_address_is_noticed() {
    let mut server = Server::start().await;
    let store = connect(server.endpoint()).await;
    let name = store.identity().await.unwrap();
    for n in 0..20 {
        put(&store, "a", &n.to_string()).await;
    }
    let at = store.revision().await.unwrap();
    let mut watch = store.watch(&Range::all(), at).await.unwrap();
    put(&store, "a", "last").await;
    events(&mut watch, 1).await;

    server.kill();
    server.start_anew().await;
    match soon(watch.next()).await {
        Err(WatchError::Ahead { current, .. }) => assert!(current < at),
        other => panic!("{other:?}"),
    }
    assert_ne!(store.identity().await.unwrap(), name);
    assert!(store.revision().await.unwrap() < at);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_member_of_two_that_is_dead_is_passed_over() {
    let server = Server::start().await;
    let dead = Proxy::before(server.port()).await;
    dead.set(Weather::BlackHole);
    let both =
        EtcdSettings::new(vec![dead.endpoint(), server.endpoint()], "/tartan");
    let store = Store::connect_etcd(both).await.unwrap();
    let start = Instant::now();
    put(&store, "a", "1").await;
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_opens_before_its_etcd_is_there() {
    let mut server = Server::start().await;
    server.kill();
    let store = connect(server.endpoint()).await;
    let mut watch = store.watch(&Range::all(), Revision(0)).await.unwrap();
    let waiting = tokio::spawn(async move { watch.next().await });
    let error = store.revision().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    server.start_again().await;
    put(&store, "a", "1").await;
    assert!(soon(waiting).await.unwrap().is_ok());
}

/// The test process has other tests in it, so this asks a child of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_etcd_that_cannot_be_reached_costs_no_processor_time() {
    let mut server = Server::start().await;
    let proxy = Proxy::before(server.port()).await;
    let mut holed = crate::child::Child::start("etcd", &proxy.endpoint());
    let mut refused = crate::child::Child::start("etcd", &server.endpoint());
    soon(holed.line()).await;
    soon(refused.line()).await;
    proxy.set(Weather::BlackHole);
    server.kill();

    let before = [ticks(&holed.proc()), ticks(&refused.proc())];
    // What is measured is this time going by.
    sleep(Duration::from_secs(8)).await;
    let after = [ticks(&holed.proc()), ticks(&refused.proc())];
    for (before, after) in before.into_iter().zip(after) {
        let used = after - before;
        println!("{used} ticks in 8 s");
        assert!(used <= 20, "{used} ticks in 8 s");
    }
}
