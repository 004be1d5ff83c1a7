//! What is said to the ledger and what it answers. Values only.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tartan_model::{
    Affinity, Attachment, BlockRecord, ClassId, Family, Generation, PoolName,
    Prefix,
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
    /// Pools that may serve, the preferred first.
    pub pools: Vec<PoolName>,
    /// Addresses asked by name: at most one per family. A family without one
    /// gets what the ledger chooses.
    pub requested: Vec<IpAddr>,
    /// Where a claim was tried for this request and found no room. Empty at
    /// the first try: the ledger then asks for a block rather than for an
    /// address that has not rested.
    pub unclaimable: BTreeSet<(PoolName, Family)>,
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
    /// An address that it must hold.
    pub containing: Option<IpAddr>,
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
}
