//! Contenders in turn, in blocks: ABBA, so that what changes slowly on the
//! machine meets all alike, and a block in which the machine was not calm is
//! done again. Acts.

use std::collections::BTreeMap;

use crate::contender::Contender;
use crate::machine;

/// A block counts while starting a process takes at most so many times the
/// least that this run has seen.
const CALM: f64 = 1.5;

/// What each contender did, block by block; the n-th of one and the n-th of
/// another were measured within the same moments.
pub(crate) type Blocks<T> = BTreeMap<Contender, Vec<T>>;

/// Runs `count` calm blocks of `one`. When the machine was not calm for twice
/// as many, it never will be: the next ones count as they are.
pub(crate) fn interleaved<T>(
    contenders: &[Contender],
    count: usize,
    mut one: impl FnMut(Contender) -> anyhow::Result<T>,
) -> anyhow::Result<Blocks<T>> {
    let mut kept: Blocks<T> = BTreeMap::new();
    let mut calmest = machine::process_start()?;
    let mut good = 0;
    let mut turn = 0;
    while good < count {
        let block = one_block(contenders, turn, &mut one)?;
        let sample = machine::process_start()?;
        calmest = calmest.min(sample);
        turn += 1;
        let must_count = turn >= 2 * count;
        if sample <= CALM * calmest || must_count {
            good += 1;
            for (who, what) in block {
                kept.entry(who).or_default().push(what);
            }
        }
    }
    eprintln!("  {good} blocks counted of {turn}");
    Ok(kept)
}

fn one_block<T>(
    contenders: &[Contender],
    turn: usize,
    one: &mut impl FnMut(Contender) -> anyhow::Result<T>,
) -> anyhow::Result<Vec<(Contender, T)>> {
    let mut order = contenders.to_vec();
    if turn % 2 == 1 {
        order.reverse();
    }
    order.into_iter().map(|who| Ok((who, one(who)?))).collect()
}
