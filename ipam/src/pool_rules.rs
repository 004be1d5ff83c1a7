//! Which pools can be. Pure.
//!
//! * At least one prefix, at most one per family; host bits are refused
//!   where the text is parsed.
//! * Pools share no address, and none with what no container can have.
//! * A pool may be as small as one address: of a /31, /32, /127 or /128 every
//!   address is given. Of an IPv4 prefix of /30 or shorter the first and the
//!   last are not, of an IPv6 prefix of /126 or shorter the first is not
//!   ([`Pool::excludes`]). No address is lost to a gateway: that one is
//!   link-local.
//! * A full-grown block has at most 4096 addresses: /20, /116.

use tartan_model::{Family, Pool, PoolName, Prefix};
use thiserror::Error;

use crate::ledger::MOST_ADDRESSES;
use crate::request::Claimed;

/// What no container can have: the block, and what it is for. IANA's
/// registries of special-purpose addresses:
/// <https://www.iana.org/assignments/iana-ipv4-special-registry> and
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>.
const SPECIAL: [(&str, &str); 9] = [
    ("0.0.0.0/8", "this network"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local, where the containers' gateway is"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved by IANA"),
    ("::/127", "unspecified and loopback"),
    ("::ffff:0.0.0.0/96", "IPv4 in IPv6"),
    ("fe80::/10", "link-local, where the containers' gateway is"),
    ("ff00::/8", "multicast"),
];

/// Why a pool cannot be.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PoolError {
    /// It has no prefix.
    #[error("pool {0} has no prefix")]
    NoPrefix(PoolName),
    /// It has two prefixes of a family.
    #[error(
        "pool {pool} has both {first} and {second}: one prefix per family; \
         make another pool for the other"
    )]
    FamilyTwice {
        /// The pool.
        pool: PoolName,
        /// The one prefix.
        first: Prefix,
        /// The other.
        second: Prefix,
    },
    /// Its blocks are too large, or smaller than an address.
    #[error(
        "pool {pool} has {family} blocks of /{length}; /{shortest} to \
         /{longest} can be"
    )]
    BlockLength {
        /// The pool.
        pool: PoolName,
        /// The family.
        family: Family,
        /// Length asked for.
        length: u8,
        /// Shortest accepted.
        shortest: u8,
        /// Longest accepted.
        longest: u8,
    },
    /// It has addresses that no container can have.
    #[error("prefix {cidr} of pool {pool} overlaps {special} ({purpose})")]
    Special {
        /// The pool.
        pool: PoolName,
        /// Its prefix.
        cidr: Prefix,
        /// What it overlaps.
        special: &'static str,
        /// What that is for.
        purpose: &'static str,
    },
    /// Another pool has some of its addresses.
    #[error("prefix {cidr} of pool {pool} overlaps {theirs} of pool {other}")]
    Overlaps {
        /// The pool.
        pool: PoolName,
        /// Its prefix.
        cidr: Prefix,
        /// The other pool.
        other: PoolName,
        /// The other's prefix.
        theirs: Prefix,
    },
    /// A block of an earlier pool is larger than the new pool.
    #[error(
        "prefix {cidr} of pool {pool} lies within block {block}, which a host \
         has not given back yet"
    )]
    WithinBlock {
        /// The pool.
        pool: PoolName,
        /// Its prefix.
        cidr: Prefix,
        /// The block.
        block: Prefix,
    },
    /// What is to be its prefix does not contain the one that it has.
    #[error(
        "{wider} does not contain {cidr}: a pool grows and does not shrink, \
         for its blocks and addresses stay where they are"
    )]
    Shrinks {
        /// The prefix it has.
        cidr: Prefix,
        /// The prefix it was to get.
        wider: Prefix,
    },
    /// It has no prefix of that family to enlarge.
    #[error(
        "pool {pool} has no {family} prefix that {wider} could contain; make \
         another pool"
    )]
    NothingToEnlarge {
        /// The pool.
        pool: PoolName,
        /// The family.
        family: Family,
        /// The prefix it was to get.
        wider: Prefix,
    },
}

