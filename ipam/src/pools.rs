//! Makes, drains, deletes and lists pools in the store. Acts; what a pool may
//! be is said in [`crate::pool_rules`].
//!
//! Deleting a pool deletes no block: a block is its owner's, who gives it back
//! when nothing of it is used. What was given from a deleted pool stays valid
//! and is released as ever.

use std::collections::BTreeSet;

use tartan_model::{HostName, Pool, PoolName, SlotState};
use tartan_store::{
    Compare, Entry, Listing, Outcome, Revision, Store, StoreError, Transaction,
};
use thiserror::Error;

use crate::keys;
use crate::pool_rules::{self, PoolError};
use crate::records::{self, RecordError};
use crate::request::Claimed;

/// Changes of others, in a row, that a change of ours waits out.
const MOST_ATTEMPTS: usize = 16;

/// Why a pool was not changed.
#[derive(Debug, Error)]
pub enum ChangePoolError {
    /// Such a pool cannot be.
    #[error("cannot create pool {pool}")]
    Refused {
        /// The pool.
        pool: PoolName,
        /// Why not.
        #[source]
        source: PoolError,
    },
    /// There is one of that name.
    #[error("pool {0} exists already")]
    Exists(PoolName),
    /// There is none of that name.
    #[error("pool {0} does not exist")]
    Unknown(PoolName),
    /// Containers have addresses of it.
    #[error(
        "pool {pool} is in use: {addresses} addresses on {}; drain it and \
         delete their containers first",
        join(hosts)
    )]
    InUse {
        /// The pool.
        pool: PoolName,
        /// How many addresses.
        addresses: usize,
        /// On which hosts.
        hosts: BTreeSet<HostName>,
    },
    /// It changes all the time.
    #[error("cannot change pool {0}: others change it all the time")]
    Contended(PoolName),
    /// A record that matters cannot be read, or not be written.
    #[error("cannot change pool {pool}")]
    Record {
        /// The pool.
        pool: PoolName,
        /// Which, and why.
        #[source]
        source: RecordError,
    },
    /// The store did not answer as it should.
    #[error("cannot change pool {pool}")]
    Store {
        /// The pool.
        pool: PoolName,
        /// What it answered.
        #[source]
        source: StoreError,
    },
}

fn join(hosts: &BTreeSet<HostName>) -> String {
    let names: Vec<&str> = hosts.iter().map(HostName::as_str).collect();
    names.join(", ")
}

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
        let others = pools.entries.iter().map(records::decode);
        let others: Result<Vec<Pool>, _> = others.collect();
        let others = others.map_err(|e| record(pool, e))?;
        pool_rules::check_apart(pool, &others).map_err(refused)?;
        let blocks = blocks.entries.iter();
        let blocks = blocks.filter_map(|entry| keys::block_of(&entry.key));
        pool_rules::check_blocks(pool, blocks).map_err(refused)?;
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

/// Lets a pool give no new address and no new block.
pub async fn drain(
    store: &Store,
    name: &PoolName,
) -> Result<(), ChangePoolError> {
    let key = keys::pool(name);
    for _ in 0..MOST_ATTEMPTS {
        let (entry, mut pool) = read(store, name).await?;
        if pool.draining {
            return Ok(());
        }
        pool.draining = true;
        let value = records::encode(&key, &pool);
        let value = value.map_err(|e| record(&pool, e))?;
        let change = Transaction::new()
            .when(Compare::Modified(key.clone(), entry.modified))
            .put(key.clone(), value);
        if let Tried::Done(_) = commit(store, name, change).await? {
            return Ok(());
        }
    }
    Err(ChangePoolError::Contended(name.clone()))
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
    let (mut addresses, mut hosts) = (0, BTreeSet::new());
    for entry in &blocks.entries {
        let block: Claimed =
            records::decode_block(entry).map_err(|e| record(pool, e))?;
        let slots = block.record.slots.values();
        let used = slots
            .filter(|slot| !matches!(slot.state, SlotState::Resting { .. }))
            .count();
        if used > 0 {
            addresses += used;
            hosts.insert(block.record.host);
        }
    }
    if addresses == 0 {
        return Ok(());
    }
    let pool = pool.name.clone();
    Err(ChangePoolError::InUse { pool, addresses, hosts })
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
    let pool = records::decode(&entry).map_err(|source| {
        let pool = name.clone();
        ChangePoolError::Record { pool, source }
    })?;
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
    ChangePoolError::Record { pool: pool.name.clone(), source }
}

fn from_store(name: &PoolName, source: StoreError) -> ChangePoolError {
    ChangePoolError::Store { pool: name.clone(), source }
}
