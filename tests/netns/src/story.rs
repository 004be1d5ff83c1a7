//! Starts a story a second time, inside network, mount and pid namespaces of
//! its own: whatever it leaves behind ends with it. (Not a user namespace:
//! the kernel refuses bpf there.)

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::Command;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{World, autopsy, need, process};

/// Tells the second start which story it is.
const INSIDE: &str = "TARTAN_STORY";

/// Stories told at the same time. Each has an agent and several programs;
/// more of them than CPUs only makes deadlines meaningless.
const AT_ONCE: usize = 2;

/// The longest that a story may take: a guard, not a promise.
const PATIENCE: Duration = Duration::from_secs(600);

static TURNS: Mutex<usize> = Mutex::new(0);
static TURN_ENDED: Condvar = Condvar::new();

/// Runs one story: outside, starts it again inside; inside, tells it.
pub fn run(name: &str, tell: fn(&World)) {
    // The test harness knows the story without the name of the test crate.
    let name = name.split_once("::").map_or(name, |(_, rest)| rest);
    if std::env::var(INSIDE).as_deref() == Ok(name) {
        inside(name, tell);
    } else {
        need::check();
        let _turn = Turn::take();
        outside(name);
    }
}

fn inside(name: &str, tell: fn(&World)) {
    let world = World::new();
    let told = catch_unwind(AssertUnwindSafe(|| {
        tell(&world);
        world.close();
    }));
    if let Err(cause) = told {
        autopsy::report(name, &world);
        world.abandon();
        resume_unwind(cause);
    }
}

fn outside(name: &str) {
    let mut command = Command::new("unshare");
    command
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child"])
        .arg("--mount-proc")
        .arg(std::env::current_exe().expect("own path"))
        .args(["--exact", name, "--nocapture", "--test-threads", "1"])
        .env(INSIDE, name);
    let started = Instant::now();
    let child = process::spawn(&mut command);
    let output = process::finish_within(PATIENCE, child, b"", name);
    let told = output.stdout.contains("test result: ok. 1 passed");
    assert!(
        output.is_success() && told,
        "{name} failed after {:.1?} ({}):\n{}\n{}",
        started.elapsed(),
        output.status,
        output.stdout,
        output.stderr
    );
}

/// A place among the stories that are told at the same time.
struct Turn;

impl Turn {
    fn take() -> Self {
        let mut running = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        while *running >= AT_ONCE {
            running = TURN_ENDED
                .wait(running)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *running += 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TURNS.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        TURN_ENDED.notify_one();
    }
}
