//! What kind of machine this is, and how calm it is just now. Acts.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::call;
use crate::contender::{Call, Places};
use crate::statistics::median;

/// How many samples make a figure.
const SAMPLES: usize = 9;

/// One line about the machine, for those who read the results elsewhere.
pub(crate) fn describe(places: &Places) -> anyhow::Result<String> {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let cpus = std::thread::available_parallelism()?;
    Ok(format!(
        "Linux {}, {cpus} CPUs{}, load {}, grace period {:.1} ms, \
         process {:.2} ms",
        kernel.trim(),
        hertz(kernel.trim()),
        load()?,
        grace_period(places)?,
        process_start()?,
    ))
}

/// Processes that want to run, over the last minute.
pub(crate) fn load() -> anyhow::Result<String> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().next().unwrap_or("?").to_owned())
}

/// `CONFIG_HZ`, where the machine keeps its kernel's configuration.
fn hertz(kernel: &str) -> String {
    let stored = fs::read_to_string(format!("/boot/config-{kernel}"));
    let config = stored
        .or_else(|_| call::tool("zcat", &["/proc/config.gz"]))
        .unwrap_or_default();
    let hertz = config.lines().find_map(|line| line.strip_prefix("CONFIG_HZ="));
    hertz.map_or_else(String::new, |hertz| format!(", HZ {hertz}"))
}

/// Milliseconds of one RCU grace period.
fn grace_period(places: &Places) -> anyhow::Result<f64> {
    let sample = || -> anyhow::Result<f64> {
        let nanoseconds = call::program(&places.floor)
            .env("CNI_COMMAND", "MEMBARRIER")
            .output()?;
        let text = String::from_utf8_lossy(&nanoseconds.stdout).into_owned();
        Ok(text.trim().parse::<f64>()? / 1e6)
    };
    let samples: Result<Vec<f64>, _> = (0..SAMPLES).map(|_| sample()).collect();
    Ok(median(&samples?))
}

/// Milliseconds from starting a program that does nothing to its end.
pub(crate) fn process_start() -> anyhow::Result<f64> {
    let nothing = Call {
        program: "/bin/true".into(),
        variables: Vec::new(),
        input: String::new(),
    };
    let sample = || call::timed(&nothing).map(|took| took.as_secs_f64() * 1e3);
    let samples: Result<Vec<f64>, _> = (0..SAMPLES).map(|_| sample()).collect();
    Ok(median(&samples?))
}

/// Processor time of the children that ended, in milliseconds.
pub(crate) fn children_cpu() -> anyhow::Result<f64> {
    let used = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let both = used.user_time() + used.system_time();
    Ok(microseconds(both.num_microseconds()) / 1e3)
}

/// Processor time of a living process, all its threads, in milliseconds, by
/// the first field of `/proc/PID/task/*/schedstat` (nanoseconds).
pub(crate) fn process_cpu(pid: u32) -> anyhow::Result<f64> {
    let mut total = 0.0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let path = task?.path().join("schedstat");
        total += nanoseconds(&path)?;
    }
    Ok(total / 1e6)
}

/// Memory that a living process holds, in KiB (`VmRSS`, proc(5)).
pub(crate) fn process_memory(pid: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let figure = line.and_then(|line| line.split_whitespace().next());
    figure.unwrap_or_default().parse().context("status has no VmRSS")
}

fn nanoseconds(schedstat: &Path) -> anyhow::Result<f64> {
    let text = fs::read_to_string(schedstat)?;
    let first = text.split_whitespace().next().unwrap_or_default();
    first.parse().context("schedstat has no figure")
}

#[expect(
    clippy::cast_precision_loss,
    reason = "processor time of a run is far below 2^52 microseconds"
)]
fn microseconds(count: i64) -> f64 {
    count as f64
}
