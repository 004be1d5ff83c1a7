//! Enters this host in the store, or finds that somebody else has its name.
//! Acts.

use std::net::IpAddr;

use tartan_model::{BootId, Epoch, HostName};
use tartan_store::{
    Compare, Outcome, Revision, Store, StoreError, Transaction,
};
use thiserror::Error;

use crate::host_record::{Claimant, HostRecord, Instance, LastEpoch};
use crate::keys;
use crate::records::{self, RecordError};

/// Tries that may be refused, or lose their answer, before giving up.
const MOST_ATTEMPTS: usize = 8;

/// What a host says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Its name.
    pub host: HostName,
    /// Who speaks under that name.
    pub instance: Instance,
    /// Its boot.
    pub boot: BootId,
    /// Its address towards its peers, where it has one.
    pub address: Option<IpAddr>,
}

/// A host that is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Its record, with its epoch.
    pub record: HostRecord,
    /// When the record was written.
    pub revision: Revision,
    /// What it was before.
    pub before: Before,
}

/// What the store knew of a host that enters itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing.
    New,
    /// The same boot of it.
    SameBoot,
    /// An earlier boot: what that one gave is void.
    EarlierBoot,
}

impl Registered {
    /// In whose name blocks are claimed from now on.
    pub fn claimant(&self, host: HostName) -> Claimant {
        let HostRecord { epoch, boot, .. } = &self.record;
        Claimant { host, epoch: *epoch, boot: boot.clone() }
    }
}

/// Why a host was not entered.
#[derive(Debug, Error)]
pub enum RegisterError {
    /// The name belongs to another installation.
    #[error(
        "host name {host} belongs to another installation of Tartan; give \
         this host another name (host = \"...\"), or remove the other where \
         it is gone for good: tartan host remove {host}"
    )]
    AnotherInstance {
        /// The name.
        host: HostName,
        /// Who has it.
        theirs: Instance,
    },
    /// An operator removes it.
    #[error(
        "host {host} is being removed from the cluster: it enters anew when \
         its blocks are freed (tartan host list)"
    )]
    Removed {
        /// The name.
        host: HostName,
    },
    /// The record changes all the time.
    #[error("cannot enter host {host}: its record changes under us")]
    Contended {
        /// The name.
        host: HostName,
    },
    /// The record cannot be read, or not be written.
    #[error("cannot enter host {host}")]
    Record {
        /// The name.
        host: HostName,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// The store did not answer as it should.
    #[error("cannot enter host {host}")]
    Store {
        /// The name.
        host: HostName,
        /// What it answered.
        #[source]
        source: StoreError,
    },
}

/// Enters a host, or brings its record up to date. The epoch is kept.
pub async fn register(
    store: &Store,
    presence: &Presence,
) -> Result<Registered, RegisterError> {
    let host = &presence.host;
    let key = keys::host(host);
    let fail = |source| RegisterError::Store { host: host.clone(), source };
    let broken = |source| RegisterError::Record { host: host.clone(), source };
    // What the store knew at the first look: a later one may find our own
    // write, whose answer was lost.
    let mut first_look = None;
    for _ in 0..MOST_ATTEMPTS {
        let found = store.get(&key).await.map_err(fail)?;
        let known: Option<HostRecord> =
            found.as_ref().map(records::decode).transpose().map_err(broken)?;
        let before = *first_look.get_or_insert(compare(presence, &known)?);
        compare(presence, &known)?;
        let (floor, unraised) = match known {
            Some(_) => (Epoch(0), None),
            None => last_epoch(store, host).await?,
        };
        let record = presence.record(known.as_ref(), floor);
        let compared = match (&found, known) {
            (Some(entry), Some(known)) if known == record => {
                let revision = entry.modified;
                return Ok(Registered { record, revision, before });
            }
            (Some(entry), _) => Compare::Modified(key.clone(), entry.modified),
            (None, _) => Compare::Absent(key.clone()),
        };
        let value = records::encode(&key, &record).map_err(broken)?;
        let mut change =
            Transaction::new().when(compared).put(key.clone(), value);
        change.compare.extend(unraised);
        match store.commit(change).await {
            Ok(Outcome::Committed(revision)) => {
                return Ok(Registered { record, revision, before });
            }
            Ok(Outcome::Refused) => {}
            Err(error) if error.may_have_been_done() => {}
            Err(source) => return Err(fail(source)),
        }
    }
    Err(RegisterError::Contended { host: host.clone() })
}

/// The last epoch of a removed host of that name, and what holds while it is
/// the last.
async fn last_epoch(
    store: &Store,
    host: &HostName,
) -> Result<(Epoch, Option<Compare>), RegisterError> {
    let key = keys::last_epoch(host);
    let found = store.get(&key).await.map_err(|source| {
        RegisterError::Store { host: host.clone(), source }
    })?;
    let Some(entry) = found else {
        return Ok((Epoch(0), Some(Compare::Absent(key))));
    };
    let LastEpoch { last, .. } = records::decode(&entry).map_err(|source| {
        RegisterError::Record { host: host.clone(), source }
    })?;
    Ok((last, Some(Compare::Modified(key, entry.modified))))
}

fn compare(
    presence: &Presence,
    known: &Option<HostRecord>,
) -> Result<Before, RegisterError> {
    match known {
        None => Ok(Before::New),
        Some(known) if known.instance != presence.instance => {
            Err(RegisterError::AnotherInstance {
                host: presence.host.clone(),
                theirs: known.instance.clone(),
            })
        }
        Some(known) if known.removal.is_some() => {
            Err(RegisterError::Removed { host: presence.host.clone() })
        }
        Some(known) if known.boot == presence.boot => Ok(Before::SameBoot),
        Some(_) => Ok(Before::EarlierBoot),
    }
}

impl Presence {
    /// The record as it should be. A host that knows no address for itself
    /// keeps the one that it had.
    fn record(&self, known: Option<&HostRecord>, floor: Epoch) -> HostRecord {
        HostRecord {
            v: HostRecord::VERSION,
            address: self.address.or(known.and_then(|known| known.address)),
            instance: self.instance.clone(),
            boot: self.boot.clone(),
            epoch: known.map_or(Epoch(floor.0 + 1), |known| known.epoch),
            removal: None,
        }
    }
}
