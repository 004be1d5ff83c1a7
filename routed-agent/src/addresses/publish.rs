//! Says to the store what the ledger decided: blocks whose slots changed, and
//! blocks that nobody needs any more. Acts.
//!
//! Changes are gathered for [`GATHER`], so that a burst of ADDs is one write
//! for each block; a store that does not answer is asked again, with longer
//! and longer waits, and nothing is lost meanwhile: the ledger knows what the
//! store does not.

use std::sync::Arc;
use std::time::Duration;

use tartan_ipam::publisher::{PublishError, give_back, publish};
use tartan_ipam::{Returning, Unpublished};
use tartan_model::Prefix;

use super::{Addresses, Standing, lock};
use crate::chain;
use crate::clock::boot_time;

/// How long changes are gathered: long enough for a lone ADD to be answered
/// first, short enough that other hosts learn of it soon.
const GATHER: Duration = Duration::from_millis(20);
/// First wait after the store did not answer, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// How often a quiet ledger is looked at, for blocks to give back.
const QUIET: Duration = Duration::from_secs(60);

/// How publishing is going.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PublishReport {
    /// Blocks written since the agent started.
    pub(crate) written: u64,
    /// Blocks whose record in the store is behind.
    pub(crate) behind: usize,
    /// Why the last attempt failed, until one succeeds.
    pub(crate) failing: Option<String>,
}

/// Publishes whatever changes, until it is aborted.
pub(crate) async fn keep_published(addresses: Arc<Addresses>) {
    let mut wait = FIRST_WAIT;
    loop {
        let quiet = tokio::time::timeout(QUIET, addresses.changed.notified());
        let _ = quiet.await;
        tokio::time::sleep(GATHER).await;
        while !addresses.publish_all().await {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        wait = FIRST_WAIT;
    }
}

impl Addresses {
    /// Says everything to the store once; false where it did not take all.
    pub(crate) async fn publish_all(&self) -> bool {
        if self.standing() == Standing::Unconfirmed {
            // What this host owns is not confirmed: it has no say yet.
            return true;
        }
        let mut failing = None;
        for block in self.look(|ledger| ledger.dirty()) {
            if let Err(error) = self.publish(&block).await {
                failing = Some(chain(&error));
            }
        }
        let returning =
            lock(&self.ledger).begin_returns(boot_time()).into_iter();
        for block in returning {
            if let Err(error) = self.give_back(&block).await {
                failing = Some(chain(&error));
            }
        }
        self.note(failing)
    }

    async fn publish(&self, block: &Unpublished) -> Result<(), PublishError> {
        let prefix = block.prefix;
        match publish(&self.store, block).await {
            Ok(revision) => {
                let mut ledger = lock(&self.ledger);
                let now = boot_time();
                ledger.published(prefix, block.version, revision, now);
                self.seen.saw(revision);
                lock(&self.published).written += 1;
                Ok(())
            }
            Err(error @ PublishError::ClaimLost { by: Some(_), .. }) => {
                tracing::error!("{}", chain(&error));
                self.lose(prefix);
                Ok(())
            }
            Err(error @ PublishError::ClaimLost { by: None, .. }) => {
                // Nobody but us deletes our blocks: the store was restored.
                self.seen.suspect();
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Deletes a closed block from the store, then from memory.
    pub(super) async fn give_back(
        &self,
        block: &Returning,
    ) -> Result<(), PublishError> {
        let given = give_back(&self.store, block).await;
        match &given {
            Ok(()) => {
                tracing::info!(block = %block.prefix, "given back");
                self.lose(block.prefix);
            }
            Err(_) => lock(&self.ledger).keep_block(block.prefix),
        }
        given
    }

    /// Forgets a block that is no longer this host's.
    pub(crate) fn lose(&self, prefix: Prefix) {
        lock(&self.ledger).drop_block(prefix);
        self.seen.lost(prefix);
        if let Err(error) = self.mirror.remove(prefix) {
            tracing::warn!("{}", chain(&error));
        }
    }

    fn note(&self, failing: Option<String>) -> bool {
        let is_done = failing.is_none();
        let behind = self.look(|ledger| ledger.dirty().len());
        let mut report = lock(&self.published);
        if let (Some(why), None) = (&failing, &report.failing) {
            tracing::warn!("blocks are not published: {why}");
        }
        if is_done && report.failing.is_some() {
            tracing::info!("blocks are published again");
        }
        report.behind = behind;
        report.failing = failing;
        is_done
    }
}
