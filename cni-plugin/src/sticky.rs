//! Whether a request may ask for the addresses of a workload, the same each
//! time. Decides: the network must say `"sticky": true`, for whoever names a
//! workload gets its addresses.

use tartan_model::names::NameError;
use tartan_model::{NetworkName, WorkloadName};
use thiserror::Error;

use crate::labels::{Place, Said};

/// `sticky`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sticky {
    /// No request may name a workload.
    Refused,
    /// Any may.
    Allowed,
}

/// A workload that may not be named.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StickyError {
    /// The network does not let it.
    #[error(
        "{place} asks for the addresses of \"{asked}\", but network {network} \
         does not allow that; only \"sticky\": true in its configuration does"
    )]
    NotAllowed {
        /// Which network.
        network: NetworkName,
        /// What was asked for.
        asked: String,
        /// Where.
        place: Place,
    },
    /// It is no name.
    #[error("{place} is not accepted")]
    Name {
        /// Where.
        place: Place,
        /// Why.
        #[source]
        source: NameError,
    },
}

impl Sticky {
    /// The workload that a request names, where it may.
    pub fn wish(
        self,
        network: &NetworkName,
        said: &Said,
    ) -> Result<Option<WorkloadName>, StickyError> {
        let Some(asked) = &said.sticky else { return Ok(None) };
        let place = asked.place;
        match self {
            Self::Refused => Err(StickyError::NotAllowed {
                network: network.clone(),
                asked: asked.name.clone(),
                place,
            }),
            Self::Allowed => asked
                .name
                .parse()
                .map(Some)
                .map_err(|source| StickyError::Name { place, source }),
        }
    }
}

#[cfg(test)]
mod tests;
