//! What the store says, brought to those who decide: the registry to the
//! ledger, the claims of this host to the ledger. Acts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tartan_ipam::Instance;
use tartan_ipam::claimer::own_blocks;
use tartan_ipam::host::{Presence, RegisterError, register};
use tartan_model::Attachment;
use tartan_store::StoreError;
use thiserror::Error;

use crate::chain;
use crate::host::Host;

/// First wait after the store did not answer, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// Brings pools, rests and reservations to the ledger where the registry has
/// moved on since the last time. Cheap where it has not: every ADD asks.
pub(crate) fn feed(host: &Host) {
    let registry = host.registry.snapshot();
    if !host.addresses.is_behind(registry.revision) {
        return;
    }
    let pools = registry.pools.values().cloned().collect();
    let reserved: BTreeSet<_> = registry.reservations.keys().copied().collect();
    host.addresses.with(|ledger| {
        ledger.set_pools(pools);
        ledger.set_rest(registry.settings.address_rest());
        ledger.set_reserved(reserved);
    });
    host.addresses.caught_up(registry.revision);
}

/// Feeds the ledger whenever the registry moves on, until it is aborted.
pub(crate) async fn keep_following(host: Arc<Host>) {
    let mut changes = host.registry.changes();
    while changes.changed().await.is_ok() {
        feed(&host);
    }
}

/// Confirms with the store what this host owns, and goes on trying until the
/// store has answered.
pub(crate) async fn keep_claims(host: Arc<Host>) {
    let mut wait = FIRST_WAIT;
    while let Err(error) = confirm_claims(&host).await {
        tracing::warn!(
            "blocks of this host are not confirmed: {}",
            chain(&error)
        );
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Claims could not be confirmed.
#[derive(Debug, Error)]
pub(crate) enum ConfirmError {
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error("cannot read the blocks of this host")]
    Blocks(#[from] StoreError),
}

/// Registers this host and reads its blocks, once.
pub(crate) async fn confirm_claims(host: &Host) -> Result<(), ConfirmError> {
    let presence = Presence {
        host: host.name.clone(),
        instance: Instance(host.instance.clone()),
        boot: host.boot.clone(),
        address: None,
    };
    let registered = register(&host.store, &presence).await?;
    let claimant = registered.claimant(host.name.clone());
    let own = own_blocks(&host.store, &claimant).await?;
    for error in &own.unreadable {
        tracing::error!("{}", chain(error));
    }
    host.addresses.confirm_claims(claimant, &own);
    release_orphans(host);
    Ok(())
}

/// Releases assignments that no record speaks of: whatever was given them
/// died before it was wired, or lost its link.
pub(crate) fn release_orphans(host: &Host) {
    let holders: BTreeSet<Attachment> = host.addresses.look(|ledger| {
        ledger.held().map(|held| held.slot.attachment.clone()).collect()
    });
    for attachment in holders {
        // Somebody acts on it: it is no orphan, or will not be for long.
        let Some(claim) = host.attachments.try_claim(&attachment) else {
            continue;
        };
        if claim.record().is_none() {
            tracing::info!(%attachment, "assignment without an attachment");
            host.addresses.release_any(&attachment);
        }
    }
}
