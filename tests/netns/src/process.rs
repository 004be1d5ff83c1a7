//! Running a program to its end, with a deadline.

use std::io::Write;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long any program may take that a story runs. It is a guard against
/// hanging for ever, not a promise.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a program said.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Outcome {
    /// True where it ended with 0.
    pub fn is_success(&self) -> bool {
        self.status.success()
    }

    /// Its output, where it ended with 0; else the story ends here.
    #[track_caller]
    pub fn success(self, what: &str) -> String {
        assert!(self.is_success(), "{what} failed: {self:?}");
        self.stdout
    }
}

/// Runs `command` to its end.
#[track_caller]
pub fn run(command: &mut Command) -> Outcome {
    run_with(command, b"")
}

/// Runs `command` to its end with `input` on its standard input.
#[track_caller]
pub fn run_with(command: &mut Command, input: &[u8]) -> Outcome {
    let child = spawn(command);
    finish(child, input, &format!("{command:?}"))
}

/// Starts `command` with pipes on all three streams.
#[track_caller]
pub fn spawn(command: &mut Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"))
}

/// Waits for the end of what [`spawn`] started.
#[track_caller]
pub fn finish(child: Child, input: &[u8], what: &str) -> Outcome {
    finish_within(PATIENCE, child, input, what)
}

/// Waits for the end of what [`spawn`] started; kills it after `patience`.
#[track_caller]
pub fn finish_within(
    patience: Duration,
    mut child: Child,
    input: &[u8],
    what: &str,
) -> Outcome {
    let pid = pid_of(&child);
    let (done, watch) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        let late = watch.recv_timeout(patience);
        if late == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = kill(pid, Signal::SIGKILL);
        }
    });
    if let Some(mut stdin) = child.stdin.take() {
        // A program may end without reading all it is given.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output();
    drop(done);
    let _ = watchdog.join();
    let output = output.unwrap_or_else(|error| panic!("{what}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Outcome {
        status: output.status,
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

/// The process id of a child, as signals want it.
pub fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32)
}

/// Runs a build, which may take its time and speaks on our own streams.
pub fn built(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).status().is_ok_and(|status| status.success())
}
