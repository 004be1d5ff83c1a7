//! Makes, drains, enlarges, deletes and lists pools in the store. Acts; what a
//! pool may be is said in [`crate::pool_rules`].
//!
//! Deleting a pool deletes no block: a block is its owner's, who gives it back
//! when nothing of it is used. What was given from a deleted pool stays valid
//! and is released as ever. A pool that is made anew with another length of
//! block meets such blocks: claims go around them, and while a container lives
//! in one that the new pool could not have, it is not made.

use tartan_model::{HostName, Pool, PoolName, Prefix};
use tartan_store::{
    Compare, Entry, Listing, Outcome, Revision, Store, StoreError, Transaction,
};

use crate::keys;
use crate::pool_rules;
use crate::records::{self, RecordError};
use crate::request::Claimed;

mod error;

pub use error::{ChangePoolError, Holder, Holders};

/// Changes of others, in a row, that a change of ours waits out.
const MOST_ATTEMPTS: usize = 16;

/// All pools at one moment.
#[derive(Debug)]
pub struct Pools {
    /// The moment.
    pub revision: Revision,
    /// The pools, by name.
    pub pools: Vec<Pool>,
    /// Pools that cannot be read: nothing is given from them.
    pub unreadable: Vec<RecordError>,
}

/// Reads all pools.
pub async fn list(store: &Store) -> Result<Pools, StoreError> {
    let listing = store.list(&keys::pools(), None).await?;
    let mut found = Pools {
        revision: listing.revision,
        pools: Vec::new(),
        unreadable: Vec::new(),
    };
    for entry in &listing.entries {
        match records::decode(entry) {
            Ok(pool) => found.pools.push(pool),
            Err(error) => found.unreadable.push(error),
        }
    }
    Ok(found)
}

/// Makes a pool, where its name is free and no other has its addresses.
pub async fn create(
    store: &Store,
    pool: &Pool,
) -> Result<Revision, ChangePoolError> {
    let refused = |source| {
        let pool = pool.name.clone();
        ChangePoolError::Refused { pool, source }
    };
    pool_rules::check(pool).map_err(refused)?;
    let key = keys::pool(&pool.name);
    let value = records::encode(&key, pool).map_err(|e| record(pool, e))?;
    let mut answer_lost = false;
    for _ in 0..MOST_ATTEMPTS {
        // Pools first: a pool that is gone by now claims no more blocks.
        let pools = list_all(store, &pool.name, &keys::pools()).await?;
        let blocks = list_all(store, &pool.name, &keys::blocks()).await?;
        if let Some(entry) = pools.entries.iter().find(|e| e.key == key) {
            if answer_lost && entry.value == value {
                return Ok(entry.modified);
            }
            return Err(ChangePoolError::Exists(pool.name.clone()));
        }
        check_place(pool, &pools, &blocks)?;
        check_earlier(pool, &blocks)?;
        let change = Transaction::new()
            .when(Compare::Absent(key.clone()))
            .when(Compare::Unchanged(keys::pools(), pools.revision))
            .put(key.clone(), value.clone());
        match commit(store, &pool.name, change).await? {
            Tried::Done(revision) => return Ok(revision),
            Tried::Refused => {}
            Tried::AnswerLost => answer_lost = true,
        }
    }
    Err(ChangePoolError::Contended(pool.name.clone()))
}

/// Whether a pool gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It gives addresses and blocks.
    Open,
    /// It gives no new address and no new block.
    Draining,
}

/// Lets a pool give nothing new, or give again.
pub async fn set_flow(
    store: &Store,
    name: &PoolName,
    flow: Flow,
) -> Result<(), ChangePoolError> {
    let draining = flow == Flow::Draining;
    change(store, name, |pool, _| Ok(Pool { draining, ..pool.clone() })).await
}

