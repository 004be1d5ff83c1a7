//! What was typed, and what it means. Decides, does nothing.

use std::path::PathBuf;

use crate::workload::Workload;

/// How it is called.
pub(crate) const USAGE: &str = "\
usage: tartan-bench --scratch DIR --state DIR --programs DIR --plugin FILE
                    --floor FILE --results DIR [--quick] [NAME...]

  NAME        add, parallel, pairs, footprint, nat, ports, resident; all by
              default
  --scratch   empty folder on a tmpfs: namespaces, sockets, pins
  --state     empty folder on a disk: what plugins keep
  --programs  where tartan and tartan-agent are; without it ours is left out
  --plugin    tartan-cni as it is shipped
  --floor     the program of bench/floor
  --results   where NAME.json is written
  --quick     few and small blocks: a look, not a measurement";

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Enough for an interval.
    Full,
    /// Enough to see that it runs.
    Quick,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) scratch: PathBuf,
    pub(crate) state: PathBuf,
    pub(crate) programs: Option<PathBuf>,
    pub(crate) plugin: PathBuf,
    pub(crate) floor: PathBuf,
    pub(crate) results: PathBuf,
    pub(crate) effort: Effort,
    pub(crate) workloads: Vec<Workload>,
}

impl Arguments {
    /// Reads the words of the command line.
    pub(crate) fn parse(words: &[String]) -> Result<Self, String> {
        let effort = match words.iter().any(|word| word == "--quick") {
            true => Effort::Quick,
            false => Effort::Full,
        };
        let path = |flag: &str| value(words, flag).map(PathBuf::from);
        let needed =
            |flag: &str| path(flag).ok_or_else(|| format!("{flag} is missing"));
        Ok(Self {
            scratch: needed("--scratch")?,
            state: needed("--state")?,
            programs: path("--programs"),
            plugin: path("--plugin").unwrap_or_default(),
            floor: needed("--floor")?,
            results: needed("--results")?,
            effort,
            workloads: workloads(words)?,
        })
    }
}

/// The word after `flag`.
fn value<'a>(words: &'a [String], flag: &str) -> Option<&'a String> {
    let at = words.iter().position(|word| word == flag)?;
    words.get(at + 1)
}

const WITH_VALUE: &[&str] =
    &["--scratch", "--state", "--programs", "--plugin", "--floor", "--results"];

fn workloads(words: &[String]) -> Result<Vec<Workload>, String> {
    let mut found = Vec::new();
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        if WITH_VALUE.contains(&word.as_str()) {
            rest.next();
        } else if word != "--quick" {
            let known = Workload::named(word);
            found.push(known.ok_or_else(|| format!("what is '{word}'?"))?);
        }
    }
    Ok(if found.is_empty() { Workload::ALL.to_vec() } else { found })
}

#[cfg(test)]
mod tests;
