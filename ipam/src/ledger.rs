//! All blocks that this host owns, and what is given from them: the one owner
//! of assignment decisions. Pure: no I/O, no clock.
//!
//! Each address is at one place: free on a shelf ([`shelf`]), in a slot of a
//! block ([`block`]), or astray: held by a living container although no block
//! of ours covers it (a claim was lost, or is not read yet).
//!
//! The parts: [`assign`] and `requested` give, [`release`] takes back,
//! [`restore`] adopts what lives, [`publish`] says what the store has to
//! learn, [`wants`] and [`returns`] which blocks to claim and to give back,
//! [`view`] and [`census`] answer questions.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use tartan_model::{
    Affinity, Attachment, BootId, ClassId, Family, HostName, Pool, PoolName,
    Prefix, Slot, SlotState, Span,
};
use thiserror::Error;

use self::block::{OwnBlock, OwnSlot, Proof};
use self::shelf::Shelf;
use self::stock::{Granted, GrantedPlace, Rules};
use crate::boot_time::BootTime;
use crate::request::Claimed;

pub(crate) mod assign;
pub(crate) mod block;
pub(crate) mod census;
pub(crate) mod outlook;
mod pick;
pub(crate) mod publish;
mod query;
pub(crate) mod release;
pub(crate) mod requested;
pub(crate) mod restore;
pub(crate) mod returns;
mod shelf;
pub(crate) mod stock;
pub(crate) mod view;
mod wants;

/// Addresses of the widest block: its record, all slots taken, still fits in
/// one value of the store (etcd takes 1.5 MiB; a slot has about 220 bytes).
pub(crate) const MOST_ADDRESSES: u128 = 4096;

/// See the module.
#[derive(Clone, Debug)]
pub struct Ledger {
    host: HostName,
    boot: BootId,
    rest: Duration,
    rules: Rules,
    /// By their first address; they do not overlap.
    blocks: BTreeMap<IpAddr, OwnBlock>,
    shelves: BTreeMap<Group, Shelf>,
    /// Held addresses outside all blocks.
    strays: BTreeMap<IpAddr, OwnSlot>,
    /// Addresses that each attachment holds.
    held: HashMap<Attachment, Vec<IpAddr>>,
    /// First addresses of the blocks whose record in the store is behind.
    unpublished: BTreeSet<IpAddr>,
    /// Where the last claim found no room for a group, and when.
    full: BTreeMap<(Group, Option<Span>), BootTime>,
}

/// Blocks that serve the same containers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    pool: PoolName,
    family: Family,
    /// The team they serve; none where they serve all.
    team: Option<ClassId>,
}

impl Group {
    fn new(pool: &PoolName, family: Family, affinity: Affinity) -> Self {
        let team = match affinity {
            Affinity::Team(team) => Some(team),
            Affinity::Any => None,
        };
        Self { pool: pool.clone(), family, team }
    }

    fn of(block: &OwnBlock) -> Self {
        Self::new(block.pool(), block.prefix.family(), block.affinity())
    }

    /// The groups of a pool that serve a class: its team's, and everybody's.
    fn serving(pool: &Pool, family: Family, class: ClassId) -> [Self; 2] {
        let team = Affinity::Team(class.team_class());
        [team, Affinity::Any].map(|who| Self::new(&pool.name, family, who))
    }

    fn affinity(&self) -> Affinity {
        self.team.map_or(Affinity::Any, Affinity::Team)
    }
}

/// Why a block cannot be taken into the ledger.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AdoptError {
    /// It is another host's.
    #[error("block {prefix} belongs to host {host}")]
    OfAnotherHost {
        /// The block.
        prefix: Prefix,
        /// Its owner.
        host: HostName,
    },
    /// An own block has some of the same addresses.
    #[error("block {prefix} overlaps own block {other}")]
    Overlaps {
        /// The block.
        prefix: Prefix,
        /// The other.
        other: Prefix,
    },
    /// It has more addresses than any block that is claimed: the record or
    /// its key is damaged.
    #[error("block {prefix} is wider than a block can be")]
    TooWide {
        /// The block.
        prefix: Prefix,
    },
}

impl Ledger {
    /// How long a released address rests where the settings say nothing.
    pub const DEFAULT_REST: Duration = Duration::from_secs(30);

    /// A ledger without blocks, for one boot of a host.
    pub fn new(host: HostName, boot: BootId) -> Self {
        Self {
            host,
            boot,
            rest: Self::DEFAULT_REST,
            rules: Rules::default(),
            blocks: BTreeMap::new(),
            shelves: BTreeMap::new(),
            strays: BTreeMap::new(),
            held: HashMap::new(),
            unpublished: BTreeSet::new(),
            full: BTreeMap::new(),
        }
    }