/// The pool with wider prefixes in place of those it has.
pub fn enlarged(pool: &Pool, cidrs: &[Prefix]) -> Result<Pool, PoolError> {
    let mut larger = pool.clone();
    for wider in cidrs.iter().copied() {
        let family = wider.family();
        let has = larger.cidrs.iter_mut().find(|c| c.family() == family);
        let Some(cidr) = has else {
            let pool = pool.name.clone();
            return Err(PoolError::NothingToEnlarge { pool, family, wider });
        };
        if !wider.covers(*cidr) {
            return Err(PoolError::Shrinks { cidr: *cidr, wider });
        }
        *cidr = wider;
    }
    check(&larger)?;
    Ok(larger)
}

/// True of a block that could have been claimed from the pool as it is: of its
/// name, and not larger than its full-grown blocks.
pub fn could_be_of(pool: &Pool, block: &Claimed) -> bool {
    let length = block.prefix.length();
    block.record.pool == pool.name
        && length >= pool.block_length(block.prefix.family())
}

/// Checks a pool by itself.
pub fn check(pool: &Pool) -> Result<(), PoolError> {
    if pool.cidrs.is_empty() {
        return Err(PoolError::NoPrefix(pool.name.clone()));
    }
    for (at, second) in pool.cidrs.iter().copied().enumerate() {
        let family = second.family();
        let before = pool.cidrs.iter().take(at).copied();
        if let Some(first) = before.into_iter().find(|p| p.family() == family) {
            let pool = pool.name.clone();
            return Err(PoolError::FamilyTwice { pool, first, second });
        }
        check_block_length(pool, family)?;
        check_special(pool, second)?;
    }
    Ok(())
}

fn check_block_length(pool: &Pool, family: Family) -> Result<(), PoolError> {
    let length = match family {
        Family::V4 => pool.block_length4,
        Family::V6 => pool.block_length6,
    };
    let longest = family.bits();
    let shortest = longest - MOST_ADDRESSES.ilog2() as u8;
    if (shortest..=longest).contains(&length) {
        return Ok(());
    }
    let pool = pool.name.clone();
    Err(PoolError::BlockLength { pool, family, length, shortest, longest })
}

fn check_special(pool: &Pool, cidr: Prefix) -> Result<(), PoolError> {
    let meets = |text: &str| {
        text.parse::<Prefix>().is_ok_and(|special| special.overlaps(cidr))
    };
    match SPECIAL.iter().find(|(special, _)| meets(special)) {
        Some((special, purpose)) => {
            let pool = pool.name.clone();
            Err(PoolError::Special { pool, cidr, special, purpose })
        }
        None => Ok(()),
    }
}

/// Checks that a pool shares no address with another one.
pub fn check_apart(pool: &Pool, others: &[Pool]) -> Result<(), PoolError> {
    for cidr in pool.cidrs.iter().copied() {
        for other in others {
            let theirs = other.cidr(cidr.family());
            if let Some(theirs) = theirs.filter(|c| c.overlaps(cidr)) {
                return Err(PoolError::Overlaps {
                    pool: pool.name.clone(),
                    cidr,
                    other: other.name.clone(),
                    theirs,
                });
            }
        }
    }
    Ok(())
}

/// Checks a new pool against the blocks that exist. Blocks within it are no
/// harm, whosever they are: a claim goes around them.
pub fn check_blocks(
    pool: &Pool,
    blocks: impl IntoIterator<Item = Prefix>,
) -> Result<(), PoolError> {
    for block in blocks {
        let inside = |cidr: &&Prefix| block != **cidr && block.covers(**cidr);
        if let Some(cidr) = pool.cidrs.iter().find(inside).copied() {
            let pool = pool.name.clone();
            return Err(PoolError::WithinBlock { pool, cidr, block });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
