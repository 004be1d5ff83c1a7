//! Claims that the store has forgotten, for it was restored from a copy: made
//! again, where nobody else has the block by now. Acts.
//!
//! One host that finds the store restored calls on all to make their claims
//! again ([`call`]). Each does, then signs the call ([`sign`]); nobody claims
//! anything new before all have ([`missing`]): what looks free may be a block
//! whose owner has not spoken yet.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tartan_model::{BlockRecord, HostName, Prefix};
use tartan_store::{
    Compare, Entry, Key, Outcome, Revision, Store, StoreError, Transaction,
};
use thiserror::Error;

use crate::claim;
use crate::host_record::Claimant;
use crate::keys;
use crate::records::{self, Record, RecordError};
use crate::request::Claimed;

/// Writes in a row that may be refused, or lose their answer.
const MOST_ATTEMPTS: usize = 8;

/// What became of a claim that was to be made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reasserted {
    /// The block is ours, as the store has it now.
    Holds(Claimed),
    /// Somebody has it, or a part of it: it is ours no longer.
    Lost {
        /// Who; none where the record in the way cannot be read.
        by: Option<HostName>,
    },
}

/// Why it is not known what became of claims.
#[derive(Debug, Error)]
pub enum ReassertError {
    /// The store did not answer as it should.
    #[error("cannot claim block {prefix} again")]
    Block {
        /// The block.
        prefix: Prefix,
        /// What it answered.
        #[source]
        source: StoreError,
    },
    /// Its record cannot be written.
    #[error("cannot claim block {prefix} again")]
    Record {
        /// The block.
        prefix: Prefix,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// The store changes all the time, or this host is removed.
    #[error("cannot claim block {prefix} again: refused {MOST_ATTEMPTS} times")]
    Contended {
        /// The block.
        prefix: Prefix,
    },
    /// The call cannot be read or written.
    #[error("cannot agree with the other hosts on a restored store")]
    Call(#[source] StoreError),
    /// Its record cannot be read or written.
    #[error("cannot agree with the other hosts on a restored store")]
    CallRecord(#[source] RecordError),
}

/// The call to make claims again, and a host's signature under it. Each call
/// has a name of its own, so that one that came with the copy is not taken
/// for a new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Call {
    v: u8,
    call: String,
}

impl Record for Call {
    const VERSION: u8 = 1;
}

/// Makes a claim again under the claimant's epoch, if nobody has the block.
pub async fn reassert(
    store: &Store,
    claimant: &Claimant,
    claimed: &Claimed,
) -> Result<Reasserted, ReassertError> {
    let prefix = claimed.prefix;
    let fail = |source| ReassertError::Block { prefix, source };
    let record = BlockRecord {
        epoch: claimant.epoch,
        boot: claimant.boot.clone(),
        host: claimant.host.clone(),
        ..claimed.record.clone()
    };
    let value = records::encode(&keys::block(prefix), &record)
        .map_err(|source| ReassertError::Record { prefix, source })?;
    for _ in 0..MOST_ATTEMPTS {
        let host = store.get(&keys::host(&claimant.host)).await;
        let Some(host) = host.map_err(fail)? else { break };
        let value = value.clone();
        let change =
            claim::again(&keys::host(&claimant.host), host.modified, prefix)
                .put(keys::block(prefix), value);
        match store.commit(change).await {
            Ok(Outcome::Committed(revision)) => {
                let holds = Claimed { prefix, record, revision };
                return Ok(Reasserted::Holds(holds));
            }
            Ok(Outcome::Refused) => {}
            Err(error) if error.may_have_been_done() => {}
            Err(source) => return Err(fail(source)),
        }
        if let Some(found) = owner(store, claimant, prefix).await? {
            return Ok(found);
        }
    }
    Err(ReassertError::Contended { prefix })
}

/// Who has a block, or a part of it; none where nobody has.
async fn owner(
    store: &Store,
    claimant: &Claimant,
    prefix: Prefix,
) -> Result<Option<Reasserted>, ReassertError> {
    let fail = |source| ReassertError::Block { prefix, source };
    let widest = claim::widest_around(prefix);
    let range = keys::blocks_within(widest);
    let listing = store.list(&range, None).await.map_err(fail)?;
    let in_the_way = listing.entries.iter().find(|entry| {
        keys::block_of(&entry.key).is_some_and(|it| it.overlaps(prefix))
    });
    let Some(entry) = in_the_way else { return Ok(None) };
    Ok(Some(match records::decode_block(entry) {
        Ok(found)
            if found.prefix == prefix
                && found.record.host == claimant.host
                && found.record.epoch == claimant.epoch =>
        {
            Reasserted::Holds(found)
        }
        Ok(found) => Reasserted::Lost { by: Some(found.record.host) },
        Err(_) => Reasserted::Lost { by: None },
    }))
}

/// The call that is out; none where the store was never restored.
pub async fn current_call(
    store: &Store,
) -> Result<Option<String>, ReassertError> {
    let found = store.get(&keys::reassertion()).await;
    let found = found.map_err(ReassertError::Call)?;
    found.as_ref().map(name).transpose()
}

/// Calls on all hosts to make their claims again, unless somebody did
/// meanwhile: `known` is the call that was out. Answers the call that is.
pub async fn call(
    store: &Store,
    known: Option<&str>,
    call: &str,
) -> Result<String, ReassertError> {
    let key = keys::reassertion();
    for _ in 0..MOST_ATTEMPTS {
        let found = store.get(&key).await.map_err(ReassertError::Call)?;
        let out = found.as_ref().map(name).transpose()?;
        if let Some(out) = out.filter(|out| Some(out.as_str()) != known) {
            return Ok(out);
        }
        let unchanged = match found {
            Some(entry) => Compare::Modified(key.clone(), entry.modified),
            None => Compare::Absent(key.clone()),
        };
        let change = Transaction::new()
            .when(unchanged)
            .put(key.clone(), written(&key, call)?);
        match store.commit(change).await {
            Ok(_) => {}
            Err(error) if error.may_have_been_done() => {}
            Err(source) => return Err(ReassertError::Call(source)),
        }
    }
    // Others call as fast as we look: any of their calls is as good.
    Ok(current_call(store).await?.unwrap_or_else(|| call.to_owned()))
}

/// Says that a host has made all its claims again that it could.
pub async fn sign(
    store: &Store,
    host: &HostName,
    call: &str,
) -> Result<Revision, ReassertError> {
    let key = keys::reasserted(host);
    let change = Transaction::new().put(key.clone(), written(&key, call)?);
    match store.commit(change).await {
        Ok(Outcome::Committed(revision)) => Ok(revision),
        // Without comparisons nothing is refused.
        Ok(Outcome::Refused) => Ok(Revision::default()),
        Err(source) => Err(ReassertError::Call(source)),
    }
}

/// Signs a call for every host that has not, as the operator says: they are
/// not waited for. One that comes back makes its claims again as far as nobody
/// has them. Answers for which it was done.
pub async fn sign_for_missing(
    store: &Store,
    call: &str,
) -> Result<BTreeSet<HostName>, ReassertError> {
    let missing = missing(store, call).await?;
    for host in &missing {
        sign(store, host, call).await?;
    }
    Ok(missing)
}

/// The hosts that have not signed a call.
pub async fn missing(
    store: &Store,
    call: &str,
) -> Result<BTreeSet<HostName>, ReassertError> {
    let fail = ReassertError::Call;
    let all = store.list(&keys::hosts(), None).await.map_err(fail)?;
    let signed = store.list(&keys::all_reasserted(), None).await;
    let signed: BTreeSet<HostName> = signed
        .map_err(fail)?
        .entries
        .iter()
        .filter(|entry| name(entry).is_ok_and(|found| found == call))
        .filter_map(|entry| keys::name_in(&entry.key))
        .collect();
    let hosts = all.entries.iter().filter_map(|e| keys::name_in(&e.key));
    Ok(hosts.filter(|host| !signed.contains(host)).collect())
}

fn name(entry: &Entry) -> Result<String, ReassertError> {
    let call: Call =
        records::decode(entry).map_err(ReassertError::CallRecord)?;
    Ok(call.call)
}

fn written(key: &Key, call: &str) -> Result<Vec<u8>, ReassertError> {
    let call = Call { v: Call::VERSION, call: call.to_owned() };
    records::encode(key, &call).map_err(ReassertError::CallRecord)
}
