//! STATUS: whether an ADD could succeed now. Acts: what others have entered is
//! taken in first, and where own blocks are full, the store is asked.

use tartan_agent_api::plugin::Status;

use crate::addresses::AddressError;
use crate::attach::shape;
use crate::host::Host;
use crate::{follow, fullness};

/// Whether an ADD on the pools of `wish` could succeed now.
pub(crate) fn status(host: &Host, wish: &Status) -> Result<(), AddressError> {
    follow::feed(host);
    let could = host.addresses.could_assign(&shape::pools(&wish.pools));
    could.map_err(|error| fullness::explained(host, error))
}
