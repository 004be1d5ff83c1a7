//! A pool: the prefixes from which containers of some networks get addresses.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::block::Affinity;
use crate::names::PoolName;
use crate::prefix::{Family, Prefix};

/// A pool as the store keeps it under `pools/NAME`. At most one prefix per
/// family, at least one in all; whoever makes one checks that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Version of this form.
    pub v: u8,
    /// Its name.
    pub name: PoolName,
    /// One prefix per family.
    pub cidrs: Vec<Prefix>,
    /// Length of a full-grown IPv4 block.
    pub block_length4: u8,
    /// Length of a full-grown IPv6 block.
    pub block_length6: u8,
    /// Whether a block belongs to a host alone or to a team on a host.
    pub affinity: PoolAffinity,
    /// Translate sources that leave the pool.
    #[serde(default)]
    pub nat_outgoing: bool,
    /// No new address is given; those given stay.
    #[serde(default)]
    pub draining: bool,
}

/// Who shares the blocks of a pool.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum PoolAffinity {
    /// A block serves one team on one host: the block tells the team.
    #[default]
    HostTeam,
    /// A block serves one host, whatever the team: fewer addresses idle.
    Host,
}

impl PoolAffinity {
    /// Which containers a block claimed for `team` serves in such a pool.
    pub fn of(self, team: crate::class::ClassId) -> Affinity {
        match self {
            Self::HostTeam => Affinity::Team(team.team_class()),
            Self::Host => Affinity::Any,
        }
    }
}

impl Pool {
    /// Version of the stored form written by this build.
    pub const VERSION: u8 = 1;
    /// Default length of a full-grown block: 64 addresses.
    pub const BLOCK_LENGTH_4: u8 = 26;
    /// As [`Self::BLOCK_LENGTH_4`], for IPv6.
    pub const BLOCK_LENGTH_6: u8 = 122;
    /// Length of a team's first block: 16 addresses.
    pub const FIRST_LENGTH_4: u8 = 28;
    /// As [`Self::FIRST_LENGTH_4`], for IPv6.
    pub const FIRST_LENGTH_6: u8 = 124;

    /// The pool's prefix of a family.
    pub fn cidr(&self, family: Family) -> Option<Prefix> {
        self.cidrs.iter().copied().find(|cidr| cidr.family() == family)
    }

    /// Length of a full-grown block of a family, never shorter than the
    /// pool's prefix itself.
    pub fn block_length(&self, family: Family) -> u8 {
        let wanted = match family {
            Family::V4 => self.block_length4,
            Family::V6 => self.block_length6,
        };
        self.cidr(family).map_or(wanted, |cidr| wanted.max(cidr.length()))
    }

    /// Length of the first block that a team (or a host) claims.
    pub fn first_length(&self, family: Family) -> u8 {
        let small = match family {
            Family::V4 => Self::FIRST_LENGTH_4,
            Family::V6 => Self::FIRST_LENGTH_6,
        };
        match self.affinity {
            PoolAffinity::HostTeam => small.max(self.block_length(family)),
            PoolAffinity::Host => self.block_length(family),
        }
    }

    /// True for addresses of the pool that no container gets, by RFC 1122
    /// 3.2.1.3: the first and the last of an IPv4 prefix of /30 or shorter.
    /// In a /31, a /32 and in IPv6 every address is usable, but for the
    /// subnet-router anycast address (RFC 4291 2.6.1): the first of an IPv6
    /// prefix of /126 or shorter.
    pub fn excludes(&self, address: IpAddr) -> bool {
        let Some(cidr) = self.cidr(Family::of(address)) else {
            return false;
        };
        let is_first = address == cidr.first();
        let is_last = address == cidr.last();
        match cidr.family() {
            Family::V4 => cidr.length() <= 30 && (is_first || is_last),
            Family::V6 => cidr.length() <= 126 && is_first,
        }
    }
}