    /// Tells all pools there are. A block of a pool that is gone or draining
    /// gives nothing new; what was given from it stays and can be released.
    pub fn set_pools(&mut self, pools: Vec<Pool>) {
        let named = pools.into_iter().map(|pool| (pool.name.clone(), pool));
        let pools: BTreeMap<_, _> = named.collect();
        if self.rules.pools != pools {
            self.rules.pools = pools;
            self.full.clear();
            self.restock();
        }
    }

    /// Tells how long a released address rests.
    pub fn set_rest(&mut self, rest: Duration) {
        self.rest = rest;
    }

    /// Tells the addresses that nobody gets: reservations and exclusions.
    /// Who has one already keeps it.
    pub fn set_reserved(&mut self, addresses: BTreeSet<IpAddr>) {
        if self.rules.reserved != addresses {
            self.rules.reserved = addresses;
            self.restock();
        }
    }

    /// Lets an attachment have reserved addresses, when it asks for them: it
    /// is the one for whom they are kept.
    pub fn grant(
        &mut self,
        to: &Attachment,
        addresses: impl IntoIterator<Item = (IpAddr, GrantedPlace)>,
    ) {
        self.revoke(to);
        let granted = addresses.into_iter().map(|(address, place)| {
            (address, Granted { to: to.clone(), place })
        });
        self.rules.granted.extend(granted);
    }

    /// Takes that back; what it has it keeps.
    pub fn revoke(&mut self, to: &Attachment) {
        self.rules.granted.retain(|_, granted| granted.to != *to);
    }

    /// Takes in a block that the store, or the mirror of it, says is ours.
    /// Slots of another boot rest from the start of this one. Of a block
    /// already here the ledger knows best: only its revision is taken over.
    pub fn adopt_block(
        &mut self,
        claimed: &Claimed,
        now: BootTime,
    ) -> Result<(), AdoptError> {
        let prefix = claimed.prefix;
        if claimed.record.host != self.host {
            let host = claimed.record.host.clone();
            return Err(AdoptError::OfAnotherHost { prefix, host });
        }
        if prefix.size().is_none_or(|size| size > MOST_ADDRESSES) {
            return Err(AdoptError::TooWide { prefix });
        }
        if let Some(other) = self.overlapping(prefix) {
            if other != prefix {
                return Err(AdoptError::Overlaps { prefix, other });
            }
            self.refresh(claimed);
            return Ok(());
        }
        self.insert_block(claimed, now);
        Ok(())
    }

    /// Forgets a block: the claim is lost or was given back. Addresses that
    /// containers have stay theirs, outside any block.
    pub fn drop_block(&mut self, prefix: Prefix) {
        let first = prefix.first();
        if self.blocks.get(&first).is_none_or(|b| b.prefix != prefix) {
            return;
        }
        self.unshelve(first);
        let Some(block) = self.blocks.remove(&first) else { return };
        self.unpublished.remove(&first);
        self.has_room(&Group::of(&block));
        let held = block.taken().filter(|(_, slot)| slot.is_held());
        self.strays.extend(held.map(|(ip, slot)| (ip, slot.clone())));
    }

    /// The blocks of this host.
    pub fn blocks(&self) -> impl Iterator<Item = Prefix> {
        self.blocks.values().map(|block| block.prefix)
    }

    /// The blocks of this host, with the records that the store is to have;
    /// not those on their way back, which it may have or not.
    pub fn claims(&self) -> Vec<Claimed> {
        let blocks = self.blocks.values().filter(|block| !block.is_closing);
        blocks
            .map(|block| Claimed {
                prefix: block.prefix,
                record: block.record(),
                revision: block.modified,
            })
            .collect()
    }

    /// Takes over what the store has of a block after the ledger had it from
    /// elsewhere: the revision, which may be lower where the store is not the
    /// one it was, and the slots of addresses of which the ledger knows
    /// nothing. What else differs is published.
    pub fn rebase_block(&mut self, claimed: &Claimed, now: BootTime) {
        let first = claimed.prefix.first();
        if self.blocks.get(&first).is_none_or(|b| b.prefix != claimed.prefix) {
            return;
        }
        self.unshelve(first);
        self.take_in_slots(first, claimed, now);
        self.shelve(first);
        let Some(block) = self.blocks.get_mut(&first) else { return };
        block.modified = claimed.revision;
        block.head_mut().epoch = claimed.record.epoch;
        if block.record() != claimed.record {
            self.touch(first);
        }
    }

    fn overlapping(&self, prefix: Prefix) -> Option<Prefix> {
        let (_, block) = self.blocks.range(..=prefix.last()).next_back()?;
        block.prefix.overlaps(prefix).then_some(block.prefix)
    }

