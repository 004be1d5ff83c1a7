//! Which piece of a pool to claim, and the transaction that claims it. Pure.
//!
//! Each host begins at a place of the pool that its name decides, takes the
//! first free piece from there on, and wraps: two hosts seldom want the same,
//! one host always does, and every piece comes up once.

use std::collections::BTreeSet;

use tartan_model::prefix::address_number;
use tartan_model::{
    BlockKey, BlockRecord, Family, HostName, Pool, Prefix, Span,
};
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
/// Where only some addresses will do, the last holds all those: for a single
/// one it is the largest block that could hold it.
pub fn windows(pool: &Pool, want: &Want, seed: u64) -> Vec<Prefix> {
    let Some(field) = Field::of(pool, want) else { return Vec::new() };
    let start = want.family.address(field.start(seed));
    let reach = field.reach().length();
    let mut lengths = Vec::new();
    let mut length = field.full;
    while length > reach {
        length = length.saturating_sub(WINDOW_BITS).max(reach);
        lengths.push(length);
    }
    if lengths.is_empty() {
        lengths.push(reach);
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
    let field = Field::of(pool, want)?;
    let longest = match want.within.and_then(Span::only) {
        Some(_) => want.family.bits(),
        None => pool.first_length(want.family),
    };
    let wanted = want.length.max(field.cidr.length()).min(longest);
    let start = field.start(seed);
    (wanted..=longest).find_map(|length| {
        let search = |from, to| {
            let stretch = Stretch { family: want.family, length, from, to };
            stretch.first_free(pool, taken)
        };
        let (first, last) = field.bounds(window, length)?;
        let start = start.max(first);
        search(start, last).or_else(|| search(first, start.checked_sub(1)?))
    })
}

/// The part of a pool in which pieces will do.
struct Field {
    cidr: Prefix,
    /// Length of a full-grown block.
    full: u8,
    span: Span,
}

impl Field {
    fn of(pool: &Pool, want: &Want) -> Option<Self> {
        let cidr = pool.cidr(want.family)?;
        let span = match want.within {
            Some(span) if !span.is_within(cidr) => return None,
            Some(span) => span,
            None => cidr.into(),
        };
        Some(Self { cidr, full: pool.block_length(want.family), span })
    }

    /// Number of the address at which a host begins: the start of a full-grown
    /// block, so that small blocks fill one of them before they open the next.
    fn start(&self, seed: u64) -> u128 {
        let host_bits = u32::from(self.cidr.family().bits() - self.full);
        let block = |address| {
            let above = address_number(address)
                .wrapping_sub(address_number(self.cidr.first()));
            above.checked_shr(host_bits).unwrap_or(0)
        };
        let (low, high) = (block(self.span.first()), block(self.span.last()));
        let place = match (high - low).checked_add(1) {
            Some(places) => low + u128::from(seed) % places,
            None => seed.into(),
        };
        let above = place.checked_shl(host_bits).unwrap_or(0);
        address_number(self.cidr.first()) + above
    }

    /// The prefix that holds every full-grown block in question.
    fn reach(&self) -> Prefix {
        let least = self.cidr.length();
        let around = (least..=self.full).rev().find_map(|length| {
            Prefix::containing(self.span.first(), length)
                .filter(|prefix| prefix.contains(self.span.last()))
        });
        around.unwrap_or(self.cidr)
    }

    /// Numbers of the first and the last address at which a piece of `length`
    /// may begin in a window.
    fn bounds(&self, window: Prefix, length: u8) -> Option<(u128, u128)> {
        let first = Prefix::containing(self.span.first(), length)?.first();
        let first = first.max(window.first());
        let last = self.span.last().min(window.last());
        (first <= last).then(|| (address_number(first), address_number(last)))
    }
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
