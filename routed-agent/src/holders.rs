//! Tends the reservations of this host: grants those that ask for addresses of
//! its blocks, and notes which of its containers have left theirs. Acts.
//!
//! Task: [`keep`], woken by each change of the registry and each release, and
//! every [`LOOK`]. Aborted, the next agent does it.

use std::sync::Arc;
use std::time::Duration;

use tartan_ipam::reservations::{self, ReservationError};
use tartan_model::{Grant, Prefix, Reservation};
use tartan_store::Revision;

use crate::attach::sticky;
use crate::chain;
use crate::follow;
use crate::host::Host;

/// How often it is looked after without a cause.
const LOOK: Duration = Duration::from_secs(15);

/// Tends reservations until it is aborted.
pub(crate) async fn keep(host: Arc<Host>) {
    let mut changes = host.registry.changes();
    loop {
        tend(&host).await;
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = host.addresses.someone_left() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

async fn tend(host: &Host) {
    follow::feed(host);
    let registry = host.registry.snapshot();
    for reservation in registry.reservations.values() {
        if let Err(error) = tend_one(host, reservation).await {
            tracing::debug!("{}", chain(&error));
        }
    }
}

async fn tend_one(
    host: &Host,
    reservation: &Reservation,
) -> Result<(), ReservationError> {
    let address = reservation.address;
    if let Some(holder) = &reservation.holder
        && sticky::is_gone(host, holder)
    {
        reservations::leave(&host.store, address, holder).await?;
    }
    if reservation.grant == Grant::Requested
        && let Some(block) = own_block(host, reservation)
    {
        reservations::grant(&host.store, address, block).await?;
        tracing::info!(%address, "reservation granted");
    }
    Ok(())
}

/// The own block around an address that no container has.
fn own_block(
    host: &Host,
    reservation: &Reservation,
) -> Option<(Prefix, Revision)> {
    let address = reservation.address;
    host.addresses.look(|ledger| {
        if ledger.by_address(address).is_some() {
            return None;
        }
        let claims = ledger.claims();
        let own = claims.iter().find(|c| c.prefix.contains(address))?;
        Some((own.prefix, own.revision))
    })
}
