//! What is said to the ledger and what it answers. Values only.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tartan_model::{
    Affinity, Attachment, BlockRecord, ClassId, Family, Generation, PoolName,
    Prefix, Ranges, Span,
};
use tartan_store::Revision;

/// Addresses asked for an attachment.
#[derive(Clone, Debug)]
pub struct AssignRequest {
    /// Who gets them.
    pub attachment: Attachment,
    /// Which life of it.
    pub generation: Generation,
    /// Its class.
    pub class: ClassId,
    /// Pools that may serve, the preferred first. Empty: the pools that the
    /// ranges lie in.
    pub pools: Vec<PoolName>,
    /// What is given: one address of each set, or where there are none, one
    /// of each family that the pools have.
    pub ranges: Ranges,
    /// Addresses asked by name: at most one per family or set. Where there is
    /// none, the ledger chooses.
    pub requested: Vec<IpAddr>,
    /// As [`Slot::netns_cookie`](tartan_model::Slot).
    pub netns_cookie: Option<u64>,
    /// Where a claim was tried for this request and found no room. Empty at
    /// the first try: the ledger then asks for a block rather than for an
    /// address that has not rested.
    pub unclaimable: BTreeSet<Room>,
}

/// Addresses given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// One per family, IPv4 first.
    pub addresses: Vec<IpAddr>,
    /// Whether the attachment had them already.
    pub freshness: Freshness,
}

/// Whether an assignment is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Given now.
    New,
    /// The attachment had them; asked again, told again.
    Again,
}

/// A block that a host would like to own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// From which pool.
    pub pool: PoolName,
    /// Of which family.
    pub family: Family,
    /// Of which length; where that does not fit, a smaller one will do.
    pub length: u8,
    /// Whom it is to serve.
    pub affinity: Affinity,
    /// Addresses of which it must hold one.
    pub within: Option<Span>,
}

/// Where a claim looks for a block.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Room {
    /// In which pool.
    pub pool: PoolName,
    /// Of which family.
    pub family: Family,
    /// As [`Want::within`].
    pub within: Option<Span>,
}

impl Want {
    /// Where it looks.
    pub fn room(&self) -> Room {
        let (pool, family) = (self.pool.clone(), self.family);
        Room { pool, family, within: self.within }
    }
}

/// A block that the store says is this host's. The run directory keeps a
/// mirror of it in this form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// The block.
    pub prefix: Prefix,
    /// Its record as the store has it.
    pub record: BlockRecord,
    /// Revision at which the store got that record.
    pub revision: Revision,
}

/// How far an ADD is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It has not ended.
    Pending,
    /// It has ended: the container uses its addresses.
    Used,
}

/// An attachment that is known to live, with the addresses it has.
#[derive(Clone, Debug)]
pub struct Living {
    /// Who.
    pub attachment: Attachment,
    /// Which life of it.
    pub generation: Generation,
    /// Its class.
    pub class: ClassId,
    /// What it has.
    pub addresses: Vec<IpAddr>,
    /// How far its ADD is.
    pub stage: Stage,
    /// As [`Slot::netns_cookie`](tartan_model::Slot).
    pub netns_cookie: Option<u64>,
    /// Gateways of its link, where that is another plugin's.
    pub gateways: Vec<IpAddr>,
}
