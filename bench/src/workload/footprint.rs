//! What a plugin costs beside time: processor, memory, size. Acts.
//!
//! Our agent works for our plugin, so its processor time is charged too; the
//! plugin's alone is shown beside it.

use std::path::Path;

use super::Bench;
use super::compare::{Figure, view};
use crate::blocks::{Blocks, interleaved};
use crate::contender::{Contender, Verb};
use crate::row::{Goal, Row};
use crate::statistics::as_float;
use crate::{call, ground, machine};

/// Milliseconds of processor per pair of ADD and DEL.
struct Cpu {
    plugin: f64,
    agent: f64,
}

/// Runs it.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let pairs = bench.amount(48, 8);
    let blocks = interleaved(&bench.contenders, bench.amount(11, 3), |who| {
        cpu(bench, who, pairs)
    })?;
    let all = view(&blocks, |cpu| cpu.plugin + cpu.agent);
    let alone = view(&blocks, |cpu| cpu.plugin);
    let ms = |metric| Figure { metric, unit: "ms" };
    let mut rows =
        ms("CPU per ADD and DEL, agent included").of_blocks(&all, CPU_GOALS);
    rows.extend(ms("CPU per ADD and DEL, plugin").of_blocks(&alone, NO_GOALS));
    rows.extend(memory(bench)?);
    rows.extend(size(bench)?);
    Ok(rows)
}

fn cpu(bench: &Bench, who: Contender, pairs: usize) -> anyhow::Result<Cpu> {
    let agent = || match (&bench.agent, who) {
        (Some(agent), Contender::Tartan) => machine::process_cpu(agent.pid()),
        _ => Ok(0.0),
    };
    let (children, before) = (machine::children_cpu()?, agent()?);
    for n in 1..=pairs {
        bench.time(who, Verb::Add, n)?;
    }
    for n in 1..=pairs {
        bench.time(who, Verb::Del, n)?;
    }
    ground::drain(&bench.places, who)?;
    let each = |total: f64| total / as_float(pairs);
    Ok(Cpu {
        plugin: each(machine::children_cpu()? - children),
        agent: each(agent()? - before),
    })
}

fn memory(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let scales = bench.places.floor.with_file_name("weigh");
    let blocks = interleaved(&bench.contenders, bench.amount(5, 1), |who| {
        let weigh =
            |verb| call::weighed(&who.call(&bench.places, verb, 1), &scales);
        let most = weigh(Verb::Add)?.max(weigh(Verb::Del)?);
        ground::drain(&bench.places, who)?;
        Ok(most)
    })?;
    let figure = Figure { metric: "memory of the plugin", unit: "KiB" };
    Ok(with_limit(figure, MOST_MEMORY, &blocks))
}

fn size(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let blocks = bench
        .contenders
        .iter()
        .map(|who| {
            let program = who.program(&bench.places);
            Ok((*who, vec![kibibytes(&program)?]))
        })
        .collect::<anyhow::Result<_>>()?;
    let figure = Figure { metric: "size of the plugin", unit: "KiB" };
    Ok(with_limit(figure, LARGEST, &blocks))
}

fn with_limit(
    figure: Figure<'_>,
    limit: f64,
    blocks: &Blocks<f64>,
) -> Vec<Row> {
    let mut rows = figure.of_blocks(blocks, NO_GOALS);
    rows.extend(figure.within(limit, blocks));
    rows
}

/// KiB that our plugin may hold while it runs.
const MOST_MEMORY: f64 = 4096.0;
/// KiB that our plugin may take on the disk.
const LARGEST: f64 = 3072.0;

fn kibibytes(program: &Path) -> anyhow::Result<f64> {
    let bytes = usize::try_from(std::fs::metadata(program)?.len())?;
    Ok(as_float(bytes) / 1024.0)
}

const CPU_GOALS: &[(Contender, Option<Goal>)] = &[
    (Contender::Bridge, Some(Goal::AtMost(0.2))),
    (Contender::Ptp, Some(Goal::AtMost(0.2))),
    (Contender::Floor, None),
];

const NO_GOALS: &[(Contender, Option<Goal>)] = &[
    (Contender::Bridge, None),
    (Contender::Ptp, None),
    (Contender::Floor, None),
];
