//! Numbers for the links we make. Pure but for the counter itself.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::link::Link;

/// Gives each new link a number that the kernel has not given: the kernel
/// counts up from 1, we from above a million.
///
/// A number taken in the meantime by another makes the creation fail with
/// [`is_exists`](crate::BatchError::is_exists); the next one is then tried.
#[derive(Debug)]
pub struct LinkIndexes(AtomicU32);

impl LinkIndexes {
    /// No number below or equal to this is given. Wide enough above the
    /// kernel's own counter, which a host reaches after a million links made
    /// by others.
    pub const FLOOR: u32 = 1 << 20;

    /// An ifindex is a positive `int` in the kernel.
    const CEILING: u32 = i32::MAX as u32;

    /// Counts from above every number in use, so that a restarted agent does
    /// not begin by colliding with the links of its predecessor.
    pub fn above(links: &[Link]) -> Self {
        let highest = links.iter().map(|link| link.index).max().unwrap_or(0);
        Self(AtomicU32::new(Self::after(highest.max(Self::FLOOR))))
    }

    /// The next number. Never the same twice until two thousand million have
    /// been given.
    pub fn next(&self) -> u32 {
        let step = |index| Some(Self::after(index));
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, step)
            .unwrap_or_else(|index| index)
    }

    fn after(index: u32) -> u32 {
        if index >= Self::CEILING { Self::FLOOR + 1 } else { index + 1 }
    }
}

#[cfg(test)]
mod tests;
