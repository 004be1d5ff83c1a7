//! A block as its owner holds it in memory: its slots, with what the record in
//! the store does not tell of them. Pure.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tartan_model::{Affinity, BlockRecord, PoolName, Prefix, Slot, SlotState};
use tartan_store::Revision;

use crate::boot_time::BootTime;
use crate::request::{Claimed, Stage};

/// On what word an address counts as taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The store's record says so, nobody has confirmed it since.
    Recorded,
    /// It was given in this life of the agent, or its attachment was found.
    Living,
}

/// A slot and what its owner knows besides.
#[derive(Clone, Debug)]
pub(super) struct OwnSlot {
    pub(super) slot: Slot,
    /// Since when it is in its state, as far as this process knows.
    pub(super) since: BootTime,
    /// Of a resting slot: when the store had its release.
    pub(super) committed: Option<BootTime>,
    /// Version of the block in which the slot got its state.
    pub(super) version: u64,
    pub(super) proof: Proof,
}

impl OwnSlot {
    pub(super) fn is_held(&self) -> bool {
        !matches!(self.slot.state, SlotState::Resting { .. })
    }

    /// Moment of release, of a resting slot.
    pub(super) fn released(&self) -> Option<BootTime> {
        match self.slot.state {
            SlotState::Resting { since_millis } => {
                Some(BootTime::from_millis(since_millis))
            }
            SlotState::Pending | SlotState::Used => None,
        }
    }
}

impl From<Stage> for SlotState {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Pending => Self::Pending,
            Stage::Used => Self::Used,
        }
    }
}

/// A block owned by this host.
#[derive(Clone, Debug)]
pub(super) struct OwnBlock {
    pub(super) prefix: Prefix,
    /// Everything of the record but its slots.
    head: BlockRecord,
    pub(super) slots: BTreeMap<u32, OwnSlot>,
    /// Where the store's record was last written.
    pub(super) modified: Revision,
    /// Raised at each change.
    pub(super) version: u64,
    /// True while the block is being given back: it gives nothing.
    pub(super) is_closing: bool,
    /// True where nobody knows whether it was given back.
    pub(super) is_doubtful: bool,
}

impl OwnBlock {
    pub(super) fn new(claimed: &Claimed) -> Self {
        let mut head = claimed.record.clone();
        head.slots.clear();
        Self {
            prefix: claimed.prefix,
            head,
            slots: BTreeMap::new(),
            modified: claimed.revision,
            version: 0,
            is_closing: false,
            is_doubtful: false,
        }
    }

    pub(super) fn pool(&self) -> &PoolName {
        &self.head.pool
    }

    pub(super) fn affinity(&self) -> Affinity {
        self.head.affinity
    }

    pub(super) fn head_mut(&mut self) -> &mut BlockRecord {
        &mut self.head
    }

    pub(super) fn offset_of(&self, address: IpAddr) -> Option<u32> {
        self.prefix.offset_of(address)?.try_into().ok()
    }

    pub(super) fn slot(&self, address: IpAddr) -> Option<&OwnSlot> {
        self.slots.get(&self.offset_of(address)?)
    }

    /// Every address of the block, with its slot where it is not free.
    pub(super) fn addresses(
        &self,
    ) -> impl Iterator<Item = (IpAddr, Option<&OwnSlot>)> {
        (0u32..).map_while(|offset| {
            let address = self.prefix.nth(offset.into())?;
            Some((address, self.slots.get(&offset)))
        })
    }

    /// The slots that are not free, with their addresses.
    pub(super) fn taken(&self) -> impl Iterator<Item = (IpAddr, &OwnSlot)> {
        self.slots.iter().filter_map(|(offset, slot)| {
            Some((self.prefix.nth((*offset).into())?, slot))
        })
    }

    /// What the store is to have.
    pub(super) fn record(&self) -> BlockRecord {
        let slots = self.slots.iter();
        BlockRecord {
            slots: slots.map(|(at, own)| (*at, own.slot.clone())).collect(),
            ..self.head.clone()
        }
    }
}
