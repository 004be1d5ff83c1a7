//! The end of an ADD and the end of an attachment. Pure.

use std::net::IpAddr;

use tartan_model::{Attachment, Generation, SlotState};
use thiserror::Error;

use super::Ledger;
use crate::boot_time::BootTime;

/// What a release freed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Released {
    /// The addresses; none where the attachment had none.
    pub addresses: Vec<IpAddr>,
}

/// Why an attachment keeps its addresses.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ReleaseError {
    /// The release speaks of an earlier life.
    #[error(
        "cannot release generation {} of {attachment}: it lives on in \
         generation {}", given.0, held.0
    )]
    StaleGeneration {
        /// Who.
        attachment: Attachment,
        /// The life that was to end.
        given: Generation,
        /// The life it is in.
        held: Generation,
    },
}

/// Why an assignment cannot be confirmed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfirmError {
    /// It has no address.
    #[error("cannot confirm {attachment}: it has no address")]
    Unknown {
        /// Who.
        attachment: Attachment,
    },
    /// It is in another life.
    #[error(
        "cannot confirm generation {} of {attachment}: it is in generation \
         {}", given.0, held.0
    )]
    OtherGeneration {
        /// Who.
        attachment: Attachment,
        /// The life that was to be confirmed.
        given: Generation,
        /// The life it is in.
        held: Generation,
    },
}

impl Ledger {
    /// Notes that an ADD has ended: pending addresses are used ones.
    pub fn confirm(
        &mut self,
        attachment: &Attachment,
        generation: Generation,
    ) -> Result<(), ConfirmError> {
        let Some(holding) = self.by_attachment(attachment) else {
            let attachment = attachment.clone();
            return Err(ConfirmError::Unknown { attachment });
        };
        if holding.generation != generation {
            return Err(ConfirmError::OtherGeneration {
                attachment: attachment.clone(),
                given: generation,
                held: holding.generation,
            });
        }
        for address in holding.addresses {
            self.set_used(address);
        }
        Ok(())
    }

    fn set_used(&mut self, address: IpAddr) {
        let Some(own) = self.own_slot(address) else { return };
        if own.slot.state == SlotState::Used {
            return;
        }
        let mut own = own.clone();
        own.slot.state = SlotState::Used;
        self.place(address, own);
    }

    /// Takes back whatever an attachment holds, in all blocks. One that holds
    /// nothing is no error. With a generation given, a later life of the
    /// attachment is left alone.
    pub fn release(
        &mut self,
        attachment: &Attachment,
        generation: Option<Generation>,
        now: BootTime,
    ) -> Result<Released, ReleaseError> {
        let Some(holding) = self.by_attachment(attachment) else {
            return Ok(Released::default());
        };
        let held = holding.generation;
        if let Some(given) = generation.filter(|given| *given < held) {
            let attachment = attachment.clone();
            return Err(ReleaseError::StaleGeneration {
                attachment,
                given,
                held,
            });
        }
        self.held.remove(attachment);
        for address in &holding.addresses {
            self.lay_to_rest(*address, now);
        }
        Ok(Released { addresses: holding.addresses })
    }

    /// Turns a held slot into a resting one; a stray is gone at once.
    pub(super) fn lay_to_rest(&mut self, address: IpAddr, now: BootTime) {
        let Some(first) = self.home_of(address) else {
            self.strays.remove(&address);
            return;
        };
        let version = self.touch(first);
        let Some(block) = self.blocks.get_mut(&first) else { return };
        let Some(offset) = block.offset_of(address) else { return };
        if let Some(own) = block.slots.get_mut(&offset) {
            let since_millis = now.as_millis();
            own.slot.state = SlotState::Resting { since_millis };
            own.since = now;
            own.committed = None;
            own.version = version;
        }
        self.shelve_one(first, address);
    }
}
