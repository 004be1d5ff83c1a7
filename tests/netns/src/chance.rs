//! Dice whose throws can be repeated: xorshift64* (Vigna 2016).

/// A sequence of throws fixed by its seed.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of a given seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The seed of `TARTAN_SEED`, else one from the clock; say it aloud, so
    /// that a failure can be had again.
    pub fn seed() -> u64 {
        std::env::var("TARTAN_SEED")
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| {
                std::time::UNIX_EPOCH
                    .elapsed()
                    .map_or(1, |since| since.as_micros() as u64)
            })
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `sides`.
    pub fn below(&mut self, sides: usize) -> usize {
        (self.next() >> 33) as usize % sides
    }

    /// One of `choices`.
    pub fn choose<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}
