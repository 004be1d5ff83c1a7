//! ADD and DEL of a container that leaves under the host's address and has
//! one host port, one at a time: what a runtime waits for. Acts.

use super::Bench;
use super::compare::{Figure, view};
use crate::blocks::interleaved;
use crate::contender::{Contender, Verb};
use crate::ground;
use crate::row::{Goal, Row};
use crate::statistics::median;
use crate::translated::Ports;

/// The host port of the first container; the others have those behind it.
const FIRST: u16 = 20_000;

/// Milliseconds of each call of one block.
struct Block {
    add: Vec<f64>,
    del: Vec<f64>,
}

/// Runs it.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let each = bench.amount(20, 5);
    let blocks =
        interleaved(&bench.translating(), bench.amount(11, 3), |who| {
            let times = |verb| -> anyhow::Result<Vec<f64>> {
                (1..=each).map(|n| one(bench, who, verb, n)).collect()
            };
            let add = times(Verb::Add)?;
            let del = times(Verb::Del)?;
            ground::drain(&bench.places, who)?;
            Ok(Block { add, del })
        })?;
    let adds = view(&blocks, |block| median(&block.add));
    let dels = view(&blocks, |block| median(&block.del));
    let figure = |metric| Figure { metric, unit: "ms" };
    let name = "ADD with ipMasq and one host port (ptp + portmap)";
    let mut rows = figure(name).of_blocks(&adds, GOALS);
    rows.extend(figure("DEL of the same").of_blocks(&dels, NONE));
    let both = view(&blocks, |b| median(&b.add) + median(&b.del));
    rows.extend(figure("ADD and DEL together").of_blocks(&both, GOALS));
    Ok(rows)
}

fn one(
    bench: &Bench,
    who: Contender,
    verb: Verb,
    n: usize,
) -> anyhow::Result<f64> {
    let first = FIRST.saturating_add(u16::try_from(n)?);
    bench.time_translated(who, (verb, n), Ports { first, count: 1 })
}

/// A fifteenth.
const GOALS: &[(Contender, Option<Goal>)] =
    &[(Contender::Ptp, Some(Goal::AtMost(1.0 / 15.0)))];
const NONE: &[(Contender, Option<Goal>)] = &[(Contender::Ptp, None)];