/// Gives a pool wider prefixes, each around the one that it has of its family.
/// Blocks and what is given of them stay as they are.
pub async fn enlarge(
    store: &Store,
    name: &PoolName,
    cidrs: &[Prefix],
) -> Result<(), ChangePoolError> {
    change(store, name, |pool, found| {
        let refused = |source| {
            let pool = pool.name.clone();
            ChangePoolError::Refused { pool, source }
        };
        let larger = pool_rules::enlarged(pool, cidrs).map_err(refused)?;
        check_place(&larger, &found.pools, &found.blocks)?;
        Ok(larger)
    })
    .await
}

/// What there is besides a pool that is changed.
struct Found {
    pools: Listing,
    blocks: Listing,
}

/// Replaces a pool by what `decide` makes of it, as long as no pool changes
/// meanwhile.
async fn change(
    store: &Store,
    name: &PoolName,
    decide: impl Fn(&Pool, &Found) -> Result<Pool, ChangePoolError>,
) -> Result<(), ChangePoolError> {
    let key = keys::pool(name);
    for _ in 0..MOST_ATTEMPTS {
        // Pools first: a pool that is gone by now claims no more blocks.
        let pools = list_all(store, name, &keys::pools()).await?;
        let blocks = list_all(store, name, &keys::blocks()).await?;
        let found = Found { pools, blocks };
        let pools = &found.pools;
        let Some(entry) = pools.entries.iter().find(|e| e.key == key) else {
            return Err(ChangePoolError::Unknown(name.clone()));
        };
        let pool: Pool = records::decode(entry)
            .map_err(|source| unreadable(name, source))?;
        let after = decide(&pool, &found)?;
        if after == pool {
            return Ok(());
        }
        let value = records::encode(&key, &after);
        let value = value.map_err(|e| record(&pool, e))?;
        let change = Transaction::new()
            .when(Compare::Modified(key.clone(), entry.modified))
            .when(Compare::Unchanged(keys::pools(), pools.revision))
            .put(key.clone(), value);
        if let Tried::Done(_) = commit(store, name, change).await? {
            return Ok(());
        }
    }
    Err(ChangePoolError::Contended(name.clone()))
}

/// What containers have of a pool, on all hosts, as far as these have said.
pub async fn holders(
    store: &Store,
    name: &PoolName,
) -> Result<Holders, ChangePoolError> {
    let blocks = list_all(store, name, &keys::blocks()).await?;
    let blocks = readable(name, &blocks)?;
    Ok(Holders::of(blocks.iter().filter(|b| b.record.pool == *name)))
}

/// The blocks of other hosts that can be read.
pub async fn elsewhere(
    store: &Store,
    own: &HostName,
) -> Result<Vec<Claimed>, StoreError> {
    let listing = store.list(&keys::blocks(), None).await?;
    let blocks = listing.entries.iter().map(records::decode_block);
    let blocks = blocks.filter_map(Result::ok);
    Ok(blocks.filter(|block| block.record.host != *own).collect())
}

/// Checks that no other pool and no block of one is in the way.
fn check_place(
    pool: &Pool,
    pools: &Listing,
    blocks: &Listing,
) -> Result<(), ChangePoolError> {
    let refused = |source| {
        let pool = pool.name.clone();
        ChangePoolError::Refused { pool, source }
    };
    let others = pools.entries.iter().map(records::decode);
    let others: Result<Vec<Pool>, _> = others.collect();
    let mut others = others.map_err(|e| record(pool, e))?;
    others.retain(|other| other.name != pool.name);
    pool_rules::check_apart(pool, &others).map_err(refused)?;
    let blocks = blocks.entries.iter();
    let blocks = blocks.filter_map(|entry| keys::block_of(&entry.key));
    pool_rules::check_blocks(pool, blocks).map_err(refused)
}

