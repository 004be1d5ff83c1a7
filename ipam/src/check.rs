//! The leak detector: what the ledger says is held against what containers
//! really have. Pure.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use tartan_model::{Attachment, SlotState};

use crate::boot_time::BootTime;
use crate::ledger::block::Proof;
use crate::ledger::view::Held;

/// How long an ADD may be under way. Until then its address is no leak,
/// though no container has it.
const GRACE: Duration = Duration::from_secs(30);

/// A difference between the ledger and the containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leak {
    /// Held, but no container has it.
    Stale {
        /// The address.
        address: IpAddr,
        /// Who is to have it.
        holder: Attachment,
    },
    /// A container has it, but it is not held: it could be given again.
    Missing {
        /// The address.
        address: IpAddr,
        /// Who has it.
        found: Attachment,
    },
    /// Held by one, but another has it.
    Conflict {
        /// The address.
        address: IpAddr,
        /// Who is to have it.
        holder: Attachment,
        /// Who has it.
        found: Attachment,
    },
}

impl Leak {
    /// The address it is about.
    pub fn address(&self) -> IpAddr {
        match self {
            Self::Stale { address, .. }
            | Self::Missing { address, .. }
            | Self::Conflict { address, .. } => *address,
        }
    }
}

/// The differences, by address. An ADD that may still end is none.
pub fn check<'a>(
    held: impl IntoIterator<Item = Held<'a>>,
    living: &BTreeMap<IpAddr, Attachment>,
    now: BootTime,
) -> Vec<Leak> {
    let held: BTreeMap<IpAddr, Held<'a>> =
        held.into_iter().map(|held| (held.address, held)).collect();
    let of_ledger = held.values().filter_map(|held| {
        let (address, holder) = (held.address, held.slot.attachment.clone());
        match living.get(&address) {
            Some(found) if *found == holder => None,
            Some(found) => {
                let found = found.clone();
                Some(Leak::Conflict { address, holder, found })
            }
            None if is_under_way(held, now) || is_unconfirmed(held) => None,
            None => Some(Leak::Stale { address, holder }),
        }
    });
    let unknown = living.iter().filter(|(ip, _)| !held.contains_key(ip));
    let missing = unknown.map(|(address, found)| {
        let found = found.clone();
        Leak::Missing { address: *address, found }
    });
    let mut leaks: Vec<Leak> = of_ledger.chain(missing).collect();
    leaks.sort_by_key(Leak::address);
    leaks
}

/// True of an address whose ADD may still end.
fn is_under_way(held: &Held<'_>, now: BootTime) -> bool {
    held.slot.state == SlotState::Pending && now.since(held.since) < GRACE
}

/// True of an address on a link that another plugin made, whose record is lost:
/// that its container does not live is for the end of its netns to prove.
fn is_unconfirmed(held: &Held<'_>) -> bool {
    held.slot.netns_cookie.is_some() && held.proof == Proof::Recorded
}

#[cfg(test)]
mod tests;
