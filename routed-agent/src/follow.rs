//! What the registry says, and what records no longer say, brought to the
//! ledger. Acts.

use std::collections::BTreeSet;
use std::sync::Arc;

use tartan_model::Attachment;

use crate::endpoints::Mode;
use crate::foreign;
use crate::host::Host;
use crate::nat;

/// Brings pools, rests and reservations to the ledger where the registry has
/// moved on since the last time. Cheap where it has not: every ADD asks.
pub(crate) fn feed(host: &Host) {
    let registry = host.registry.snapshot();
    host.addresses.hear(registry.serial, |addresses| {
        let pools = registry.pools.values().cloned().collect();
        let reserved = registry.reservations.keys().copied().collect();
        addresses.with(|ledger| {
            ledger.set_pools(pools);
            ledger.set_rest(registry.settings.address_rest());
            ledger.set_reserved(reserved);
        });
        addresses.set_max_offline(registry.settings.max_offline());
    });
}

/// Feeds the ledger whenever the registry moves on, until it is aborted.
pub(crate) async fn keep_following(host: Arc<Host>) {
    let mut changes = host.registry.changes();
    while changes.changed().await.is_ok() {
        feed(&host);
        translate(&host).await;
    }
}

/// Brings pools to translation, where they have changed.
async fn translate(host: &Arc<Host>) {
    if !host.nat.is_behind(&host.registry.snapshot()) {
        return;
    }
    let host = Arc::clone(host);
    let run = move || nat::reconcile(&host, Mode::Apply);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(run).await {
        tracing::warn!("{}", crate::chain(&error));
    }
}

/// Releases what no record speaks of: assignments whose holder died before it
/// was wired or lost its link, addresses that a holder had in an earlier life.
pub(crate) fn release_orphans(host: &Host) {
    let holders: BTreeSet<Attachment> = host.addresses.look(|ledger| {
        ledger.held().map(|held| held.slot.attachment.clone()).collect()
    });
    for attachment in holders {
        // Somebody acts on it: it is no orphan, or will not be for long.
        let Some(claim) = host.attachments.try_claim(&attachment) else {
            continue;
        };
        let Some(record) = claim.record() else {
            if foreign::is_unconfirmed(host, &attachment) {
                tracing::info!(%attachment, "unconfirmed: on a foreign link");
                continue;
            }
            tracing::info!(%attachment, "assignment without an attachment");
            host.addresses.release_any(&attachment);
            continue;
        };
        if let Err(error) = host.addresses.restore(&record) {
            tracing::error!("{}", crate::chain(&error));
        }
    }
}