/// Checks that nobody lives in a block that the new pool could not have.
fn check_earlier(pool: &Pool, blocks: &Listing) -> Result<(), ChangePoolError> {
    let within = blocks.entries.iter().filter(|entry| {
        let block = keys::block_of(&entry.key);
        block.is_some_and(|b| pool.cidrs.iter().any(|c| c.overlaps(b)))
    });
    let mut foreign = Vec::new();
    for entry in within {
        let block =
            records::decode_block(entry).map_err(|e| record(pool, e))?;
        if !pool_rules::could_be_of(pool, &block) {
            foreign.push(block);
        }
    }
    let holders = Holders::of(&foreign);
    match holders.0.is_empty() {
        true => Ok(()),
        false => {
            let pool = pool.name.clone();
            Err(ChangePoolError::EarlierInUse { pool, holders })
        }
    }
}

/// Deletes a pool of which no container has an address. Its blocks stay with
/// their owners, who give them back.
pub async fn delete(
    store: &Store,
    name: &PoolName,
) -> Result<(), ChangePoolError> {
    let key = keys::pool(name);
    let mut answer_lost = false;
    for _ in 0..MOST_ATTEMPTS {
        let (entry, pool) = match read(store, name).await {
            Err(ChangePoolError::Unknown(_)) if answer_lost => return Ok(()),
            other => other?,
        };
        let mut change = Transaction::new()
            .when(Compare::Modified(key.clone(), entry.modified))
            .delete(key.clone());
        for cidr in &pool.cidrs {
            let range = keys::blocks_within(*cidr);
            let blocks = list_all(store, name, &range).await?;
            check_unused(&pool, &blocks)?;
            change = change.when(Compare::Unchanged(range, blocks.revision));
        }
        match commit(store, name, change).await? {
            Tried::Done(_) => return Ok(()),
            Tried::Refused => {}
            Tried::AnswerLost => answer_lost = true,
        }
    }
    Err(ChangePoolError::Contended(name.clone()))
}

fn check_unused(pool: &Pool, blocks: &Listing) -> Result<(), ChangePoolError> {
    let holders = Holders::of(&readable(&pool.name, blocks)?);
    if holders.0.is_empty() {
        return Ok(());
    }
    let pool = pool.name.clone();
    Err(ChangePoolError::InUse { pool, holders })
}

/// Blocks that can all be read: one that cannot may hold anything.
fn readable(
    name: &PoolName,
    blocks: &Listing,
) -> Result<Vec<Claimed>, ChangePoolError> {
    let blocks = blocks.entries.iter().map(records::decode_block);
    let blocks: Result<Vec<_>, _> = blocks.collect();
    blocks.map_err(|source| unreadable(name, source))
}

/// How one try of a change ended.
enum Tried {
    Done(Revision),
    Refused,
    AnswerLost,
}

async fn commit(
    store: &Store,
    name: &PoolName,
    change: Transaction,
) -> Result<Tried, ChangePoolError> {
    match store.commit(change).await {
        Ok(Outcome::Committed(revision)) => Ok(Tried::Done(revision)),
        Ok(Outcome::Refused) => Ok(Tried::Refused),
        Err(error) if error.may_have_been_done() => Ok(Tried::AnswerLost),
        Err(source) => Err(from_store(name, source)),
    }
}

async fn read(
    store: &Store,
    name: &PoolName,
) -> Result<(Entry, Pool), ChangePoolError> {
    let found = store.get(&keys::pool(name)).await;
    let Some(entry) = found.map_err(|e| from_store(name, e))? else {
        return Err(ChangePoolError::Unknown(name.clone()));
    };
    let pool =
        records::decode(&entry).map_err(|source| unreadable(name, source))?;
    Ok((entry, pool))
}

async fn list_all(
    store: &Store,
    name: &PoolName,
    range: &tartan_store::Range,
) -> Result<Listing, ChangePoolError> {
    store.list(range, None).await.map_err(|e| from_store(name, e))
}

fn record(pool: &Pool, source: RecordError) -> ChangePoolError {
    unreadable(&pool.name, source)
}

fn unreadable(name: &PoolName, source: RecordError) -> ChangePoolError {
    ChangePoolError::Record { pool: name.clone(), source }
}

fn from_store(name: &PoolName, source: StoreError) -> ChangePoolError {
    ChangePoolError::Store { pool: name.clone(), source }
}
