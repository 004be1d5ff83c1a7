//! ADD and DEL many at a time, as a host does that starts or loses its work.
//! Acts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::compare::{Figure, view};
use super::{Bench, CONTAINERS};
use crate::blocks::{Blocks, interleaved};
use crate::contender::{Contender, Verb};
use crate::ground;
use crate::row::{Goal, Row};
use crate::statistics::as_float;

/// What one burst of calls took.
pub(super) struct Burst {
    /// Calls per second.
    pub(super) rate: f64,
    /// Milliseconds of each.
    pub(super) each: Vec<f64>,
}

struct Block {
    add: Burst,
    del: Burst,
}

/// Runs it.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for width in [8, 32] {
        rows.extend(wide(bench, width)?);
    }
    Ok(rows)
}

fn wide(bench: &Bench, width: usize) -> anyhow::Result<Vec<Row>> {
    let blocks: Blocks<Block> =
        interleaved(&bench.contenders, bench.amount(11, 3), |who| {
            let add = burst(bench, who, Verb::Add, width)?;
            let del = burst(bench, who, Verb::Del, width)?;
            ground::drain(&bench.places, who)?;
            Ok(Block { add, del })
        })?;
    let mut rows = figure(&format!("ADD, {width} at a time"), "1/s")
        .of_blocks(&view(&blocks, |block| block.add.rate), RATE_GOALS);
    let each = view(&blocks, |block| block.add.each.clone());
    rows.extend(
        figure(&format!("ADD, {width} at a time, p99"), "ms").of_percentiles(
            0.99,
            &each,
            p99_goals(width),
        ),
    );
    rows.extend(
        figure(&format!("DEL, {width} at a time"), "1/s")
            .of_blocks(&view(&blocks, |block| block.del.rate), NO_GOALS),
    );
    Ok(rows)
}

/// One call for every container, `width` of them at a time.
pub(super) fn burst(
    bench: &Bench,
    who: Contender,
    verb: Verb,
    width: usize,
) -> anyhow::Result<Burst> {
    let next = AtomicUsize::new(1);
    let worker = || -> anyhow::Result<Vec<f64>> {
        let mut each = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n > CONTAINERS {
                return Ok(each);
            }
            each.push(bench.time(who, verb, n)?);
        }
    };
    let started = Instant::now();
    let done: Vec<anyhow::Result<Vec<f64>>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..width).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(finished).collect()
    });
    let took = started.elapsed().as_secs_f64();
    let each = done.into_iter().collect::<anyhow::Result<Vec<_>>>()?.concat();
    Ok(Burst { rate: as_float(CONTAINERS) / took, each })
}

fn finished(
    worker: std::thread::ScopedJoinHandle<'_, anyhow::Result<Vec<f64>>>,
) -> anyhow::Result<Vec<f64>> {
    worker.join().unwrap_or_else(|_| anyhow::bail!("a worker panicked"))
}

fn figure<'a>(metric: &'a str, unit: &'static str) -> Figure<'a> {
    Figure { metric, unit }
}

const RATE_GOALS: &[(Contender, Option<Goal>)] = &[
    (Contender::Bridge, Some(Goal::AtLeast(4.0))),
    (Contender::Ptp, None),
    (Contender::Floor, Some(Goal::AtLeast(0.7))),
];

const NO_GOALS: &[(Contender, Option<Goal>)] = &[
    (Contender::Bridge, None),
    (Contender::Ptp, None),
    (Contender::Floor, None),
];

fn p99_goals(width: usize) -> &'static [(Contender, Option<Goal>)] {
    if width < 32 {
        return NO_GOALS;
    }
    &[
        (Contender::Bridge, Some(Goal::AtMost(0.35))),
        (Contender::Ptp, None),
        (Contender::Floor, None),
    ]
}
