//! Processes that share the embedded file.

use std::time::Duration;

use tartan_model::BootId;
use tartan_store::{Event, Range, Store, Transaction};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::child::{Child, now_nanos};
use crate::lost::ticks;
use crate::place::open_embedded;
use crate::words::{commit, events, everything, key, put, soon, until};

fn folder() -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let text = folder.path().to_str().unwrap().to_owned();
    (folder, text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_elsewhere_sees_a_commit_within_50_milliseconds() {
    let (folder, place) = folder();
    let store = open_embedded(folder.path()).await;
    let mut watcher = Child::start("watch", &place);
    let mut other = Child::start("watch", &place);
    assert_eq!(soon(watcher.line()).await, "ready");
    assert_eq!(soon(other.line()).await, "ready");
    let mut latencies = Vec::new();
    for n in 0..21 {
        let name = format!("k/{n}");
        put(&store, &name, "1").await;
        let committed = now_nanos();
        for watcher in [&mut watcher, &mut other] {
            let line = soon(watcher.line()).await;
            let (key, seen) = line.split_once(' ').unwrap();
            assert_eq!(key, name);
            let seen: u64 = seen.parse().unwrap();
            latencies.push(seen.saturating_sub(committed));
        }
    }
    latencies.sort_unstable();
    let at = |place: usize| Duration::from_nanos(latencies[place]);
    println!("median {:?}, slowest {:?}", at(21), at(41));
    assert!(at(21) < Duration::from_millis(50), "{latencies:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_process_costs_no_processor_time() {
    let (folder, place) = folder();
    let _store = open_embedded(folder.path()).await;
    let mut idle = Child::start("watch", &place);
    soon(idle.line()).await;
    let before = ticks(&idle.proc());
    // What is measured is this time going by.
    sleep(Duration::from_secs(5)).await;
    let used = ticks(&idle.proc()) - before;
    println!("{used} ticks of 10 ms in 5 s");
    assert!(used <= 2, "{used} ticks of 10 ms in 5 s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_no_acknowledged_commit_and_halves_none() {
    let (folder, place) = folder();
    for round in 0..5 {
        let mut writer = Child::start("write", &place);
        let mut last = soon(writer.line()).await;
        for _ in 0..20 + 7 * round {
            last = soon(writer.line()).await;
        }
        if let Some(later) = writer.kill().await.pop() {
            last = later;
        }
        let last: usize = last.parse().unwrap();

        let store = open_embedded(folder.path()).await;
        let left = store.list(&Range::prefix("left/"), None).await.unwrap();
        let right = store.list(&Range::prefix("right/"), None).await.unwrap();
        assert!(left.entries.len() > last, "{last} was acknowledged");
        assert_eq!(left.entries.len(), right.entries.len(), "a half commit");
        let all = Transaction::new().delete_range(Range::all());
        commit(&store, all).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_write_one_file() {
    let (folder, place) = folder();
    let store = open_embedded(folder.path()).await;
    let from = store.revision().await.unwrap();
    let mut watch = store.watch(&Range::all(), from).await.unwrap();
    let mut writers: Vec<Child> =
        (0..3).map(|_| Child::start("write", &place)).collect();
    for writer in &mut writers {
        while soon(writer.line()).await != "9" {}
    }
    for writer in writers {
        writer.kill().await;
    }
    let head = store.revision().await.unwrap();
    let mut last = from;
    while last < head {
        for event in soon(watch.next()).await.unwrap() {
            let at = event.revision();
            assert!(at == last || at.0 == last.0 + 1, "{at} after {last}");
            last = at;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_lapses_when_its_process_is_dead() {
    let (folder, place) = folder();
    let store = open_embedded(folder.path()).await;
    let from = store.revision().await.unwrap();
    let alive = Range::prefix("alive/");
    let mut watch = store.watch(&alive, from).await.unwrap();
    let mut holder = Child::start("lease", &place);
    assert_eq!(soon(holder.line()).await, "alive");
    holder.kill().await;

    let seen = events(&mut watch, 2).await;
    assert!(matches!(seen[0], Event::Put(_)), "{seen:?}");
    assert!(matches!(seen[1], Event::Deleted { .. }), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_lapses_also_when_nobody_was_there_to_see_it() {
    let (folder, place) = folder();
    let mut holder = Child::start("lease", &place);
    soon(holder.line()).await;
    holder.kill().await;
    let store = open_embedded(folder.path()).await;
    until("a read leaves it out", || async {
        everything(&store).await.is_empty()
    })
    .await;
    // A commit sees it gone as well.
    let absent = tartan_store::Compare::Absent(key("alive/child"));
    commit(&store, Transaction::new().when(absent).put(key("a"), "1")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reboot_ends_every_lease() {
    let (folder, _) = folder();
    let before = open_embedded(folder.path()).await;
    let lease = before.grant(Duration::from_secs(3600)).await.unwrap();
    let leased = Transaction::new().put_leased(key("alive/a"), "1", lease.id);
    commit(&before, leased).await;
    put(&before, "kept", "1").await;
    drop(before);

    let boot = BootId::new("22222222-2222-2222-2222-222222222222");
    let after = Store::open_embedded(folder.path(), &boot).await.unwrap();
    assert_eq!(everything(&after).await, [("kept".into(), "1".into())]);
    assert!(after.keep_alive(lease.id).await.is_err());
}
