//! Claims blocks in the store, and reads which ones are ours. Acts; what to
//! claim is decided in [`crate::claim`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tartan_model::{
    BlockKey, Epoch, Family, HostName, Pool, PoolName, Prefix, Span,
};
use tartan_store::{Outcome, Store, StoreError};
use thiserror::Error;

use crate::claim::{self, Ground};
use crate::host_record::{Claimant, HostRecord};
use crate::keys;
use crate::records::{self, RecordError};
use crate::request::{Claimed, Want};

/// Refusals in a row after which a claim gives up: each means that another
/// host, or an operator, was faster.
const MOST_ATTEMPTS: usize = 32;

/// Why no block was claimed.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// All of the pool is owned.
    #[error(
        "no free block of {family} is left in pool {pool}; owned by {}",
        owners.iter().map(|(host, blocks)| format!("{host} ({blocks})"))
            .collect::<Vec<_>>().join(", ")
    )]
    NoRoom {
        /// The pool.
        pool: PoolName,
        /// The family.
        family: Family,
        /// Who owns how many blocks of it.
        owners: BTreeMap<HostName, usize>,
    },
    /// The block around a requested address is owned.
    #[error("the block of {ip} belongs to host {by}")]
    Owned {
        /// The address.
        ip: IpAddr,
        /// Who owns it.
        by: HostName,
    },
    /// The pool does not exist.
    #[error("cannot claim a block of pool {0}: it does not exist")]
    UnknownPool(PoolName),
    /// The pool gives no new blocks.
    #[error("cannot claim a block of pool {0}: it is draining")]
    PoolDraining(PoolName),
    /// The host is not, or no longer, what it takes itself for.
    #[error(
        "cannot claim as host {host} of epoch {}: the store has {}", epoch.0,
        found.map_or_else(|| "none".to_owned(), |e| format!("epoch {}", e.0))
    )]
    EpochRaised {
        /// The host.
        host: HostName,
        /// Its epoch as it knows it.
        epoch: Epoch,
        /// Its epoch in the store.
        found: Option<Epoch>,
    },
    /// Others were faster, again and again.
    #[error("cannot claim a block of pool {pool}: refused {attempts} times")]
    Contended {
        /// The pool.
        pool: PoolName,
        /// How often.
        attempts: usize,
    },
    /// A record in the way cannot be read.
    #[error("cannot claim a block of pool {pool}")]
    Record {
        /// The pool.
        pool: PoolName,
        /// Which record, and why.
        #[source]
        source: RecordError,
    },
    /// The store did not answer as it should.
    #[error("cannot claim a block of pool {pool}")]
    Store {
        /// The pool.
        pool: PoolName,
        /// What it answered.
        #[source]
        source: StoreError,
    },
}

/// A window of a pool as the store has it.
struct View {
    ground: Ground,
    taken: BTreeSet<BlockKey>,
    owners: BTreeMap<BlockKey, HostName>,
    /// Blocks that the claimant owns.
    own: Vec<Claimed>,
}

/// Claims a block. One that the store already has as ours although it is not
/// among the `known` is told instead: an earlier claim whose answer was lost.
pub async fn claim(
    store: &Store,
    claimant: &Claimant,
    want: &Want,
    known: &BTreeSet<Prefix>,
) -> Result<Claimed, ClaimError> {
    let seed = claim::seed(&claimant.host);
    let mut width = 0;
    for _ in 0..MOST_ATTEMPTS {
        let ground = read_ground(store, claimant, want).await?;
        let windows = claim::windows(&ground.pool, want, seed);
        let Some(window) = windows.get(width).copied() else {
            return Err(no_prefix(want));
        };
        let view = read_window(store, claimant, ground, window)
            .await
            .map_err(|source| from_store(want, source))?;
        if let Some(found) = view.lost_answer(want, known) {
            return Ok(found);
        }
        let pool = &view.ground.pool;
        let free = claim::candidate(pool, want, window, &view.taken, seed);
        match free {
            Some(prefix) => {
                let done = put(store, claimant, want, &view, prefix).await?;
                if let Some(claimed) = done {
                    return Ok(claimed);
                }
            }
            None if width + 1 < windows.len() => width += 1,
            None => return Err(view.no_room(want, window)),
        }
    }
    let (pool, attempts) = (want.pool.clone(), MOST_ATTEMPTS);
    Err(ClaimError::Contended { pool, attempts })
}

/// The blocks that the store has as this host's, of its epoch. Those of a
/// lower epoch are void: whoever raised it takes them away.
pub async fn own_blocks(
    store: &Store,
    claimant: &Claimant,
) -> Result<OwnBlocks, StoreError> {
    let listing = store.list(&keys::blocks(), None).await?;
    let mut own = OwnBlocks::default();
    for entry in &listing.entries {
        match records::decode_block(entry) {
            Ok(claimed) if claimed.record.host != claimant.host => {}
            Ok(claimed) if claimed.record.epoch == claimant.epoch => {
                own.valid.push(claimed);
            }
            Ok(claimed) => own.void.push(claimed),
            Err(error) => own.unreadable.push(error),
        }
    }
    Ok(own)
}

