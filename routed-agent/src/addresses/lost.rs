//! Addresses that this host no longer owns although containers of it have
//! them: it was removed from the cluster and came back, or another host had
//! claimed their block by the time a restored store was told of it. Acts.
//!
//! Others may have been given them since. So nothing is sent for them any more
//! (`crate::isolate`), and no ADD is answered until their containers
//! have ended. The run directory keeps which blocks they were of.

use std::net::IpAddr;

use tartan_model::{Attachment, Prefix};

use super::{AddressError, Addresses, Standing, lock};

impl Addresses {
    /// Forgets a block that an operator took away, or another host has.
    pub(crate) fn lose_to_others(&self, prefix: Prefix) {
        // Held until the block is dropped: while it is among the own ones
        // nobody is seen to have lost anything.
        let mut lost = lock(&self.lost);
        lost.insert(prefix);
        if let Err(error) = self.mirror.put_lost(&lost) {
            tracing::warn!("{}", crate::chain(&error));
        }
        self.lose(prefix);
    }

    /// Containers that have what is not this host's any more.
    pub(crate) fn lost_holders(&self) -> Vec<(IpAddr, Attachment)> {
        let lost = lock(&self.lost).clone();
        if lost.is_empty() {
            return Vec::new();
        }
        self.look(|ledger| {
            let own: Vec<Prefix> = ledger.blocks().collect();
            let is_lost = |ip: IpAddr| {
                lost.iter().any(|block| block.contains(ip))
                    && !own.iter().any(|block| block.contains(ip))
            };
            ledger
                .held()
                .filter(|held| is_lost(held.address))
                .map(|held| (held.address, held.slot.attachment.clone()))
                .collect()
        })
    }

    /// Refuses to give anything where this host is removed, or still has
    /// containers from before it was.
    pub(super) fn refuse_removed(&self) -> Result<(), AddressError> {
        if *lock(&self.standing) == Standing::Removed {
            return Err(AddressError::Removed);
        }
        let looked_at = lock(&self.lost).clone();
        if looked_at.is_empty() {
            return Ok(());
        }
        let holders = self.lost_holders();
        if !holders.is_empty() {
            return Err(AddressError::Lost { holders });
        }
        let mut lost = lock(&self.lost);
        lost.retain(|block| !looked_at.contains(block));
        if let Err(error) = self.mirror.put_lost(&lost) {
            tracing::warn!("{}", crate::chain(&error));
        }
        Ok(())
    }
}
