//! What is held, by whom, and how much is left: answers for people, for
//! collection of garbage and for the leak detector. Pure.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use tartan_model::{
    Attachment, ClassId, Family, Generation, PoolName, Prefix, Slot, SlotState,
};

use super::Ledger;
use super::block::{OwnBlock, OwnSlot, Proof};
use crate::boot_time::BootTime;
use crate::request::Stage;

/// An address that is taken.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The address.
    pub address: IpAddr,
    /// Who has it, and how.
    pub slot: &'a Slot,
    /// Since when, as far as this process knows.
    pub since: BootTime,
    /// On what word.
    pub proof: Proof,
}

/// What an attachment holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Which life of the attachment.
    pub generation: Generation,
    /// Its class.
    pub class: ClassId,
    /// IPv4 first.
    pub addresses: Vec<IpAddr>,
    /// Whether its ADD has ended.
    pub stage: Stage,
    /// On what word.
    pub proof: Proof,
}

/// How much of its blocks of a pool this host has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The pool.
    pub pool: PoolName,
    /// The family.
    pub family: Family,
    /// Blocks of this host.
    pub blocks: usize,
    /// Addresses that these blocks can give, used ones included.
    pub size: u128,
    /// Those that containers have, or are about to have.
    pub used: u128,
    /// Those that were released and have not rested.
    pub resting: u128,
    /// The others; none of a block that gives nothing new.
    pub free: u128,
}

impl Ledger {
    /// Every address that is assigned, pending or used: first those of the
    /// blocks in their order, then those outside all blocks.
    pub fn held(&self) -> impl Iterator<Item = Held<'_>> {
        let own = self.blocks.values().flat_map(OwnBlock::taken);
        own.filter(|(_, own)| own.is_held())
            .chain(self.strays())
            .map(|(address, own)| held(address, own))
    }

    /// Every released address that nobody else has yet.
    pub fn resting(&self) -> impl Iterator<Item = Held<'_>> {
        let own = self.blocks.values().flat_map(OwnBlock::taken);
        own.filter(|(_, own)| !own.is_held())
            .map(|(address, own)| held(address, own))
    }

    fn strays(&self) -> impl Iterator<Item = (IpAddr, &OwnSlot)> {
        self.strays.iter().map(|(address, own)| (*address, own))
    }

    /// What an attachment holds; none where it holds nothing.
    pub fn by_attachment(&self, attachment: &Attachment) -> Option<Holding> {
        let mut addresses = self.held.get(attachment)?.clone();
        addresses.sort_unstable();
        let own = self.own_slot(*addresses.first()?)?;
        Some(Holding {
            generation: own.slot.generation,
            class: own.slot.class,
            addresses,
            stage: match own.slot.state {
                SlotState::Pending => Stage::Pending,
                SlotState::Used | SlotState::Resting { .. } => Stage::Used,
            },
            proof: own.proof,
        })
    }

    /// Who holds an address; none where nobody does.
    pub fn by_address(&self, address: IpAddr) -> Option<Held<'_>> {
        let own = self.own_slot(address).filter(|own| own.is_held())?;
        Some(held(address, own))
    }

    /// Released addresses whose release the store has not had for so long.
    pub fn uncommitted(
        &self,
        longest: Duration,
        now: BootTime,
    ) -> impl Iterator<Item = Held<'_>> {
        let own = self.blocks.values().flat_map(OwnBlock::taken);
        own.filter(move |(_, own)| {
            !own.is_held()
                && own.committed.is_none()
                && now.since(own.since) > longest
        })
        .map(|(address, own)| held(address, own))
    }

    /// Blocks that give nothing, for their pool is gone or smaller, each with
    /// one who has an address of it, if anybody does.
    pub fn without_pool(&self) -> Vec<(Prefix, Option<Attachment>)> {
        let is_orphan = |block: &&OwnBlock| {
            let pool = self.rules.pools.get(block.pool());
            let cidr = pool.and_then(|p| p.cidr(block.prefix.family()));
            cidr.is_none_or(|cidr| !cidr.covers(block.prefix))
        };
        let holder = |block: &OwnBlock| {
            let mut held = block.taken().filter(|(_, own)| own.is_held());
            held.next().map(|(_, own)| own.slot.attachment.clone())
        };
        let orphans = self.blocks.values().filter(is_orphan);
        orphans.map(|block| (block.prefix, holder(block))).collect()
    }

    /// How much is given, per pool and family.
    pub fn usage(&self, now: BootTime) -> Vec<Usage> {
        let mut all: BTreeMap<(PoolName, Family), Usage> = BTreeMap::new();
        for block in self.blocks.values() {
            let (pool, family) = (block.pool().clone(), block.prefix.family());
            let sum = all.entry((pool.clone(), family)).or_insert(Usage {
                pool,
                family,
                blocks: 0,
                size: 0,
                used: 0,
                resting: 0,
                free: 0,
            });
            self.count(block, now, sum);
        }
        all.into_values().collect()
    }

    fn count(&self, block: &OwnBlock, now: BootTime, sum: &mut Usage) {
        sum.blocks += 1;
        let pool = self.rules.open_pool(block);
        for (address, slot) in block.addresses() {
            let is_given =
                pool.is_some_and(|p| !self.rules.is_barred(p, address));
            match slot {
                Some(own) if own.is_held() => sum.used += 1,
                Some(own) if !self.has_rested(own, now) => sum.resting += 1,
                Some(_) | None if is_given => sum.free += 1,
                Some(_) | None => continue,
            }
            sum.size += 1;
        }
    }

    pub(super) fn has_rested(&self, own: &OwnSlot, now: BootTime) -> bool {
        own.released().is_some_and(|since| since.after(self.rest) <= now)
    }
}

fn held(address: IpAddr, own: &OwnSlot) -> Held<'_> {
    let OwnSlot { slot, since, proof, .. } = own;
    Held { address, slot, since: *since, proof: *proof }
}
