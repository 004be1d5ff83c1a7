//! ADD and DEL one at a time, each timed from the start of the process to its
//! end: what a runtime waits for. Acts.

use super::Bench;
use super::compare::{Figure, view};
use crate::blocks::interleaved;
use crate::contender::{Contender, Verb};
use crate::ground;
use crate::row::{Goal, Row};
use crate::statistics::median;

/// Milliseconds of each call of one block.
struct Block {
    add: Vec<f64>,
    del: Vec<f64>,
}

/// Runs it.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let each = bench.amount(34, 8);
    let blocks = interleaved(&bench.contenders, bench.amount(15, 5), |who| {
        let times = |verb| -> anyhow::Result<Vec<f64>> {
            (1..=each).map(|n| bench.time(who, verb, n)).collect()
        };
        let add = times(Verb::Add)?;
        let del = times(Verb::Del)?;
        ground::drain(&bench.places, who)?;
        Ok(Block { add, del })
    })?;
    let adds = view(&blocks, |block| block.add.clone());
    let dels = view(&blocks, |block| block.del.clone());
    let mut rows = figure("ADD, median")
        .of_blocks(&view(&adds, |block| median(block)), ADD_GOALS);
    rows.extend(figure("ADD, p99").of_percentiles(0.99, &adds, ADD_P99_GOALS));
    rows.extend(
        figure("DEL, median")
            .of_blocks(&view(&dels, |block| median(block)), DEL_GOALS),
    );
    Ok(rows)
}

fn figure(metric: &str) -> Figure<'_> {
    Figure { metric, unit: "ms" }
}

const ADD_GOALS: &[(Contender, Option<Goal>)] = &[
    (Contender::Bridge, Some(Goal::AtMost(0.30))),
    (Contender::Ptp, Some(Goal::AtMost(0.30))),
    (Contender::Floor, Some(Goal::AtMost(1.60))),
];

const ADD_P99_GOALS: &[(Contender, Option<Goal>)] = &[
    (Contender::Bridge, Some(Goal::AtMost(0.50))),
    (Contender::Ptp, Some(Goal::AtMost(0.50))),
    (Contender::Floor, None),
];

const DEL_GOALS: &[(Contender, Option<Goal>)] = &[
    (Contender::Bridge, Some(Goal::AtMost(0.08))),
    (Contender::Ptp, None),
    (Contender::Floor, None),
];