/// What [`own_blocks`] finds.
#[derive(Debug, Default)]
pub struct OwnBlocks {
    /// Ours.
    pub valid: Vec<Claimed>,
    /// Ours once, under another epoch.
    pub void: Vec<Claimed>,
    /// Whose they are cannot be read; nobody gives from them.
    pub unreadable: Vec<RecordError>,
}

async fn read_ground(
    store: &Store,
    claimant: &Claimant,
    want: &Want,
) -> Result<Ground, ClaimError> {
    let fail = |source| from_store(want, source);
    let seen = store.revision().await.map_err(fail)?;
    let pool = store.get(&keys::pool(&want.pool)).await.map_err(fail)?;
    let host = store.get(&keys::host(&claimant.host)).await.map_err(fail)?;
    let Some(pool_entry) = pool else {
        return Err(ClaimError::UnknownPool(want.pool.clone()));
    };
    let pool: Pool = decode(want, &pool_entry)?;
    if pool.draining {
        return Err(ClaimError::PoolDraining(want.pool.clone()));
    }
    let record: Option<HostRecord> =
        host.as_ref().map(|entry| decode(want, entry)).transpose()?;
    let found = record.map(|record| record.epoch);
    match host {
        Some(host) if found == Some(claimant.epoch) => Ok(Ground {
            pool,
            pool_modified: pool_entry.modified,
            host_modified: host.modified,
            seen,
        }),
        Some(_) | None => Err(ClaimError::EpochRaised {
            host: claimant.host.clone(),
            epoch: claimant.epoch,
            found,
        }),
    }
}

async fn read_window(
    store: &Store,
    claimant: &Claimant,
    ground: Ground,
    window: Prefix,
) -> Result<View, StoreError> {
    let listing = store.list(&keys::blocks_within(window), None).await?;
    let mut view = View {
        ground,
        taken: BTreeSet::new(),
        owners: BTreeMap::new(),
        own: Vec::new(),
    };
    for entry in &listing.entries {
        let Some(prefix) = keys::block_of(&entry.key) else { continue };
        view.taken.insert(BlockKey(prefix));
        // A record that cannot be read keeps its block from everybody.
        let Ok(claimed) = records::decode_block(entry) else { continue };
        let host = claimed.record.host.clone();
        if host == claimant.host && claimed.record.epoch == claimant.epoch {
            view.own.push(claimed);
        }
        view.owners.insert(BlockKey(prefix), host);
    }
    Ok(view)
}

/// Tries one claim; none where it was refused, or its answer was lost: the
/// next look at the store tells.
async fn put(
    store: &Store,
    claimant: &Claimant,
    want: &Want,
    view: &View,
    prefix: Prefix,
) -> Result<Option<Claimed>, ClaimError> {
    let record = claim::record(claimant, want);
    let key = keys::block(prefix);
    let value = records::encode(&key, &record).map_err(|source| {
        let pool = want.pool.clone();
        ClaimError::Record { pool, source }
    })?;
    let change = claim::transaction(&view.ground, claimant, prefix, value);
    match store.commit(change).await {
        Ok(Outcome::Committed(revision)) => {
            Ok(Some(Claimed { prefix, record, revision }))
        }
        Ok(Outcome::Refused) => Ok(None),
        Err(error) if error.may_have_been_done() => Ok(None),
        Err(source) => Err(from_store(want, source)),
    }
}

impl View {
    fn lost_answer(
        &self,
        want: &Want,
        known: &BTreeSet<Prefix>,
    ) -> Option<Claimed> {
        let is_wanted = |claimed: &&Claimed| {
            !known.contains(&claimed.prefix)
                && claimed.record.pool == want.pool
                && claimed.record.affinity == want.affinity
                && want.within.is_none_or(|w| w.overlaps(claimed.prefix.into()))
        };
        self.own.iter().find(is_wanted).cloned()
    }

    fn no_room(&self, want: &Want, window: Prefix) -> ClaimError {
        let holder = want.within.and_then(Span::only).and_then(|ip| {
            let end = BlockKey(Prefix::host(ip));
            let (block, by) = self.owners.range(..=end).next_back()?;
            block.0.contains(ip).then(|| (ip, by.clone()))
        });
        if let Some((ip, by)) = holder {
            return ClaimError::Owned { ip, by };
        }
        let mut owners = BTreeMap::new();
        for by in self.owners.values() {
            *owners.entry(by.clone()).or_default() += 1;
        }
        let family = window.family();
        ClaimError::NoRoom { pool: want.pool.clone(), family, owners }
    }
}

fn no_prefix(want: &Want) -> ClaimError {
    let (pool, family) = (want.pool.clone(), want.family);
    ClaimError::NoRoom { pool, family, owners: BTreeMap::new() }
}

fn decode<R: records::Record>(
    want: &Want,
    entry: &tartan_store::Entry,
) -> Result<R, ClaimError> {
    records::decode(entry).map_err(|source| {
        let pool = want.pool.clone();
        ClaimError::Record { pool, source }
    })
}

fn from_store(want: &Want, source: StoreError) -> ClaimError {
    ClaimError::Store { pool: want.pool.clone(), source }
}
