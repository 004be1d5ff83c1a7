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

/// Deletes a block that was closed. Done as well where its key is gone.
pub async fn give_back(
    store: &Store,
    block: &Returning,
) -> Result<(), PublishError> {
    let prefix = block.prefix;
    let key = keys::block(prefix);
    for _ in 0..MOST_ATTEMPTS {
        let change = Transaction::new()
            .when(Compare::Modified(key.clone(), block.modified))
            .delete(key.clone());
        match store.commit(change).await {
            Ok(Outcome::Committed(_)) => return Ok(()),
            Ok(Outcome::Refused) => {}
            Err(error) if error.may_have_been_done() => {}
            Err(source) => return Err(PublishError::Store { prefix, source }),
        }
        match read(store, &key, prefix).await {
            Ok(found) if found.modified == block.modified => {}
            Ok(_) => return Err(PublishError::Contended { prefix }),
            Err(PublishError::ClaimLost { by: None, .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Err(PublishError::Contended { prefix })
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
