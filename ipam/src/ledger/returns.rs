//! Blocks to give back: those of a pool that is gone or draining, once nothing
//! of them is used and everything has rested, and idle ones that another team
//! needs. Pure. A block being given back gives nothing: it is closed here
//! first, then its key is deleted, then it is dropped.

use std::net::IpAddr;

use tartan_model::Prefix;
use tartan_store::Revision;

use super::block::{OwnBlock, OwnSlot};
use super::{Group, Ledger};
use crate::boot_time::BootTime;
use crate::request::Want;

/// A block on its way back: closed, not yet deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Returning {
    /// The block.
    pub prefix: Prefix,
    /// The revision of its record, to be deleted only if nobody wrote since.
    pub modified: Revision,
    /// True where an earlier try may have been done, or may be done yet.
    pub is_doubtful: bool,
}

impl Ledger {
    /// Closes and tells every idle block of a pool that is gone or draining,
    /// and once more those that nobody knows to be given back. Each is to be
    /// deleted from the store, then dropped; where that failed, it is kept
    /// with [`Self::keep_block`] or doubted with [`Self::doubt_block`].
    pub fn begin_returns(&mut self, now: BootTime) -> Vec<Returning> {
        let orphans = self.blocks.iter().filter(|(first, block)| {
            let is_orphan =
                !block.is_closing && self.rules.open_pool(block).is_none();
            (is_orphan || block.is_doubtful) && self.is_idle(first, block, now)
        });
        let orphans: Vec<IpAddr> = orphans.map(|(first, _)| *first).collect();
        orphans.into_iter().filter_map(|first| self.close(first)).collect()
    }

    /// Closes one idle block of other containers in the pool of a claim that
    /// found no room.
    pub fn begin_return_for(
        &mut self,
        want: &Want,
        now: BootTime,
    ) -> Option<Returning> {
        let wanting = Group::new(&want.pool, want.family, want.affinity);
        let (first, _) = self.blocks.iter().find(|(first, block)| {
            let group = Group::of(block);
            group.pool == wanting.pool
                && group.family == wanting.family
                && group.team != wanting.team
                && want.within.is_none_or(|w| w.overlaps(block.prefix.into()))
                && !block.is_closing
                && self.is_idle(first, block, now)
        })?;
        self.close(*first)
    }

    /// Leaves a block closed of which nobody knows whether it is given back:
    /// it is told again, until that is known.
    pub fn doubt_block(&mut self, prefix: Prefix) {
        let block = self.blocks.get_mut(&prefix.first());
        if let Some(block) = block.filter(|b| b.prefix == prefix) {
            block.is_doubtful = block.is_closing;
        }
    }

    /// True for a block on its way back: it gives nothing.
    pub fn is_closing(&self, prefix: Prefix) -> bool {
        let block = self.blocks.get(&prefix.first());
        block.is_some_and(|b| b.prefix == prefix && b.is_closing)
    }

    /// Opens a block again that was not given back, for sure.
    pub fn keep_block(&mut self, prefix: Prefix) {
        let first = prefix.first();
        let Some(block) = self.blocks.get_mut(&first) else { return };
        if block.prefix == prefix && block.is_closing && !block.is_doubtful {
            block.is_closing = false;
            self.shelve(first);
        }
    }

    /// Nothing of it is used, every release is in the store and has rested
    /// there: whoever claims it next may be of another class.
    fn is_idle(&self, first: &IpAddr, block: &OwnBlock, now: BootTime) -> bool {
        let has_rested = |own: &OwnSlot| {
            own.committed.is_some_and(|since| since.after(self.rest) <= now)
        };
        !self.unpublished.contains(first)
            && block.slots.values().all(has_rested)
    }

    fn close(&mut self, first: IpAddr) -> Option<Returning> {
        self.unshelve(first);
        let block = self.blocks.get_mut(&first)?;
        block.is_closing = true;
        Some(Returning {
            prefix: block.prefix,
            modified: block.modified,
            is_doubtful: block.is_doubtful,
        })
    }
}
