//! What the store has to learn: the blocks changed since it was last told.
//! Pure. A change during a publish is not lost: the version tells it.

use std::net::IpAddr;

use tartan_model::{BlockRecord, Prefix};
use tartan_store::Revision;

use super::Ledger;
use super::block::OwnSlot;
use crate::boot_time::BootTime;

/// A block whose record in the store is behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpublished {
    /// The block.
    pub prefix: Prefix,
    /// What the store is to have.
    pub record: BlockRecord,
    /// The revision at which the store's record was last written: it is
    /// replaced only if nobody wrote it since.
    pub modified: Revision,
    /// Which change of the block this is.
    pub version: u64,
}

impl Ledger {
    /// The blocks that the store has to be told of; none where nothing has
    /// changed.
    pub fn dirty(&self) -> Vec<Unpublished> {
        let blocks =
            self.unpublished.iter().filter_map(|at| self.blocks.get(at));
        blocks
            .map(|block| Unpublished {
                prefix: block.prefix,
                record: block.record(),
                modified: block.modified,
                version: block.version,
            })
            .collect()
    }

    /// Notes that the store has a version of a block since `revision`: the
    /// releases it tells of are committed.
    pub fn published(
        &mut self,
        prefix: Prefix,
        version: u64,
        revision: Revision,
        now: BootTime,
    ) {
        let first = prefix.first();
        let Some(block) = self.blocks.get_mut(&first) else { return };
        if block.prefix != prefix {
            return;
        }
        block.modified = block.modified.max(revision);
        if block.version == version {
            self.unpublished.remove(&first);
        }
        for address in self.released_until(first, version) {
            self.commit_release(first, address, now);
        }
    }

    fn released_until(&self, first: IpAddr, version: u64) -> Vec<IpAddr> {
        let is_news = |own: &OwnSlot| {
            !own.is_held() && own.committed.is_none() && own.version <= version
        };
        let Some(block) = self.blocks.get(&first) else { return Vec::new() };
        let news = block.taken().filter(|(_, own)| is_news(own));
        news.map(|(address, _)| address).collect()
    }

    fn commit_release(
        &mut self,
        first: IpAddr,
        address: IpAddr,
        now: BootTime,
    ) {
        self.unshelve_one(first, address);
        let Some(block) = self.blocks.get_mut(&first) else { return };
        let Some(offset) = block.offset_of(address) else { return };
        if let Some(own) = block.slots.get_mut(&offset) {
            own.committed = Some(now);
        }
        self.shelve_one(first, address);
    }
}
