//! Adoption at a start: an address that a living container has is its own,
//! whatever the record of the block says. Pure.

use std::net::IpAddr;

use tartan_model::{Attachment, Slot};
use thiserror::Error;

use super::Ledger;
use super::block::{OwnSlot, Proof};
use crate::boot_time::BootTime;
use crate::request::Living;

/// Why a living attachment cannot be given what it has. Nothing has changed
/// then.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RestoreError {
    /// Another living attachment has the address as well.
    #[error("cannot restore {ip}: {by} lives with it")]
    InUse {
        /// The address.
        ip: IpAddr,
        /// Who has it.
        by: Attachment,
    },
}

impl Ledger {
    /// Notes a living attachment and what it has. Addresses that the records
    /// gave it besides are released; an address outside all blocks is kept
    /// for it until its block comes.
    pub fn restore(
        &mut self,
        living: &Living,
        now: BootTime,
    ) -> Result<(), RestoreError> {
        for ip in living.addresses.iter().copied() {
            if let Some(by) = self.other_living(ip, &living.attachment) {
                return Err(RestoreError::InUse { ip, by });
            }
        }
        let before = self.held.remove(&living.attachment).unwrap_or_default();
        for address in before {
            if !living.addresses.contains(&address) {
                self.lay_to_rest(address, now);
            }
        }
        for address in &living.addresses {
            self.restore_one(*address, living, now);
        }
        for gateway in &living.gateways {
            self.keep_gateway(*gateway);
        }
        if !living.addresses.is_empty() {
            let attachment = living.attachment.clone();
            self.held.insert(attachment, living.addresses.clone());
        }
        Ok(())
    }

    fn other_living(&self, ip: IpAddr, who: &Attachment) -> Option<Attachment> {
        let own = self.own_slot(ip)?;
        let is_other = own.slot.attachment != *who;
        (own.is_held() && is_other && own.proof == Proof::Living)
            .then(|| own.slot.attachment.clone())
    }

    fn restore_one(&mut self, address: IpAddr, living: &Living, now: BootTime) {
        let slot = Slot {
            attachment: living.attachment.clone(),
            generation: living.generation,
            class: living.class,
            boot: self.boot.clone(),
            state: living.stage.into(),
            netns_cookie: living.netns_cookie,
        };
        let own = OwnSlot {
            slot,
            since: now,
            committed: None,
            version: 0,
            proof: Proof::Living,
        };
        let same = self.own_slot(address).is_some_and(|o| o.slot == own.slot);
        if same {
            self.put_quietly(address, own);
        } else {
            self.place(address, own);
        }
    }

    /// Changes of a held slot what the record does not tell.
    pub(super) fn put_quietly(&mut self, address: IpAddr, own: OwnSlot) {
        let Some(first) = self.home_of(address) else {
            self.strays.insert(address, own);
            return;
        };
        let Some(block) = self.blocks.get_mut(&first) else { return };
        let Some(offset) = block.offset_of(address) else { return };
        if let Some(slot) = block.slots.get_mut(&offset) {
            *slot = OwnSlot { version: slot.version, ..own };
        }
    }
}
