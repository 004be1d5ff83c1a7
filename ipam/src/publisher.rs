//! Tells the store what the ledger has decided, and gives blocks back. Acts.
//! A block's record is replaced only where nobody else wrote it since: only
//! its owner does, so whoever finds another there has lost the claim.

use tartan_model::{BlockRecord, HostName, Prefix};
use tartan_store::{
    Compare, Entry, Key, Outcome, Revision, Store, StoreError, Transaction,
};
use thiserror::Error;

use crate::keys;
use crate::ledger::publish::Unpublished;
use crate::ledger::returns::Returning;
use crate::records::{self, RecordError};

/// Writes in a row that may find an earlier write of ours, its answer lost.
const MOST_ATTEMPTS: usize = 4;

/// Why a block was not written.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The block is another's, or nobody's: give nothing from it.
    #[error(
        "the claim of block {prefix} is lost{}",
        by.as_ref().map_or_else(String::new, |host| format!(" to host {host}"))
    )]
    ClaimLost {
        /// The block.
        prefix: Prefix,
        /// Who has it; none where its key is gone.
        by: Option<HostName>,
    },
    /// Its record cannot be read, or not be written.
    #[error("cannot publish block {prefix}")]
    Record {
        /// The block.
        prefix: Prefix,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// The store did not answer as it should; the block stays unpublished.
    #[error("cannot publish block {prefix}")]
    Store {
        /// The block.
        prefix: Prefix,
        /// What it answered.
        #[source]
        source: StoreError,
    },
    /// Somebody else writes it all the time.
    #[error("cannot publish block {prefix}: it changes under us")]
    Contended {
        /// The block.
        prefix: Prefix,
    },
}

/// Writes a block; tells since which revision the store has it.
pub async fn publish(
    store: &Store,
    block: &Unpublished,
) -> Result<Revision, PublishError> {
    let prefix = block.prefix;
    let key = keys::block(prefix);
    let value = records::encode(&key, &block.record)
        .map_err(|source| PublishError::Record { prefix, source })?;
    let mut modified = block.modified;
    for _ in 0..MOST_ATTEMPTS {
        let change = Transaction::new()
            .when(Compare::Modified(key.clone(), modified))
            .put(key.clone(), value.clone());
        match store.commit(change).await {
            Ok(Outcome::Committed(revision)) => return Ok(revision),
            Ok(Outcome::Refused) => {}
            Err(error) if error.may_have_been_done() => {}
            Err(source) => return Err(PublishError::Store { prefix, source }),
        }
        let found = read(store, &key, prefix).await?;
        if found.value == value {
            return Ok(found.modified);
        }
        if found.modified != modified {
            check_owner(&found, block)?;
            modified = found.modified;
        }
    }
    Err(PublishError::Contended { prefix })
}

/// Why it is not known that a block was given back.
#[derive(Debug, Error)]
pub enum GiveBackError {
    /// It is this host's as before: nothing was done, for sure.
    #[error("block {prefix} is not given back")]
    Kept {
        /// The block.
        prefix: Prefix,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The store has another record than the one that was to be deleted:
    /// whose it is, a look at all own blocks tells.
    #[error("block {prefix} is not given back: its record has changed")]
    Changed {
        /// The block.
        prefix: Prefix,
    },
    /// Its key may be gone, or may go yet: nothing may be given from it until
    /// a later try has ended otherwise.
    #[error("it is not known whether block {prefix} is given back")]
    Unknown {
        /// The block.
        prefix: Prefix,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// Whether an earlier try to delete a block may have been done, or may be
/// done yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Earlier {
    NotDone,
    Unknown,
}

/// Deletes a block that was closed. Done as well where its key is gone.
pub async fn give_back(
    store: &Store,
    block: &Returning,
) -> Result<(), GiveBackError> {
    let prefix = block.prefix;
    let key = keys::block(prefix);
    let mut earlier = match block.is_doubtful {
        true => Earlier::Unknown,
        false => Earlier::NotDone,
    };
    let mut attempts = 0;
    loop {
        attempts += 1;
        let change = Transaction::new()
            .when(Compare::Modified(key.clone(), block.modified))
            .delete(key.clone());
        let lost = match store.commit(change).await {
            Ok(Outcome::Committed(_)) => return Ok(()),
            Ok(Outcome::Refused) => None,
            Err(error) if error.may_have_been_done() => Some(error),
            Err(source) if earlier == Earlier::NotDone => {
                return Err(GiveBackError::Kept { prefix, source });
            }
            Err(source) => {
                return Err(GiveBackError::Unknown { prefix, source });
            }
        };
        let found = store.get(&key).await;
        let found = found
            .map_err(|source| GiveBackError::Unknown { prefix, source })?;
        match (found.map(|entry| entry.modified == block.modified), lost) {
            (None, _) => return Ok(()),
            (Some(true), Some(source)) if attempts == MOST_ATTEMPTS => {
                return Err(GiveBackError::Unknown { prefix, source });
            }
            // That it is there now does not say that a delete whose answer
            // was lost is not still on its way.
            (Some(true), Some(_)) => earlier = Earlier::Unknown,
            (Some(_), None) | (Some(false), Some(_)) => {
                return Err(GiveBackError::Changed { prefix });
            }
        }
    }
}

async fn read(
    store: &Store,
    key: &Key,
    prefix: Prefix,
) -> Result<Entry, PublishError> {
    let found = store.get(key).await;
    let found =
        found.map_err(|source| PublishError::Store { prefix, source })?;
    found.ok_or(PublishError::ClaimLost { prefix, by: None })
}

/// What is there in place of what we wrote last is an earlier write of ours,
/// or the claim is lost.
fn check_owner(found: &Entry, block: &Unpublished) -> Result<(), PublishError> {
    let prefix = block.prefix;
    let record: BlockRecord = records::decode(found)
        .map_err(|source| PublishError::Record { prefix, source })?;
    let ours = &block.record;
    if record.host == ours.host && record.epoch == ours.epoch {
        return Ok(());
    }
    let by = Some(record.host);
    Err(PublishError::ClaimLost { prefix, by })
}
