//! Pools, as people make and see them.

use serde::{Deserialize, Serialize};
use tartan_model::pool::PoolAffinity;
use tartan_model::{Attachment, Family, PoolName, Prefix};

/// A pool to make. What is absent has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPool {
    /// Its name.
    pub name: PoolName,
    /// At most one prefix per family.
    pub cidrs: Vec<Prefix>,
    /// Length of a full-grown IPv4 block.
    #[serde(default)]
    pub block_length4: Option<u8>,
    /// Length of a full-grown IPv6 block.
    #[serde(default)]
    pub block_length6: Option<u8>,
    /// Who shares a block.
    #[serde(default)]
    pub affinity: PoolAffinity,
    /// Translate sources that leave the pool.
    #[serde(default)]
    pub nat_outgoing: bool,
}

/// A pool as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolView {
    /// Its name.
    pub name: PoolName,
    /// Who shares a block.
    pub affinity: PoolAffinity,
    /// True where it gives nothing new.
    pub draining: bool,
    /// True where its containers leave under their host's address.
    #[serde(default)]
    pub nat_outgoing: bool,
    /// Its prefixes and what this host has of them.
    pub cidrs: Vec<CidrView>,
}

/// A prefix of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CidrView {
    /// The prefix.
    pub cidr: Prefix,
    /// IPv4 or IPv6.
    pub family: Family,
    /// Length of a full-grown block.
    pub block_length: u8,
    /// What this host has of it.
    pub here: HostUse,
    /// What all hosts have of it; where one pool is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<WholeUse>,
}

/// What all hosts have of a prefix of a pool, as far as they have said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholeUse {
    /// Addresses that containers may have.
    pub size: u64,
    /// Addresses that they have, or are about to have.
    pub used: u64,
    /// Addresses that were released and have not rested, on this host.
    pub resting: u64,
    /// Addresses that are kept by name and that nobody has.
    pub reserved: u64,
    /// The others.
    pub free: u64,
    /// Classes by their addresses, the most first.
    pub classes: Vec<Share>,
    /// Networks by their addresses, the most first.
    pub networks: Vec<Share>,
    /// Who has had an address for the longest time.
    pub oldest: Option<Attachment>,
    /// Who got one last.
    pub newest: Option<Attachment>,
}

/// How many addresses somebody has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Who.
    pub name: String,
    /// How many.
    pub addresses: usize,
}

/// Wider prefixes for a pool, each around the one it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enlarge {
    /// One or both families.
    pub cidrs: Vec<Prefix>,
}

/// What a host has of a prefix of a pool.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize,
)]
pub struct HostUse {
    /// Blocks.
    pub blocks: usize,
    /// Addresses that these blocks can give.
    pub size: u64,
    /// Addresses that containers have, or are about to have.
    pub used: u64,
    /// Addresses that were released and have not rested.
    pub resting: u64,
    /// Addresses that can be given at once.
    pub free: u64,
}
