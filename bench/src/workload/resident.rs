//! What our agent holds and does while nothing is asked of it, with no, with
//! a hundred and with a thousand attachments. Acts. There is no peer: bridge
//! and ptp leave no process behind; the figures are held against limits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Bench;
use super::compare::Figure;
use crate::contender::{Contender, Verb};
use crate::row::Row;
use crate::{ground, machine};

/// KiB that the agent may hold.
const MOST_MEMORY: f64 = 20_480.0;
/// Per cent of one CPU that it may use.
const MOST_PROCESSOR: f64 = 0.05;

/// Runs it.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let Some(agent) = &bench.agent else { return Ok(Vec::new()) };
    let pid = agent.pid();
    // Longer than the minute from one sweep to the next, which is charged.
    let seconds = bench.amount(65, 5);
    let window = Duration::from_secs(seconds.try_into()?);
    let (mut rows, mut attached) = (Vec::new(), 0);
    for count in [0, 100, bench.amount(1000, 200)] {
        for n in attached + 1..=count {
            bench.time(Contender::Tartan, Verb::Add, n)?;
        }
        attached = count;
        let processor = processor(pid, window)?;
        let memory = machine::process_memory(pid)?;
        rows.extend(row("memory", "KiB", count, memory, MOST_MEMORY));
        let metric = "idle processor time";
        rows.extend(row(metric, "%", count, processor, MOST_PROCESSOR));
    }
    for n in 1..=attached {
        bench.time(Contender::Tartan, Verb::Del, n)?;
    }
    ground::drain(&bench.places, Contender::Tartan)?;
    Ok(rows)
}

/// Per cent of a CPU over `window`, after what was put off is done.
fn processor(pid: u32, window: Duration) -> anyhow::Result<f64> {
    std::thread::park_timeout(Duration::from_secs(2));
    let (started, before) = (Instant::now(), machine::process_cpu(pid)?);
    while started.elapsed() < window {
        std::thread::park_timeout(window.saturating_sub(started.elapsed()));
    }
    let used = machine::process_cpu(pid)? - before;
    Ok(used / (started.elapsed().as_secs_f64() * 1e3) * 100.0)
}

fn row(
    metric: &str,
    unit: &'static str,
    count: usize,
    value: f64,
    limit: f64,
) -> Vec<Row> {
    let metric = format!("{metric} of the agent, {count} attachments");
    let figure = Figure { metric: &metric, unit };
    figure.within(limit, &BTreeMap::from([(Contender::Tartan, vec![value])]))
}
