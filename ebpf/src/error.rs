//! What can go wrong with a map that is loaded: shared by all who read or
//! write one.

use aya::maps::MapError as KernelError;
use thiserror::Error;

/// A failed read or change of a map.
#[derive(Debug, Error)]
pub enum MapError {
    /// No room for one more entry; nothing was changed.
    #[error("map {map} is full: it has room for {capacity} entries")]
    Full {
        /// Which map.
        map: &'static str,
        /// How many entries it takes.
        capacity: u32,
    },
    /// The kernel refused.
    #[error("cannot {operation} map {map}")]
    Refused {
        /// What was attempted.
        operation: &'static str,
        /// Which map.
        map: &'static str,
        /// Why not.
        #[source]
        source: KernelError,
    },
}
