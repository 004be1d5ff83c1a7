//! Which piece of a pool to claim, and the transaction that claims it. Pure.
//!
//! Each host begins at a place of the pool that its name decides, takes the
//! first free piece from there on, and wraps: two hosts seldom want the same,
//! one host always does, and every piece comes up once.

use std::collections::BTreeSet;

use tartan_model::prefix::address_number;
use tartan_model::{BlockKey, BlockRecord, Family, HostName, Pool, Prefix};
use tartan_store::{Compare, Key, Revision, Transaction};

use crate::host_record::Claimant;
use crate::keys;
use crate::ledger::MOST_ADDRESSES;
use crate::request::Want;

/// Full-grown blocks of the first window, as bits: 16. Each next window is as
/// many times wider.
const WINDOW_BITS: u8 = 4;

/// Where a host begins in every pool: FNV-1a of its name
/// (<http://www.isthe.com/chongo/tech/comp/fnv/>), stirred once so that names
/// which differ in the last letter begin far apart.
pub fn seed(host: &HostName) -> u64 {
    let hash = host.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| {
        (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    let stirred = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    stirred ^ (stirred >> 33)
}

/// The parts of a pool to search one after the other, each around the one
/// before, the last the whole: a claim in an empty /8 reads sixteen blocks.
/// For a requested address: the largest block that could hold it.
pub fn windows(pool: &Pool, want: &Want, seed: u64) -> Vec<Prefix> {
    let Some(cidr) = pool.cidr(want.family) else { return Vec::new() };
    let full = pool.block_length(want.family);
    if let Some(address) = want.containing {
        let block = Prefix::containing(address, full);
        return block.filter(|b| cidr.covers(*b)).into_iter().collect();
    }
    let start = want.family.address(start(pool, cidr, seed));
    let mut lengths = Vec::new();
    let mut length = full;
    while length > cidr.length() {
        length = length.saturating_sub(WINDOW_BITS).max(cidr.length());
        lengths.push(length);
    }
    if lengths.is_empty() {
        lengths.push(cidr.length());
    }
    let windows = lengths.into_iter();
    windows.filter_map(|l| Prefix::containing(start, l)).collect()
}

/// The first piece of a window that is free, of the wanted length if there
/// is one, else a smaller one down to the pool's smallest.
pub fn candidate(
    pool: &Pool,
    want: &Want,
    window: Prefix,
    taken: &BTreeSet<BlockKey>,
    seed: u64,
) -> Option<Prefix> {
    let cidr = pool.cidr(want.family)?;
    let longest = match want.containing {
        Some(_) => want.family.bits(),
        None => pool.first_length(want.family),
    };
    let wanted = want.length.max(cidr.length()).min(longest);
    (wanted..=longest).find_map(|length| match want.containing {
        Some(address) => Prefix::containing(address, length)
            .filter(|piece| last_overlap(*piece, taken).is_none()),
        None => {
            let start = start(pool, cidr, seed);
            first_fit(pool, length, window, start, taken)
        }
    })
}

/// Number of the address at which a host begins: the start of a full-grown
/// block, so that small blocks fill one of them before they open the next.
fn start(pool: &Pool, cidr: Prefix, seed: u64) -> u128 {
    let full = pool.block_length(cidr.family());
    let host_bits = u32::from(cidr.family().bits() - full);
    let places = 1u128.checked_shl(u32::from(full - cidr.length()));
    let place = places.map_or(seed.into(), |all| u128::from(seed) % all);
    let above = place.checked_shl(host_bits).unwrap_or(0);
    address_number(cidr.first()) + above
}

fn first_fit(
    pool: &Pool,
    length: u8,
    window: Prefix,
    start: u128,
    taken: &BTreeSet<BlockKey>,
) -> Option<Prefix> {
    let (first, last) = (window.first(), window.last());
    let (first, last) = (address_number(first), address_number(last));
    let search = |from, to| {
        let stretch = Stretch { family: window.family(), length, from, to };
        stretch.first_free(pool, taken)
    };
    search(start, last).or_else(|| search(first, start.checked_sub(1)?))
}

/// The numbers from one aligned address to another.
struct Stretch {
    family: Family,
    length: u8,
    from: u128,
    to: u128,
}

impl Stretch {
    fn first_free(
        &self,
        pool: &Pool,
        taken: &BTreeSet<BlockKey>,
    ) -> Option<Prefix> {
        let mut at = self.from;
        while at <= self.to {
            let address = self.family.address(at);
            let piece = Prefix::containing(address, self.length)?;
            let behind = match last_overlap(piece, taken) {
                Some(other) => other.last().max(piece.last()),
                None if is_useless(pool, piece) => piece.last(),
                None => return Some(piece),
            };
            at = self.aligned_behind(address_number(behind))?;
        }
        None
    }

    /// The first aligned number above `number`.
    fn aligned_behind(&self, number: u128) -> Option<u128> {
        let bits = u32::from(self.family.bits() - self.length);
        let below = 1u128.checked_shl(bits)?.wrapping_sub(1);
        number.checked_add(1)?.checked_add(below).map(|n| n & !below)
    }
}

/// A single address that the pool excludes is not worth a claim.
fn is_useless(pool: &Pool, piece: Prefix) -> bool {
    piece.size() == Some(1) && pool.excludes(piece.first())
}

/// The last of the taken blocks, which do not overlap each other, that shares
/// an address with a piece.
fn last_overlap(piece: Prefix, taken: &BTreeSet<BlockKey>) -> Option<Prefix> {
    let end = BlockKey(Prefix::host(piece.last()));
    let BlockKey(last) = taken.range(..=end).next_back()?;
    last.overlaps(piece).then_some(*last)
}

/// What a claim was decided upon: it is refused where this has changed.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The pool.
    pub pool: Pool,
    /// When the pool's record was written.
    pub pool_modified: Revision,
    /// When the claimant's record, with its epoch, was written.
    pub host_modified: Revision,
    /// The moment of the view.
    pub seen: Revision,
}

/// A new block's record.
pub fn record(claimant: &Claimant, want: &Want) -> BlockRecord {
    BlockRecord {
        v: BlockRecord::VERSION,
        pool: want.pool.clone(),
        host: claimant.host.clone(),
        epoch: claimant.epoch,
        boot: claimant.boot.clone(),
        affinity: want.affinity,
        slots: Default::default(),
    }
}

/// Claims a block: nobody owns a part of it or a block around it, the pool
/// and the host's epoch are those that were seen, and no reservation has
/// changed since.
pub fn transaction(
    ground: &Ground,
    claimant: &Claimant,
    prefix: Prefix,
    value: Vec<u8>,
) -> Transaction {
    let pool = keys::pool(&ground.pool.name);
    let host: Key = keys::host(&claimant.host);
    let shortest = ground
        .pool
        .cidr(prefix.family())
        .map_or(prefix.length(), Prefix::length);
    let mut transaction = Transaction::new()
        .when(Compare::Empty(keys::blocks_within(prefix)))
        .when(Compare::Modified(pool, ground.pool_modified))
        .when(Compare::Modified(host, ground.host_modified))
        .when(Compare::Unchanged(keys::reservations(), ground.seen));
    transaction.compare.extend(around(prefix, shortest));
    transaction.put(keys::block(prefix), value)
}

/// Begins to claim a block again that the store has forgotten: nobody owns a
/// part of it or a block around it, and the host's epoch is the one seen.
/// Neither the pool nor reservations matter: containers may live there.
pub(crate) fn again(
    host: &Key,
    host_modified: Revision,
    prefix: Prefix,
) -> Transaction {
    let mut transaction = Transaction::new()
        .when(Compare::Empty(keys::blocks_within(prefix)))
        .when(Compare::Modified(host.clone(), host_modified));
    let shortest = widest_around(prefix).length();
    transaction.compare.extend(around(prefix, shortest));
    transaction
}

/// The widest block there can be around another.
pub(crate) fn widest_around(prefix: Prefix) -> Prefix {
    let host_bits = MOST_ADDRESSES.ilog2() as u8;
    let length = prefix.family().bits() - host_bits;
    prefix.widened(length.min(prefix.length())).unwrap_or(prefix)
}

/// No block of any shorter length is around `prefix`.
fn around(prefix: Prefix, shortest: u8) -> impl Iterator<Item = Compare> {
    (shortest..prefix.length())
        .filter_map(move |length| prefix.widened(length))
        .map(|wider| Compare::Absent(keys::block(wider)))
}

#[cfg(test)]
mod tests;
