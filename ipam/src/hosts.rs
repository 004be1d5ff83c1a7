//! Who is in the cluster, and when they last spoke. Acts.

use std::collections::BTreeMap;

use tartan_model::{HostName, SlotState};
use tartan_store::{Compare, Outcome, Store, StoreError, Transaction};
use thiserror::Error;

use crate::host_record::{AgentState, Claimant, Contact, HostRecord};
use crate::keys;
use crate::records::{self, RecordError};

/// A host as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownHost {
    /// Its name.
    pub name: HostName,
    /// Its record.
    pub record: HostRecord,
    /// When it last spoke; none where it never said.
    pub contact: Option<Contact>,
    /// How many blocks it owns.
    pub blocks: usize,
    /// How many addresses its containers have.
    pub addresses: usize,
}

/// A contact that was not written down.
#[derive(Debug, Error)]
pub enum ContactError {
    /// The host is not what it takes itself for: removed, or another's.
    #[error("host {0} has another epoch in the store, or none")]
    Outdated(HostName),
    /// A record cannot be read or written.
    #[error("cannot note when host {host} spoke")]
    Record {
        /// The host.
        host: HostName,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// The store did not answer as it should.
    #[error("cannot note when host {host} spoke")]
    Store {
        /// The host.
        host: HostName,
        /// What it answered.
        #[source]
        source: StoreError,
    },
}

/// All hosts, by name. What cannot be read is left out.
pub async fn list(store: &Store) -> Result<Vec<KnownHost>, StoreError> {
    let hosts = store.list(&keys::hosts(), None).await?;
    let contacts = store.list(&keys::contacts(), None).await?;
    let blocks = store.list(&keys::blocks(), None).await?;
    let contacts: BTreeMap<_, Contact> = contacts
        .entries
        .iter()
        .filter_map(|e| {
            Some((keys::name_in(&e.key)?, records::decode(e).ok()?))
        })
        .collect();
    let mut owned: BTreeMap<HostName, (usize, usize)> = BTreeMap::new();
    for entry in &blocks.entries {
        let Ok(block) = records::decode_block(entry) else { continue };
        let slots = block.record.slots.values();
        let held =
            slots.filter(|s| !matches!(s.state, SlotState::Resting { .. }));
        let sum = owned.entry(block.record.host).or_default();
        *sum = (sum.0 + 1, sum.1 + held.count());
    }
    let known = hosts.entries.iter().filter_map(|entry| {
        let name = keys::name_in(&entry.key)?;
        let record = records::decode(entry).ok()?;
        let contact = contacts.get(&name).copied();
        let (blocks, addresses) = owned.remove(&name).unwrap_or_default();
        Some(KnownHost { name, record, contact, blocks, addresses })
    });
    Ok(known.collect())
}

/// The hosts that somebody began to remove.
pub async fn being_removed(store: &Store) -> Result<Vec<HostName>, StoreError> {
    let hosts = store.list(&keys::hosts(), None).await?;
    let leaving = hosts.entries.iter().filter(|entry| {
        let record: Result<HostRecord, _> = records::decode(entry);
        record.is_ok_and(|record| record.removal.is_some())
    });
    Ok(leaving.filter_map(|entry| keys::name_in(&entry.key)).collect())
}

/// Notes that a host has spoken at `now`, in seconds since 1970, as long as it
/// is what it takes itself for.
pub async fn note_contact(
    store: &Store,
    claimant: &Claimant,
    (now, agent): (u64, AgentState),
) -> Result<(), ContactError> {
    let name = &claimant.host;
    let fail = |source| ContactError::Store { host: name.clone(), source };
    let broken = |source| ContactError::Record { host: name.clone(), source };
    let outdated = || ContactError::Outdated(name.clone());
    let key = keys::host(name);
    let found = store.get(&key).await.map_err(fail)?.ok_or_else(outdated)?;
    let record: HostRecord = records::decode(&found).map_err(broken)?;
    if record.epoch != claimant.epoch || record.boot != claimant.boot {
        return Err(outdated());
    }
    let contact = Contact { v: 1, at: now, agent };
    let value = records::encode(&key, &contact).map_err(broken)?;
    let change = Transaction::new()
        .when(Compare::Modified(key, found.modified))
        .put(keys::contact(name), value);
    match store.commit(change).await.map_err(fail)? {
        Outcome::Committed(_) => Ok(()),
        Outcome::Refused => Err(outdated()),
    }
}
