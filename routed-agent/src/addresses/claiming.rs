//! Gives addresses, and claims the blocks that this takes. Acts.
//!
//! Whoever claims has its turn: blocks are claimed, and given back, one after
//! another. What was begun in a turn goes on to its end whether or not an ADD
//! still waits for it: cut off in the middle, the store could have a block of
//! ours that we do not know.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tartan_ipam::claimer::{ClaimError, claim};
use tartan_ipam::{AssignError, AssignRequest, Claimant, Prospect, Room, Want};
use tartan_model::{PoolName, Ranges};

use super::{AddressError, Addresses, Standing, lock};
use crate::clock::boot_time;
use crate::wait::Wait;

/// How long an ADD waits for a block to be claimed before it says "try again
/// later": runtimes give a plugin some ten seconds and more.
pub(super) const CLAIM_PATIENCE: Duration = Duration::from_secs(8);
/// How long STATUS waits to learn whether the store answers.
const STATUS_PATIENCE: Duration = Duration::from_secs(2);

/// Where a claim found no room.
type Full = BTreeSet<Room>;

impl Addresses {
    /// Gives one address per family. Called from threads of the plugins'
    /// socket; blocks while a block is claimed, where it may wait.
    pub(crate) fn assign(
        self: &Arc<Self>,
        request: &AssignRequest,
        wait: Wait,
    ) -> Result<Vec<IpAddr>, AddressError> {
        self.refuse_offline()?;
        self.refuse_removed()?;
        let mut request = request.clone();
        let until = Instant::now() + CLAIM_PATIENCE;
        loop {
            match self.ledger().assign(&request, boot_time()) {
                Ok(assigned) => return Ok(assigned.addresses),
                Err(AssignError::NeedsBlock(_)) if wait == Wait::ForStore => {}
                Err(error) => return Err(error.into()),
            }
            let full = self.room_until(until, &request)?;
            request.unclaimable.extend(full);
        }
    }

    /// Lets room be made for a request, and waits for it.
    pub(super) fn room_until(
        self: &Arc<Self>,
        until: Instant,
        request: &AssignRequest,
    ) -> Result<Full, AddressError> {
        let (addresses, request) = (Arc::clone(self), request.clone());
        let room = async {
            // Nobody has begun anything yet who still waits for a turn.
            let turn = Arc::clone(&self.claiming).lock_owned().await;
            let work = async move {
                let _turn = turn;
                addresses.make_room(&request).await
            };
            self.runtime.spawn(work).await
        };
        let left = until.saturating_duration_since(Instant::now());
        let done = async { tokio::time::timeout(left, room).await };
        match self.runtime.block_on(done) {
            Ok(Ok(full)) => full,
            // Too long, or the runtime ends, and the agent with it.
            Err(_) | Ok(Err(_)) => Err(AddressError::TooLong),
        }
    }

    /// Claims what a request needs now: others may have claimed it while it
    /// waited. Tells where there was no room.
    async fn make_room(
        &self,
        request: &AssignRequest,
    ) -> Result<Full, AddressError> {
        let mut full = Full::new();
        let wants = self.look(|ledger| ledger.needs(request, boot_time()));
        for want in wants {
            if !self.claim(&want).await? {
                full.insert(want.room());
            }
        }
        Ok(full)
    }

    /// Claims one block for an ADD; false where the pool has no room for it.
    async fn claim(&self, want: &Want) -> Result<bool, AddressError> {
        if self.claim_free(want).await? {
            return Ok(true);
        }
        // A block of other containers of ours that nobody needs may serve:
        // an ADD, not head-room, for then two teams take turns for ever.
        let idle = lock(&self.ledger).begin_return_for(want, boot_time());
        if let Some(block) = idle
            && self.give_back(&block).await.is_ok()
            && self.claim_free(want).await?
        {
            return Ok(true);
        }
        self.with(|ledger| ledger.found_no_room(want, boot_time()));
        Ok(false)
    }

    /// Claims from what is free what any group of containers will need next.
    pub(super) async fn seek_head_room(&self) {
        for want in self.look(|ledger| ledger.wants(boot_time())) {
            let _turn = self.claiming.lock().await;
            match self.claim_free(&want).await {
                Ok(true) => {}
                Ok(false) => self.with(|ledger| {
                    ledger.found_no_room(&want, boot_time());
                }),
                Err(error) => tracing::warn!(
                    pool = %want.pool,
                    "no head-room: {}",
                    crate::chain(&error)
                ),
            }
        }
    }

    async fn claim_free(&self, want: &Want) -> Result<bool, AddressError> {
        let claimant = self.claimant().await?;
        let known = self.look(|ledger| ledger.blocks().collect());
        match claim(&self.store, &claimant, want, &known).await {
            Ok(claimed) => {
                // Before first use, so that an agent that is killed now and
                // restarted without the store knows what it gave.
                self.mirror.put(&claimed)?;
                self.seen.claimed(&claimed);
                self.adopt_block(&claimed);
                tracing::info!(block = %claimed.prefix, "claimed");
                Ok(true)
            }
            Err(ClaimError::NoRoom { .. }) => Ok(false),
            Err(source @ ClaimError::EpochRaised { .. }) => {
                self.seen.suspect();
                Err(claim_failed(want, source))
            }
            Err(source) => Err(claim_failed(want, source)),
        }
    }

    /// In whose name to claim a block. In a store that was restored a moment
    /// ago what looks free may be somebody's.
    async fn claimant(&self) -> Result<Claimant, AddressError> {
        let claimant = match self.standing() {
            Standing::Unconfirmed => return Err(AddressError::Unconfirmed),
            Standing::Removed => return Err(AddressError::Removed),
            Standing::Waiting(missing) => {
                return Err(AddressError::Missing(missing));
            }
            Standing::Confirmed(claimant) => claimant,
        };
        let seen = self.seen.revision();
        let now = self.store.revision().await;
        if now.map_err(|e| AddressError::Store(Box::new(e)))? < seen {
            self.seen.suspect();
            return Err(AddressError::Suspicious);
        }
        self.made_contact();
        Ok(claimant)
    }

    /// Whether a container of some team could get an address of each family
    /// now, as far as this host knows. Where that takes a claim, the store is
    /// asked; blocks meanwhile.
    pub(crate) fn could_assign(
        &self,
        pools: &[PoolName],
        ranges: &Ranges,
    ) -> Result<(), AddressError> {
        self.refuse_offline()?;
        self.refuse_removed()?;
        let prospect =
            self.look(|l| l.could_assign(pools, ranges, boot_time()))?;
        match prospect {
            Prospect::Free => Ok(()),
            Prospect::Claim => {
                let may_claim = async {
                    tokio::time::timeout(STATUS_PATIENCE, self.claimant()).await
                };
                self.runtime
                    .block_on(may_claim)
                    .unwrap_or(Err(AddressError::NoAnswer))
                    .map(drop)
            }
        }
    }
}

fn claim_failed(want: &Want, source: ClaimError) -> AddressError {
    let (pool, source) = (want.pool.clone(), Box::new(source));
    AddressError::Claim { pool, source }
}
