//! Runs one plugin once, as a runtime does: a process, its variables, the
//! network on standard input, the result from standard output. Acts.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::contender::Call;

/// From before the process starts until it is reaped.
pub(crate) fn timed(call: &Call) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let output = run(&call.program, &[], call)?;
    let took = started.elapsed();
    succeeded(call, &output)?;
    Ok(took)
}

/// The same, with what it said on standard output.
pub(crate) fn answered(call: &Call) -> anyhow::Result<(Duration, String)> {
    let started = Instant::now();
    let output = run(&call.program, &[], call)?;
    let took = started.elapsed();
    succeeded(call, &output)?;
    Ok((took, String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// The most memory that the program held, in KiB, by `bench/floor/weigh`.
pub(crate) fn weighed(call: &Call, scales: &Path) -> anyhow::Result<f64> {
    let program = call.program.display().to_string();
    let output = run(scales, &[&program], call)?;
    succeeded(call, &output)?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = text.lines().last().unwrap_or_default();
    last.parse().with_context(|| format!("no weight in '{text}'"))
}

/// Standard output of a tool of the system that must succeed.
pub(crate) fn tool(name: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = program(Path::new(name))
        .args(arguments)
        .output()
        .with_context(|| format!("cannot run {name}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("{name} {arguments:?} failed: {said}");
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn run(name: &Path, arguments: &[&str], call: &Call) -> anyhow::Result<Output> {
    let mut child = program(name)
        .args(arguments)
        .env_clear()
        .envs(call.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", name.display()))?;
    if let Some(mut input) = child.stdin.take() {
        // A program that reads nothing (the floor) may be gone already.
        let _ = input.write_all(call.input.as_bytes());
    }
    Ok(child.wait_with_output()?)
}

fn succeeded(call: &Call, output: &Output) -> anyhow::Result<()> {
    if output.status.success() {
        return Ok(());
    }
    bail!(
        "{} {:?} failed: {}{}",
        call.program.display(),
        call.variables.first(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "starting processes is what is measured"
)]
pub(crate) fn program(name: &Path) -> Command {
    Command::new(name)
}
