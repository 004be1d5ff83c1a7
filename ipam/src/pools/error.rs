//! Why a pool was not changed. Pure.

use std::fmt;
use std::net::IpAddr;

use tartan_model::{Attachment, HostName, PoolName, SlotState};
use tartan_store::StoreError;
use thiserror::Error;

use crate::pool_rules::PoolError;
use crate::records::RecordError;
use crate::request::Claimed;

/// Who keeps a pool from being deleted, in a message: more than these are
/// counted.
const MOST_NAMED: usize = 5;

/// Why a pool was not changed.
#[derive(Debug, Error)]
pub enum ChangePoolError {
    /// Such a pool cannot be.
    #[error("pool {pool} cannot be so")]
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
    #[error("pool {pool} is in use: {holders}")]
    InUse {
        /// The pool.
        pool: PoolName,
        /// Who has what.
        holders: Holders,
    },
    /// Containers have addresses of blocks that cannot be of the new pool.
    #[error(
        "addresses of an earlier pool, in blocks that pool {pool} cannot \
         have, are in use: {holders}"
    )]
    EarlierInUse {
        /// The new pool.
        pool: PoolName,
        /// Who has what.
        holders: Holders,
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

/// An address that a container has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The address.
    pub address: IpAddr,
    /// Who has it.
    pub attachment: Attachment,
    /// Where.
    pub host: HostName,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, attachment, host } = self;
        write!(f, "{address} by {attachment} on {host}")
    }
}

/// Addresses that containers have, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders(pub Vec<Holder>);

impl Holders {
    /// What containers have of some blocks.
    pub fn of<'a>(blocks: impl IntoIterator<Item = &'a Claimed>) -> Self {
        let mut all: Vec<Holder> =
            blocks.into_iter().flat_map(of_block).collect();
        all.sort_by_key(|holder| holder.address);
        Self(all)
    }
}

fn of_block(block: &Claimed) -> impl Iterator<Item = Holder> {
    let record = &block.record;
    let held = record
        .slots
        .iter()
        .filter(|(_, slot)| !matches!(slot.state, SlotState::Resting { .. }));
    held.filter_map(|(offset, slot)| {
        Some(Holder {
            address: block.prefix.nth((*offset).into())?,
            attachment: slot.attachment.clone(),
            host: record.host.clone(),
        })
    })
}

impl fmt::Display for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, holder) in self.0.iter().take(MOST_NAMED).enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{holder}")?;
        }
        match self.0.len().saturating_sub(MOST_NAMED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
