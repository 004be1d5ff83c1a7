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
}

impl Ledger {
    /// Closes and tells every idle block of a pool that is gone or draining.
    /// Each is to be deleted from the store, then dropped, or kept with
    /// [`Self::keep_block`] where that failed.
    pub fn begin_returns(&mut self, now: BootTime) -> Vec<Returning> {
        let orphans = self.blocks.iter().filter(|(first, block)| {
            self.rules.open_pool(block).is_none()
                && !block.is_closing
                && self.is_idle(first, block, now)
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
                && !block.is_closing
                && self.is_idle(first, block, now)
        })?;
        self.close(*first)
    }

    /// Opens a block again that could not be given back.
    pub fn keep_block(&mut self, prefix: Prefix) {
        let first = prefix.first();
        let Some(block) = self.blocks.get_mut(&first) else { return };
        if block.prefix == prefix && block.is_closing {
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
        Some(Returning { prefix: block.prefix, modified: block.modified })
    }
}
