//! How full a pool is, and of whom: what an exhausted pool's error and `tartan
//! pool show` tell. Pure.

use std::collections::BTreeMap;

use tartan_model::{
    Attachment, ClassId, Family, Generation, NetworkName, PoolName, Slot,
    SlotState,
};

use super::Ledger;
use crate::boot_time::BootTime;
use crate::request::Claimed;

/// The addresses of a pool's prefix of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// The pool.
    pub pool: PoolName,
    /// The family.
    pub family: Family,
    /// Addresses that containers may have, reserved ones included.
    pub size: u128,
    /// Those that containers have, or are about to have.
    pub used: u128,
    /// Those that were released and have not rested.
    pub resting: u128,
    /// Those that are kept by name, and that nobody has.
    pub reserved: u128,
    classes: BTreeMap<ClassId, usize>,
    networks: BTreeMap<NetworkName, usize>,
    oldest: Option<(Generation, Attachment)>,
    newest: Option<(Generation, Attachment)>,
}

impl Census {
    /// What nobody has and everybody may get.
    pub fn free(&self) -> u128 {
        let gone = self.used + self.resting + self.reserved;
        self.size.saturating_sub(gone)
    }

    /// How many addresses each class has, the most first.
    pub fn classes(&self) -> Vec<(ClassId, usize)> {
        most_first(&self.classes)
    }

    /// How many addresses each network has, the most first.
    pub fn networks(&self) -> Vec<(NetworkName, usize)> {
        most_first(&self.networks)
    }

    /// Who has had an address for the longest time.
    pub fn oldest(&self) -> Option<&Attachment> {
        self.oldest.as_ref().map(|(_, who)| who)
    }

    /// Who got one last.
    pub fn newest(&self) -> Option<&Attachment> {
        self.newest.as_ref().map(|(_, who)| who)
    }

    /// Counts what other hosts have given. What rests there, and whether it
    /// still does, only they know.
    pub fn add_elsewhere<'a>(
        &mut self,
        blocks: impl IntoIterator<Item = &'a Claimed>,
    ) {
        for block in blocks {
            let is_meant = block.record.pool == self.pool
                && block.prefix.family() == self.family;
            let slots = block.record.slots.values().filter(|_| is_meant);
            slots.filter(|slot| is_held(slot)).for_each(|s| self.count(s));
        }
    }

    fn count(&mut self, slot: &Slot) {
        self.used += 1;
        *self.classes.entry(slot.class).or_default() += 1;
        let network = slot.attachment.network().clone();
        *self.networks.entry(network).or_default() += 1;
        let life = (slot.generation, slot.attachment.clone());
        if self.oldest.as_ref().is_none_or(|oldest| life < *oldest) {
            self.oldest = Some(life.clone());
        }
        if self.newest.as_ref().is_none_or(|newest| life > *newest) {
            self.newest = Some(life);
        }
    }
}

fn is_held(slot: &Slot) -> bool {
    !matches!(slot.state, SlotState::Resting { .. })
}

fn most_first<T: Clone + Ord>(counts: &BTreeMap<T, usize>) -> Vec<(T, usize)> {
    let mut all: Vec<_> =
        counts.iter().map(|(what, count)| (what.clone(), *count)).collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all
}

impl Ledger {
    /// What this host has given of a pool; none where the pool is not known,
    /// or has no addresses of the family.
    pub fn census(
        &self,
        name: &PoolName,
        family: Family,
        now: BootTime,
    ) -> Option<Census> {
        let pool = self.rules.pools.get(name)?;
        let cidr = pool.cidr(family)?;
        let ends = [cidr.first(), cidr.last()];
        let excluded = ends.into_iter().filter(|ip| pool.excludes(*ip)).count();
        let size = cidr.size().unwrap_or(u128::MAX) - excluded as u128;
        let mut census = Census {
            pool: name.clone(),
            family,
            size,
            used: 0,
            resting: 0,
            reserved: 0,
            classes: BTreeMap::new(),
            networks: BTreeMap::new(),
            oldest: None,
            newest: None,
        };
        let blocks = self.blocks.values().filter(|b| b.pool() == name);
        for block in blocks.filter(|b| b.prefix.family() == family) {
            for (address, own) in block.taken() {
                let is_reserved = self.rules.reserved.contains(&address);
                if own.is_held() {
                    census.count(&own.slot);
                } else if !is_reserved && !self.has_rested(own, now) {
                    census.resting += 1;
                }
            }
        }
        let kept = self.rules.reserved.iter().filter(|ip| {
            cidr.contains(**ip)
                && !pool.excludes(**ip)
                && self.by_address(**ip).is_none()
        });
        census.reserved = kept.count() as u128;
        Some(census)
    }
}