    fn refresh(&mut self, claimed: &Claimed) {
        let first = claimed.prefix.first();
        let Some(block) = self.blocks.get_mut(&first) else { return };
        if claimed.revision <= block.modified {
            return;
        }
        block.modified = claimed.revision;
        if block.record() != claimed.record {
            self.touch(first);
        }
    }

    fn insert_block(&mut self, claimed: &Claimed, now: BootTime) {
        let first = claimed.prefix.first();
        let mut block = OwnBlock::new(claimed);
        block.head_mut().boot = self.boot.clone();
        self.has_room(&Group::of(&block));
        self.blocks.insert(first, block);
        self.take_in_slots(first, claimed, now);
        let block = self.blocks.get(&first);
        let is_behind = block.is_some_and(|b| b.record() != claimed.record);
        self.shelve(first);
        if is_behind {
            self.touch(first);
        }
        self.bring_home(claimed.prefix);
    }

    /// Takes the slots of a record into a block that is on no shelf, but for
    /// those of addresses that the block knows better.
    fn take_in_slots(
        &mut self,
        first: IpAddr,
        claimed: &Claimed,
        now: BootTime,
    ) {
        for (offset, slot) in &claimed.record.slots {
            let own = self.adopted(slot.clone(), now);
            let Some(block) = self.blocks.get_mut(&first) else { return };
            // An offset outside the block is damage; the next write drops it.
            let Some(address) = block.prefix.nth((*offset).into()) else {
                continue;
            };
            if block.slots.contains_key(offset) {
                continue;
            }
            let (who, is_held) = (own.slot.attachment.clone(), own.is_held());
            block.slots.insert(*offset, own);
            let held = is_held.then(|| self.held.entry(who).or_default());
            if let Some(held) = held.filter(|held| !held.contains(&address)) {
                held.push(address);
            }
        }
    }

    fn adopted(&self, mut slot: Slot, now: BootTime) -> OwnSlot {
        let mut committed = None;
        if slot.boot != self.boot {
            // The reboot released it, but the store does not say so yet.
            slot.boot = self.boot.clone();
            slot.state = SlotState::Resting { since_millis: 0 };
        } else if let SlotState::Resting { since_millis } = &mut slot.state {
            *since_millis = (*since_millis).min(now.as_millis());
            committed = Some(now);
        }
        let proof = Proof::Recorded;
        OwnSlot { slot, since: now, committed, version: 0, proof }
    }

    /// Moves strays that lie in a block, now ours, into its slots. They are
    /// known to live: they override what the record said.
    fn bring_home(&mut self, prefix: Prefix) {
        let range = prefix.first()..=prefix.last();
        let home: Vec<IpAddr> =
            self.strays.range(range).map(|(address, _)| *address).collect();
        for address in home {
            if let Some(stray) = self.strays.remove(&address) {
                self.place(address, stray);
            }
        }
    }

    /// Puts a held slot at its address, whatever was there before. The index
    /// of attachments is not touched, but for one that loses the address.
    fn place(&mut self, address: IpAddr, own: OwnSlot) {
        let Some(first) = self.home_of(address) else {
            self.strays.insert(address, own);
            return;
        };
        self.unshelve_one(first, address);
        let version = self.touch(first);
        let Some(block) = self.blocks.get_mut(&first) else { return };
        let Some(offset) = block.offset_of(address) else { return };
        let who = own.slot.attachment.clone();
        let own = OwnSlot { version, ..own };
        let before = block.slots.insert(offset, own);
        if let Some(before) = before.filter(OwnSlot::is_held)
            && before.slot.attachment != who
        {
            self.disown(&before.slot.attachment, address);
        }
    }

    fn disown(&mut self, attachment: &Attachment, address: IpAddr) {
        if let Some(addresses) = self.held.get_mut(attachment) {
            addresses.retain(|other| *other != address);
            if addresses.is_empty() {
                self.held.remove(attachment);
            }
        }
    }

    /// First address of the block that covers `address`.
    fn home_of(&self, address: IpAddr) -> Option<IpAddr> {
        let (first, block) = self.blocks.range(..=address).next_back()?;
        block.prefix.contains(address).then_some(*first)
    }

    fn own_slot(&self, address: IpAddr) -> Option<&OwnSlot> {
        match self.home_of(address) {
            Some(first) => self.blocks.get(&first)?.slot(address),
            None => self.strays.get(&address),
        }
    }

    /// Notes that the store is behind on a block; tells the new version.
    fn touch(&mut self, first: IpAddr) -> u64 {
        self.unpublished.insert(first);
        self.blocks.get_mut(&first).map_or(0, |block| {
            block.version += 1;
            block.version
        })
    }
}

#[cfg(test)]
mod tests;
