//! How addresses are shown. Pure.

use std::net::IpAddr;

use tartan_agent_api::people::ips::{IpState, IpView};
use tartan_ipam::{Held, Proof};
use tartan_model::{PoolName, SlotState};

use crate::registry::Snapshot;

/// True where the store alone says that somebody has it, and what would prove
/// it is not ours to look at: the link is another plugin's.
fn is_unconfirmed(held: &Held<'_>) -> bool {
    held.slot.netns_cookie.is_some() && held.proof == Proof::Recorded
}

/// An address that somebody has, or had.
pub(super) fn of_held(held: &Held<'_>, registry: &Snapshot) -> IpView {
    let slot = held.slot;
    IpView {
        state: match slot.state {
            SlotState::Pending => IpState::Pending,
            SlotState::Used if is_unconfirmed(held) => IpState::Unconfirmed,
            SlotState::Used => IpState::Used,
            SlotState::Resting { .. } => IpState::Resting,
        },
        attachment: Some(slot.attachment.clone()),
        generation: Some(slot.generation),
        class: Some(slot.class),
        class_name: Some(registry.label(slot.class)),
        ..of_free(held.address, registry)
    }
}

/// An address that nobody has.
pub(super) fn of_free(address: IpAddr, registry: &Snapshot) -> IpView {
    let kept = registry.reservations.get(&address);
    IpView {
        address,
        state: match kept {
            Some(_) => IpState::Reserved,
            None => IpState::Free,
        },
        pool: pool_of(address, registry),
        attachment: None,
        generation: None,
        class: None,
        class_name: None,
        reserved_for: kept.map(|kept| kept.name.clone().unwrap_or_default()),
    }
}

fn pool_of(address: IpAddr, registry: &Snapshot) -> Option<PoolName> {
    let mut pools = registry.pools.values();
    let is_of = |pool: &&tartan_model::Pool| {
        pool.cidrs.iter().any(|cidr| cidr.contains(address))
    };
    pools.find(is_of).map(|pool| pool.name.clone())
}
