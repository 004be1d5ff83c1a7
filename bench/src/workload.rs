//! What is measured: one file each, all on the same ground. Acts.

mod add;
mod compare;
mod footprint;
mod nat;
mod pairs;
mod parallel;
mod ports;
mod resident;

use std::fs;

use anyhow::Context as _;
use serde_json::json;

use crate::agent::Agent;
use crate::arguments::{Arguments, Effort};
use crate::contender::{CONTAINERS, Contender, Places, Verb};
use crate::row::Row;
use crate::table::table;
use crate::translated::{self, Ports};
use crate::{call, ground, machine};

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// ADD and DEL, one at a time, each timed.
    Add,
    /// ADD and DEL, 8 and 32 at a time.
    Parallel,
    /// ADD and DEL without pause, what was put off included.
    Pairs,
    /// Processor time, memory, size.
    Footprint,
    /// ADD and DEL with masquerade and one host port.
    Nat,
    /// One more host port, and what passes through it.
    Ports,
    /// What the agent holds and does while nothing is asked.
    Resident,
}

impl Workload {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Add,
        Self::Parallel,
        Self::Pairs,
        Self::Footprint,
        Self::Nat,
        Self::Ports,
        Self::Resident,
    ];

    /// Its name on the command line and of its file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Parallel => "parallel",
            Self::Pairs => "pairs",
            Self::Footprint => "footprint",
            Self::Nat => "nat",
            Self::Ports => "ports",
            Self::Resident => "resident",
        }
    }

    /// The one called `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|workload| workload.name() == name)
    }

    fn run(self, bench: &Bench) -> anyhow::Result<Vec<Row>> {
        match self {
            Self::Add => add::run(bench),
            Self::Parallel => parallel::run(bench),
            Self::Pairs => pairs::run(bench),
            Self::Footprint => footprint::run(bench),
            Self::Nat => nat::run(bench),
            Self::Ports => ports::run(bench),
            Self::Resident => resident::run(bench),
        }
    }
}

/// The ground and those who run on it.
pub(crate) struct Bench {
    pub(crate) places: Places,
    pub(crate) effort: Effort,
    pub(crate) contenders: Vec<Contender>,
    pub(crate) agent: Option<Agent>,
}

impl Bench {
    fn prepare(arguments: &Arguments) -> anyhow::Result<Self> {
        ground::refuse_a_used_namespace()?;
        let places = Places {
            scratch: arguments.scratch.clone(),
            state: arguments.state.clone(),
            plugin: arguments.plugin.clone(),
            floor: arguments.floor.clone(),
        };
        call::tool("ip", &["link", "set", "lo", "up"])?;
        ground::make_containers(&places, CONTAINERS)?;
        let programs = arguments.programs.as_ref();
        let agent =
            programs.map(|from| Agent::start(from, &places)).transpose()?;
        let mut contenders = vec![Contender::Bridge, Contender::Ptp];
        if agent.is_some() {
            contenders.insert(0, Contender::Tartan);
        }
        contenders.push(Contender::Floor);
        Ok(Self { places, effort: arguments.effort, contenders, agent })
    }

    /// One of two figures: for a measurement, or for a look.
    pub(crate) fn amount(&self, full: usize, quick: usize) -> usize {
        match self.effort {
            Effort::Full => full,
            Effort::Quick => quick,
        }
    }

    /// Those who translate: ours, and Debian's `ptp` with `portmap`.
    pub(crate) fn translating(&self) -> Vec<Contender> {
        let translates =
            |who: &Contender| matches!(who, Contender::Tartan | Contender::Ptp);
        self.contenders.iter().copied().filter(translates).collect()
    }

    /// Milliseconds of one call, or of a chain of them, for a container that
    /// is translated for.
    pub(crate) fn time_translated(
        &self,
        who: Contender,
        what: (Verb, usize),
        ports: Ports,
    ) -> anyhow::Result<f64> {
        let mut took = 0.0;
        let mut previous = None;
        for chained in translated::calls(&self.places, who, what, ports) {
            let call = chained.behind(previous.as_ref());
            let (one, said) = call::answered(&call)?;
            took += one.as_secs_f64() * 1e3;
            previous = serde_json::from_str(&said).ok();
        }
        Ok(took)
    }

    /// Milliseconds of one call.
    pub(crate) fn time(
        &self,
        who: Contender,
        verb: Verb,
        n: usize,
    ) -> anyhow::Result<f64> {
        let took = call::timed(&who.call(&self.places, verb, n))?;
        Ok(took.as_secs_f64() * 1e3)
    }
}

/// Does what was asked for: prints a table and writes a file per workload.
pub(crate) fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let bench = Bench::prepare(arguments)?;
    let machine = machine::describe(&bench.places)?;
    println!("{machine}");
    for workload in &arguments.workloads {
        eprintln!("{} ...", workload.name());
        let rows = workload.run(&bench)?;
        println!("\n{}\n{}", workload.name(), table(&rows));
        let load = machine::load()?;
        let machine = format!("{machine}, load after {load}");
        write(arguments, *workload, &machine, &rows)?;
    }
    Ok(())
}

fn write(
    arguments: &Arguments,
    workload: Workload,
    machine: &str,
    rows: &[Row],
) -> anyhow::Result<()> {
    let name = workload.name();
    let path = arguments.results.join(format!("{name}.json"));
    let results = json!({ "name": name, "machine": machine, "rows": rows });
    let text = format!("{}\n", serde_json::to_string_pretty(&results)?);
    fs::write(&path, text)
        .with_context(|| format!("cannot write {}", path.display()))
}
