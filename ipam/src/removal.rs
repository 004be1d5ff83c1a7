//! Takes a host out of the cluster. Acts, in steps of which each is one
//! transaction: whoever is killed between two, another goes on.
//!
//! ```text
//!   begin: epoch raised (its claims are void), a key on a lease of max_offline
//!     |
//!   go_on, until that key is gone: nothing, the blocks rest where they are:
//!     |    who is only cut off goes on giving from them for so long
//!   go_on: at most MOST_FREED blocks at a time, each as it was read
//!     |
//!   go_on: the record; the epoch stays, for the next of that name
//! ```

use std::time::Duration;

use tartan_model::{Epoch, HostName, Reservation};
use tartan_store::{
    Compare, Entry, Key, Outcome, Store, StoreError, Transaction,
};
use thiserror::Error;

use crate::host_record::{HostRecord, LastEpoch, Removal};
use crate::keys;
use crate::records::{self, RecordError};
use crate::reservations;

/// Blocks freed by one transaction. etcd takes 128 operations.
pub const MOST_FREED: usize = 100;
/// Tries of one step that others may spoil.
const MOST_ATTEMPTS: usize = 8;

/// What the operator knows of a host that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// Nothing: it may be cut off, and go on.
    Presumed,
    /// It runs no more, and no container of it.
    Confirmed,
}

/// How far a removal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Its blocks rest.
    Resting(Removal),
    /// So many of them, or of reserved addresses, were freed by this step;
    /// there may be more.
    Freed(usize),
    /// There is no such host any more.
    Done,
}

/// Why a removal goes no further.
#[derive(Debug, Error)]
pub enum RemovalError {
    /// There is no host of that name.
    #[error("there is no host {0}")]
    Unknown(HostName),
    /// It is not being removed.
    #[error("host {0} is not being removed")]
    NotBegun(HostName),
    /// Its record changes all the time.
    #[error("cannot remove host {0}: its record changes all the time")]
    Contended(HostName),
    /// A record cannot be read or written.
    #[error("cannot remove host {host}")]
    Record {
        /// The host.
        host: HostName,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// The store did not answer as it should.
    #[error("cannot remove host {host}")]
    Store {
        /// The host.
        host: HostName,
        /// What it answered.
        #[source]
        source: StoreError,
    },
}

/// Raises the epoch of a host, which voids its claims, and lets its blocks
/// rest for `rest`; not where its death is confirmed. Begun already, it is
/// not begun anew, but the rest may be ended. `now` is in seconds since 1970.
pub async fn begin(
    store: &Store,
    name: &HostName,
    death: Death,
    (now, rest): (u64, Duration),
) -> Result<(), RemovalError> {
    let here = Here { store, name };
    for _ in 0..MOST_ATTEMPTS {
        let Some((entry, mut record)) = here.record().await? else {
            return Err(RemovalError::Unknown(name.clone()));
        };
        let is_begun = record.removal.is_some();
        let mut change = here.unchanged(&entry);
        if !is_begun {
            let until = now.saturating_add(rest.as_secs());
            record.removal = Some(Removal { at: now, until });
            record.epoch = Epoch(record.epoch.0 + 1);
            let value = records::encode(&entry.key, &record);
            let value = value.map_err(|e| here.broken(e))?;
            change = change.put(entry.key.clone(), value);
        }
        let resting = keys::removal_rest(name);
        change = match (death, is_begun) {
            (Death::Confirmed, _) => change.delete(resting),
            (Death::Presumed, true) => return Ok(()),
            (Death::Presumed, false) => {
                let lease = store.grant(rest).await;
                let lease = lease.map_err(|e| here.failed(e))?;
                change.put_leased(resting, "{\"v\":1}", lease.id)
            }
        };
        if here.commit(change).await? {
            return Ok(());
        }
    }
    Err(RemovalError::Contended(name.clone()))
}

/// Takes the next step of a removal that was begun.
pub async fn go_on(
    store: &Store,
    name: &HostName,
) -> Result<Progress, RemovalError> {
    let here = Here { store, name };
    let Some((entry, record)) = here.record().await? else {
        return Ok(Progress::Done);
    };
    let Some(removal) = record.removal else {
        return Err(RemovalError::NotBegun(name.clone()));
    };
    let resting = store.get(&keys::removal_rest(name)).await;
    if resting.map_err(|e| here.failed(e))?.is_some() {
        return Ok(Progress::Resting(removal));
    }
    let blocks = here.blocks(record.epoch).await?;
    let mut change = here.unchanged(&entry);
    for block in &blocks {
        let key = block.key.clone();
        change = change
            .when(Compare::Modified(key.clone(), block.modified))
            .delete(key);
    }
    let mut left = 0;
    if blocks.is_empty() {
        (change, left) = here.let_go(change).await?;
    }
    let steps = blocks.len() + left;
    if steps == 0 {
        change = here.forget(change, &entry.key, record.epoch)?;
    }
    let is_done = here.commit(change).await?;
    Ok(match (is_done, steps) {
        (true, 0) => Progress::Done,
        (true, freed) => Progress::Freed(freed),
        // Somebody else took the step, or it is not known: look again.
        (false, _) => Progress::Freed(0),
    })
}

/// The host that is removed, and where.
struct Here<'a> {
    store: &'a Store,
    name: &'a HostName,
}

