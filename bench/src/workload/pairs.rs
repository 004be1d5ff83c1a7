//! ADD and DEL without pause. The clock stops when no link is left: a plugin
//! that puts work off is charged for it. Acts.

use std::time::Instant;

use super::compare::Figure;
use super::parallel::burst;
use super::{Bench, CONTAINERS};
use crate::blocks::interleaved;
use crate::contender::{Contender, Verb};
use crate::ground;
use crate::row::{Goal, Row};
use crate::statistics::as_float;

/// Runs it.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for width in [1, 8] {
        let rounds = bench.amount(3, 1);
        let rates =
            interleaved(&bench.contenders, bench.amount(9, 3), |who| {
                pairs_per_second(bench, who, width, rounds)
            })?;
        let metric = format!("ADD and DEL, drained, {width} at a time");
        let figure = Figure { metric: &metric, unit: "1/s" };
        rows.extend(figure.of_blocks(&rates, GOALS));
    }
    Ok(rows)
}

fn pairs_per_second(
    bench: &Bench,
    who: Contender,
    width: usize,
    rounds: usize,
) -> anyhow::Result<f64> {
    let started = Instant::now();
    for _ in 0..rounds {
        burst(bench, who, Verb::Add, width)?;
        burst(bench, who, Verb::Del, width)?;
        // The floor frees no name at DEL: its links must go before the next
        // round finds them in its way.
        if who == Contender::Floor {
            ground::reap(&bench.places)?;
        }
    }
    ground::drain(&bench.places, who)?;
    let took = started.elapsed().as_secs_f64();
    Ok(as_float(rounds * CONTAINERS) / took)
}

const GOALS: &[(Contender, Option<Goal>)] = &[
    (Contender::Bridge, Some(Goal::AtLeast(6.0))),
    (Contender::Ptp, None),
    (Contender::Floor, None),
];
