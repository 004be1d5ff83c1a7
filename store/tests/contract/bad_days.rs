//! The embedded store locked, damaged, full, restored from yesterday.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tartan_store::{Range, Revision, Store, StoreError, Transaction};
use tartan_store::{Watch, WatchError};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

use crate::child::Child;
use crate::place::{boot, database, open_embedded};
use crate::words::{commit, everything, key, put, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_use_makes_the_store_for_its_owner_alone() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("var/lib/tartan");
    let store = open_embedded(&state).await;
    put(&store, "a", "1").await;
    let mode =
        |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state.join("store")), 0o700);
    for file in fs::read_dir(state.join("store")).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_open_it_first_at_once_make_one_store() {
    let folder = TempDir::new().unwrap();
    let opening = || open_embedded(folder.path());
    let (a, b, c, d) = tokio::join!(opening(), opening(), opening(), opening());
    let name = a.identity().await.unwrap();
    for store in [b, c, d] {
        assert_eq!(store.identity().await.unwrap(), name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_store_is_busy_after_a_while_and_still_read() {
    let folder = TempDir::new().unwrap();
    let store = open_embedded(folder.path()).await;
    let at = put(&store, "a", "1").await;
    let place = folder.path().to_str().unwrap();
    let mut holder = Child::start("lock", place);
    assert_eq!(soon(holder.line()).await, "locked");

    let start = Instant::now();
    let committing = {
        let store = store.clone();
        tokio::spawn(async move {
            store.commit(Transaction::new().put(key("b"), "1")).await
        })
    };
    let moment = Duration::from_secs(2);
    let read = timeout(moment, store.get(&key("a"))).await;
    assert!(read.expect("reads do not wait").unwrap().is_some());
    let error = soon(committing).await.unwrap().unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("another process kept the store locked"), "{text}");
    assert!(start.elapsed() < Duration::from_secs(15));

    holder.kill().await;
    assert!(put(&store, "b", "1").await > at);
}

/// What is done to the file, and how.
type Damage = (&'static str, fn(&Path));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_named_and_left_alone() {
    let damages: [Damage; 6] = [
        ("garbage", |file| fs::write(file, vec![b'x'; 8192]).unwrap()),
        ("emptied", |file| fs::write(file, "").unwrap()),
        ("cut in half", |file| {
            let bytes = fs::read(file).unwrap();
            fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("overwritten inside", |file| {
            let mut bytes = fs::read(file).unwrap();
            bytes[4096..].fill(0xaa);
            fs::write(file, bytes).unwrap();
        }),
        ("another database", |file| {
            fs::remove_file(file).unwrap();
            let other = rusqlite::Connection::open(file).unwrap();
            other.execute_batch("CREATE TABLE t (x)").unwrap();
        }),
        ("gone, its log left", |file| {
            fs::rename(file, file.with_extension("db-wal")).unwrap();
        }),
    ];
    for (what, damage) in damages {
        let folder = TempDir::new().unwrap();
        let file = database(folder.path());
        fill_and_close(folder.path()).await;
        damage(&file);
        let damaged = fs::read(&file).ok();

        let error =
            Store::open_embedded(folder.path(), &boot()).await.unwrap_err();
        assert!(
            matches!(error, StoreError::Corrupt { .. }),
            "{what}: {error:?}"
        );
        let text = error.to_string();
        assert!(text.contains(file.to_str().unwrap()), "{what}: {text}");
        assert!(text.contains("stop Tartan on this host"), "{what}: {text}");
        assert_eq!(fs::read(&file).ok(), damaged, "{what}: it was changed");
    }
}

/// Leaves a store of some pages whose write-ahead file is written back.
async fn fill_and_close(folder: &Path) {
    let store = open_embedded(folder).await;
    for n in 0..50 {
        let change =
            Transaction::new().put(key(&format!("k/{n}")), vec![7; 1000]);
        commit(&store, change).await;
    }
    drop(store);
    let log = database(folder).with_extension("db-wal");
    crate::words::until("the store is closed", || async { !log.exists() })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_of_a_newer_version_is_left_alone() {
    let folder = TempDir::new().unwrap();
    fill_and_close(folder.path()).await;
    let file = rusqlite::Connection::open(database(folder.path())).unwrap();
    file.pragma_update(None, "user_version", 7).unwrap();
    drop(file);
    let error = Store::open_embedded(folder.path(), &boot()).await.unwrap_err();
    match error {
        StoreError::Newer { found: 7, known: 1, .. } => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_and_is_still_read() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().to_str().unwrap();
    // In a mount namespace of its own, which goes with the process.
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c"]);
    let mount = "mount -t tmpfs -o size=3m tmpfs \"$TARTAN_STORE_PLACE\" \
                 && exec \"$0\" \"$@\"";
    command.arg(mount).arg(std::env::current_exe().unwrap());
    let mut filler = Child::start_as(command, "fill", place);
    let mut puts = 0;
    let failed = loop {
        match soon(filler.line()).await.as_str() {
            "put" => puts += 1,
            other => break other.to_owned(),
        }
    };
    assert!(failed.ends_with("the store has no room left"), "{failed}");
    assert!(puts > 0);
    assert_eq!(soon(filler.line()).await, format!("holds {puts}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_restored_from_yesterday_shows() {
    let folder = TempDir::new().unwrap();
    fill_and_close(folder.path()).await;
    let file = database(folder.path());
    let copy = fs::read(&file).unwrap();

    let today = open_embedded(folder.path()).await;
    let name = today.identity().await.unwrap();
    let seen = put(&today, "today", "1").await;
    drop(today);
    let log = file.with_extension("db-wal");
    crate::words::until("the store is closed", || async { !log.exists() })
        .await;
    fs::write(&file, copy).unwrap();

    let restored = open_embedded(folder.path()).await;
    assert_eq!(restored.identity().await.unwrap(), name);
    assert!(restored.revision().await.unwrap() < seen);
    let mut watch: Watch = restored.watch(&Range::all(), seen).await.unwrap();
    let told = soon(watch.next()).await;
    assert!(matches!(told, Err(WatchError::Ahead { .. })), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_forgets_by_itself_and_keeps_what_is_there() {
    let folder = TempDir::new().unwrap();
    let store = open_embedded(folder.path()).await;
    put(&store, "kept", "1").await;
    let first = put(&store, "a", "0").await;
    // As many revisions as are remembered, and one step more, at once: a
    // commit for each would sync the disk eleven thousand times.
    let file = rusqlite::Connection::open(database(folder.path())).unwrap();
    file.execute_batch("UPDATE meta SET revision = revision + 11000").unwrap();
    let last = put(&store, "a", "1").await;

    assert!(last > Revision(11_000));
    let list = store.list(&Range::all(), Some(first)).await;
    assert!(matches!(list, Err(StoreError::Compacted { .. })), "{list:?}");
    let all = everything(&store).await;
    assert_eq!(all, [("a".into(), "1".into()), ("kept".into(), "1".into())]);
    let past = Revision(last.0 - 1);
    let past = store.list(&Range::all(), Some(past)).await.unwrap();
    assert_eq!(past.entries.len(), 2);
}