impl Here<'_> {
    async fn record(
        &self,
    ) -> Result<Option<(Entry, HostRecord)>, RemovalError> {
        let found = self.store.get(&keys::host(self.name)).await;
        let Some(entry) = found.map_err(|e| self.failed(e))? else {
            return Ok(None);
        };
        let record = records::decode(&entry).map_err(|e| self.broken(e))?;
        Ok(Some((entry, record)))
    }

    /// Some blocks that the host owns by claims that are void. One that cannot
    /// be read is left: nobody knows whose it is.
    async fn blocks(&self, epoch: Epoch) -> Result<Vec<Entry>, RemovalError> {
        let listing = self.store.list(&keys::blocks(), None).await;
        let listing = listing.map_err(|e| self.failed(e))?;
        let is_void = |entry: &Entry| {
            records::decode_block(entry).is_ok_and(|block| {
                block.record.host == *self.name && block.record.epoch < epoch
            })
        };
        let void = listing.entries.into_iter().filter(is_void);
        Ok(void.take(MOST_FREED).collect())
    }

    /// Takes reserved addresses away from its containers.
    async fn let_go(
        &self,
        mut change: Transaction,
    ) -> Result<(Transaction, usize), RemovalError> {
        let held = reservations::held_on(self.store, self.name).await;
        let mut held = held.map_err(|e| self.failed(e))?;
        held.truncate(MOST_FREED);
        for (entry, reservation) in &held {
            let key = entry.key.clone();
            let left = Reservation { holder: None, ..reservation.clone() };
            let value = records::encode(&key, &left);
            let value = value.map_err(|e| self.broken(e))?;
            change = change
                .when(Compare::Modified(key.clone(), entry.modified))
                .put(key, value);
        }
        Ok((change, held.len()))
    }

    fn unchanged(&self, entry: &Entry) -> Transaction {
        let (key, modified) = (entry.key.clone(), entry.modified);
        Transaction::new().when(Compare::Modified(key, modified))
    }

    /// The last step: the name is free, its epoch is kept.
    fn forget(
        &self,
        change: Transaction,
        host: &Key,
        epoch: Epoch,
    ) -> Result<Transaction, RemovalError> {
        let key = keys::last_epoch(self.name);
        let kept = records::encode(&key, &LastEpoch { v: 1, last: epoch });
        let kept = kept.map_err(|e| self.broken(e))?;
        Ok(change
            .delete(host.clone())
            .delete(keys::contact(self.name))
            .delete(keys::reasserted(self.name))
            .put(key, kept))
    }

    /// False where it was refused, or nobody knows: the next look tells.
    async fn commit(&self, change: Transaction) -> Result<bool, RemovalError> {
        match self.store.commit(change).await {
            Ok(Outcome::Committed(_)) => Ok(true),
            Ok(Outcome::Refused) => Ok(false),
            Err(error) if error.may_have_been_done() => Ok(false),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn failed(&self, source: StoreError) -> RemovalError {
        RemovalError::Store { host: self.name.clone(), source }
    }

    fn broken(&self, source: RecordError) -> RemovalError {
        RemovalError::Record { host: self.name.clone(), source }
    }
}
