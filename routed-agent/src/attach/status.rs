//! STATUS: whether an ADD could succeed now. Acts: what others have entered is
//! taken in first, and where own blocks are full, the store is asked.

use tartan_agent_api::plugin::Status;
use tartan_model::RangeError;
use thiserror::Error;

use crate::addresses::AddressError;
use crate::attach::shape;
use crate::host::Host;
use crate::{follow, fullness};

/// Why no ADD could succeed.
#[derive(Debug, Error)]
pub(crate) enum StatusError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("a pool cannot serve a link with a gateway")]
    Ranges(#[source] RangeError),
}

/// Whether an ADD on the pools of `wish` could succeed now.
pub(crate) fn status(host: &Host, wish: &Status) -> Result<(), StatusError> {
    follow::feed(host);
    let pools = shape::pools(&wish.pools, &wish.ranges);
    let registry = host.registry.snapshot();
    let whole = shape::ranges(wish.link, &wish.ranges, &pools, &registry);
    // A pool that is too small for a gateway has nothing to give.
    let ranges = whole.map_err(StatusError::Ranges)?;
    let could = host.addresses.could_assign(&pools, &ranges);
    Ok(could.map_err(|error| fullness::explained(host, error))?)
}
