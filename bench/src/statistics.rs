//! Medians, percentiles, and how sure they are. Decides, does nothing.

/// The value below which `share` (0 to 1) of the sorted samples lie.
pub(crate) fn percentile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = share.clamp(0.0, 1.0) * as_float(last);
    let below = whole(at).min(last);
    let above = (below + 1).min(last);
    let part = at - as_float(below);
    sorted[below] + (sorted[above] - sorted[below]) * part
}

/// The middle.
pub(crate) fn median(samples: &[f64]) -> f64 {
    percentile(samples, 0.5)
}

/// A value and the interval in which it lies 95 times of 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// How often the blocks are drawn anew: more changes the third digit only.
const DRAWS: usize = 2000;

/// Median over the blocks of `ours / theirs`, with its interval by bootstrap.
pub(crate) fn ratio_of_blocks(ours: &[f64], theirs: &[f64]) -> Estimate {
    let ratios: Vec<f64> =
        ours.iter().zip(theirs).map(|(a, b)| a / b).collect();
    let mut dice = Dice::new();
    let draws: Vec<f64> =
        (0..DRAWS).map(|_| median(&redrawn(&ratios, &mut dice))).collect();
    estimate(median(&ratios), &draws)
}

/// A percentile over the samples of all blocks, ours by theirs, with its
/// interval by drawing whole blocks.
pub(crate) fn ratio_of_percentiles(
    ours: &[Vec<f64>],
    theirs: &[Vec<f64>],
    share: f64,
) -> Estimate {
    let count = ours.len().min(theirs.len());
    let at = |blocks: &[Vec<f64>], drawn: &[usize]| {
        let samples: Vec<f64> =
            drawn.iter().flat_map(|&block| blocks[block].clone()).collect();
        percentile(&samples, share)
    };
    let ratio = |drawn: &[usize]| at(ours, drawn) / at(theirs, drawn);
    let all: Vec<usize> = (0..count).collect();
    let mut dice = Dice::new();
    let draws: Vec<f64> =
        (0..DRAWS / 10).map(|_| ratio(&redrawn(&all, &mut dice))).collect();
    estimate(ratio(&all), &draws)
}

fn estimate(value: f64, draws: &[f64]) -> Estimate {
    let low = percentile(draws, 0.025);
    let high = percentile(draws, 0.975);
    Estimate { value, low, high }
}

/// As many as there are, each drawn from all.
fn redrawn<T: Copy>(from: &[T], dice: &mut Dice) -> Vec<T> {
    from.iter().map(|_| from[dice.below(from.len())]).collect()
}

/// Xorshift (Marsaglia, 2003) from a fixed seed: the same blocks give the
/// same interval.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.0 % bound).unwrap_or_default()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of samples are far below 2^52"
)]
pub(crate) fn as_float(count: usize) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index within the samples: neither negative nor large"
)]
fn whole(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests;
