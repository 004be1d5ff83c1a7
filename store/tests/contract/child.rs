//! Other processes with the same store: this test program again, in a role.
//!
//! A role reads its place from the environment, says a line for each thing
//! that happened, and goes on until it is killed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tartan_store::{Range, Store, Transaction};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{ChildStdout, Command};
use tokio::time::sleep;

use crate::place::{connect, open_embedded};
use crate::words::{commit, key};

const ROLE: &str = "TARTAN_STORE_ROLE";
const PLACE: &str = "TARTAN_STORE_PLACE";

/// What marks the lines that a role says.
const MARK: &str = "> ";

/// A process in a role. Dropping it kills it as `kill -9` does.
pub(crate) struct Child {
    process: tokio::process::Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Child {
    pub(crate) fn start(role: &str, place: &str) -> Self {
        Self::start_as(Command::new(env::current_exe().unwrap()), role, place)
    }

    /// Starts it with a program in front of it.
    pub(crate) fn start_as(
        mut command: Command,
        role: &str,
        place: &str,
    ) -> Self {
        let mut process = command
            .args(["--exact", "child::role", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .env(PLACE, place)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let said = process.stdout.take().unwrap();
        Self { process, lines: BufReader::new(said).lines() }
    }

    /// The next thing it says.
    pub(crate) async fn line(&mut self) -> String {
        self.said().await.expect("the child ended")
    }

    /// The next thing it says, or nothing more.
    pub(crate) async fn said(&mut self) -> Option<String> {
        while let Some(line) = self.lines.next_line().await.unwrap() {
            // The harness writes the name of the test in front.
            if let Some((_, said)) = line.split_once(MARK) {
                return Some(said.to_owned());
            }
        }
        None
    }

    /// Kills it and takes in what it still had said.
    pub(crate) async fn kill(mut self) -> Vec<String> {
        self.process.kill().await.unwrap();
        let mut rest = Vec::new();
        while let Some(line) = self.said().await {
            rest.push(line);
        }
        rest
    }

    pub(crate) fn proc(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}", self.process.id().unwrap()))
    }
}

/// Nanoseconds since boot: one clock for all processes.
pub(crate) fn now_nanos() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    let (seconds, nanos) = (time.tv_sec as u64, time.tv_nsec as u64);
    seconds * 1_000_000_000 + nanos
}

fn say(text: impl std::fmt::Display) {
    println!("{MARK}{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a role that other tests start"]
async fn role() {
    let (Ok(role), Ok(place)) = (env::var(ROLE), env::var(PLACE)) else {
        return;
    };
    let folder = Path::new(&place);
    match role.as_str() {
        "write" => write(&open_embedded(folder).await).await,
        "watch" => watch(&open_embedded(folder).await).await,
        "lease" => lease(&open_embedded(folder).await).await,
        "lock" => lock(folder),
        "fill" => fill(&open_embedded(folder).await).await,
        "etcd" => reach(&connect(place).await).await,
        other => panic!("no role {other}"),
    }
    // Until killed.
    std::future::pending::<()>().await;
}

/// Commits two keys at a time as fast as it can.
async fn write(store: &Store) {
    for n in 0.. {
        let change = Transaction::new()
            .put(key(&format!("left/{n:06}")), n.to_string())
            .put(key(&format!("right/{n:06}")), n.to_string());
        commit(store, change).await;
        say(n);
    }
}

/// Says when it saw each change.
async fn watch(store: &Store) {
    let from = store.revision().await.unwrap();
    let mut watch = store.watch(&Range::all(), from).await.unwrap();
    say("ready");
    loop {
        let batch = watch.next().await.unwrap();
        let now = now_nanos();
        for event in batch {
            say(format!("{} {now}", event.key()));
        }
    }
}

async fn lease(store: &Store) {
    let lease = store.grant(Duration::from_secs(1)).await.unwrap();
    let leased =
        Transaction::new().put_leased(key("alive/child"), "1", lease.id);
    commit(store, leased).await;
    say("alive");
}

/// Keeps the file locked as a process does that is stopped in a commit.
fn lock(folder: &Path) {
    let file = crate::place::database(folder);
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    say("locked");
    // Until killed, with the lock.
    loop {
        std::thread::park();
    }
}

/// Fills the file system, then shows that reading and deleting still go.
async fn fill(store: &Store) {
    let error = loop {
        let name = format!("fill/{}", now_nanos());
        let change = Transaction::new().put(key(&name), vec![7; 100_000]);
        match store.commit(change).await {
            Ok(_) => say("put"),
            Err(error) => break error,
        }
    };
    say(format!("failed {error}"));
    let found = store.list(&Range::prefix("fill/"), None).await.unwrap();
    say(format!("holds {}", found.entries.len()));
}

/// Asks etcd again and again, and watches.
async fn reach(store: &Store) {
    let from = store.revision().await.unwrap();
    let mut watch = store.watch(&Range::all(), from).await.unwrap();
    say("ready");
    tokio::spawn(async move { while watch.next().await.is_ok() {} });
    loop {
        drop(store.revision().await);
        sleep(Duration::from_millis(100)).await;
    }
}
