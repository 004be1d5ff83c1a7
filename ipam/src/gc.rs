//! Collection of garbage: what of a network is held by attachments that its
//! runtime no longer knows. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tartan_model::{
    Attachment, ContainerId, Generation, InterfaceName, NetworkName, SlotState,
};

use crate::boot_time::BootTime;
use crate::ledger::view::Held;

/// How long an ADD may be under way. Until then its address is not collected,
/// whatever the runtime says: another runtime of the host may have started it.
pub const GRACE: Duration = Duration::from_secs(30);

/// The attachments of one network to release, each with the life meant: those
/// that hold addresses and are not among the `valid`. What holds addresses on
/// another network is left alone, even under the same names.
pub fn to_release<'a>(
    held: impl IntoIterator<Item = Held<'a>>,
    network: &NetworkName,
    valid: &BTreeSet<(ContainerId, InterfaceName)>,
    now: BootTime,
) -> BTreeMap<Attachment, Generation> {
    let is_garbage = |held: &Held<'a>| {
        let who = &held.slot.attachment;
        let name = (who.container().clone(), who.interface().clone());
        who.network() == network
            && !valid.contains(&name)
            && !is_under_way(held, now)
    };
    let garbage = held.into_iter().filter(is_garbage);
    garbage
        .map(|held| (held.slot.attachment.clone(), held.slot.generation))
        .collect()
}

/// True of an address whose ADD may still end.
pub(crate) fn is_under_way(held: &Held<'_>, now: BootTime) -> bool {
    held.slot.state == SlotState::Pending && now.since(held.since) < GRACE
}

#[cfg(test)]
mod tests;
