//! Says to the store what the ledger decided: blocks whose slots changed, and
//! blocks that nobody needs any more. Acts.
//!
//! Changes are gathered for [`GATHER`], so that a burst of ADDs is one write
//! for each block; a store that does not answer is asked again, with longer
//! and longer waits, and nothing is lost meanwhile: the ledger knows what the
//! store does not.

use std::sync::Arc;
use std::time::Duration;

use tartan_ipam::publisher::{GiveBackError, PublishError, give_back, publish};
use tartan_ipam::{Ledger, Returning, Unpublished};
use tartan_model::Prefix;
use thiserror::Error;

use super::{Addresses, MirrorError, Standing, lock};
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

/// A block that is not given back, or of which nobody knows.
#[derive(Debug, Error)]
pub(super) enum ReturnError {
    #[error(transparent)]
    Store(#[from] GiveBackError),
    #[error("cannot give a block back")]
    Mirror(#[from] MirrorError),
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
        if matches!(self.standing(), Standing::Unconfirmed | Standing::Removed)
        {
            // What this host owns is not confirmed: it has no say yet.
            return true;
        }
        let mut failing = None;
        for block in self.look(|ledger| ledger.dirty()) {
            if let Err(error) = self.publish(&block).await {
                failing = Some(chain(&error));
            }
        }
        if let Err(error) = self.give_all_back().await {
            failing = Some(chain(&error));
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
                self.made_contact();
                lock(&self.published).written += 1;
                Ok(())
            }
            Err(error @ PublishError::ClaimLost { by: Some(_), .. }) => {
                tracing::error!("{}", chain(&error));
                self.lose_to_others(prefix);
                // Who confirms what this host owns isolates the containers.
                self.seen.suspect();
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

    async fn give_all_back(&self) -> Result<(), ReturnError> {
        // One at a time with claims: a block that is given back and claimed
        // again at once would be forgotten after it.
        let _one_at_a_time = self.claiming.lock().await;
        let returning = lock(&self.ledger).begin_returns(boot_time());
        let mut done = Ok(());
        for block in returning {
            done = self.give_back(&block).await.and(done);
        }
        done
    }

    /// Deletes a closed block from the mirror, so that an agent that is
    /// killed now gives nothing from it without the store, from the store,
    /// then from memory.
    pub(super) async fn give_back(
        &self,
        block: &Returning,
    ) -> Result<(), ReturnError> {
        let prefix = block.prefix;
        if let Err(error) = self.mirror.remove(prefix) {
            self.keep(prefix);
            return Err(error.into());
        }
        let given = give_back(&self.store, block).await;
        match &given {
            Ok(()) => {
                tracing::info!(block = %prefix, "given back");
                self.lose(prefix);
            }
            Err(GiveBackError::Kept { .. }) => self.keep(prefix),
            Err(GiveBackError::Unknown { .. }) => self.doubt(prefix),
            Err(GiveBackError::Changed { .. }) => {
                self.doubt(prefix);
                self.seen.suspect();
            }
        }
        Ok(given?)
    }

    /// Opens a block again that is this host's as before.
    fn keep(&self, prefix: Prefix) {
        lock(&self.ledger).keep_block(prefix);
        let claims = self.look(Ledger::claims);
        let Some(claimed) = claims.iter().find(|c| c.prefix == prefix) else {
            return;
        };
        if let Err(error) = self.mirror.put(claimed) {
            // A later agent gives nothing from it before the store says so.
            tracing::warn!("{}", chain(&error));
        }
    }

    /// Leaves a block closed, to be given back once more.
    fn doubt(&self, prefix: Prefix) {
        lock(&self.ledger).doubt_block(prefix);
        self.changed.notify_one();
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
