//! Head-room: which block to claim before the last one is full. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use tartan_model::{Affinity, ClassId, Family, Pool, Prefix, Span};

use super::{Group, Ledger};
use crate::boot_time::BootTime;
use crate::request::Want;

/// A group that has fewer addresses to give than this part of what it has,
/// wants its next block.
const HEAD_ROOM_PART: u128 = 4;
/// Never more head-room than this: the next block comes in milliseconds, and
/// this many containers do not start within them.
const HEAD_ROOM_MOST: u128 = 16;
/// How long a claim that found no room is not tried again for head-room.
const FULL_FOR: Duration = Duration::from_secs(30);

impl Ledger {
    /// The blocks to claim now so that no ADD has to wait for a claim.
    pub fn wants(&self, now: BootTime) -> Vec<Want> {
        let mut sizes: BTreeMap<Group, u128> = BTreeMap::new();
        for block in self.blocks.values() {
            if self.rules.open_pool(block).is_some() {
                let size = block.prefix.size().unwrap_or(u128::MAX);
                *sizes.entry(Group::of(block)).or_default() += size;
            }
        }
        let wanting = sizes.into_iter().filter(|(group, size)| {
            !self.is_full(group, None, now) && self.is_low(group, *size, now)
        });
        wanting
            .filter_map(|(group, _)| {
                let pool = self.rules.pools.get(&group.pool)?;
                Some(self.want_for(pool, &group, None))
            })
            .collect()
    }

    /// Notes that a claim found no room: it is not wanted again for a while.
    pub fn found_no_room(&mut self, want: &Want, now: BootTime) {
        let group = Group::new(&want.pool, want.family, want.affinity);
        self.full.retain(|_, since| now.since(*since) < FULL_FOR);
        self.full.insert((group, want.within), now);
    }

    /// Forgets that claims found no room for a group: its blocks changed.
    pub(super) fn has_room(&mut self, group: &Group) {
        self.full.retain(|(full, _), _| full != group);
    }

    /// True where a claim for a group found no room a moment ago, in the
    /// whole pool or within some addresses.
    pub(super) fn is_full(
        &self,
        group: &Group,
        within: Option<Span>,
        now: BootTime,
    ) -> bool {
        let since = self.full.get(&(group.clone(), within));
        since.is_some_and(|since| now.since(*since) < FULL_FOR)
    }

    fn is_low(&self, group: &Group, size: u128, now: BootTime) -> bool {
        let least = size.div_ceil(HEAD_ROOM_PART).clamp(1, HEAD_ROOM_MOST);
        let least = least as usize;
        let shelf = self.shelves.get(group);
        shelf.is_none_or(|s| s.available(self.rest, now, least) < least)
    }

    /// The block to claim next for a class.
    pub(super) fn want(
        &self,
        pool: &Pool,
        family: Family,
        class: ClassId,
        within: Option<Span>,
    ) -> Want {
        let affinity: Affinity = pool.affinity.of(class);
        let group = Group::new(&pool.name, family, affinity);
        self.want_for(pool, &group, within)
    }

    fn want_for(
        &self,
        pool: &Pool,
        group: &Group,
        within: Option<Span>,
    ) -> Want {
        Want {
            pool: pool.name.clone(),
            family: group.family,
            length: self.next_length(pool, group),
            affinity: group.affinity(),
            within,
        }
    }

    /// The first block is small, each next one double the largest so far, up
    /// to the pool's full-grown block.
    fn next_length(&self, pool: &Pool, group: &Group) -> u8 {
        let own = self.blocks.values().filter(|b| Group::of(b) == *group);
        let largest = own.map(|b| b.prefix).map(Prefix::length).min();
        let next = largest.map_or_else(
            || pool.first_length(group.family),
            |length| length.saturating_sub(1),
        );
        next.max(pool.block_length(group.family))
    }
}
