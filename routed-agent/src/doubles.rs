//! Records that claim one address: of a file that was copied, say. Only one
//! of them can be true. Pure; who asks says what is known of each.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tartan_agent_api::record::{Record, RecordState};
use tartan_model::Attachment;

/// What speaks for a record, the weightiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Evidence {
    /// Its link is there under its name, or its namespace exists.
    pub(crate) is_real: bool,
    /// The ledger has the address for it.
    pub(crate) is_held: bool,
}

/// A record that is not true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Double {
    pub(crate) attachment: Attachment,
    /// What it claims.
    pub(crate) address: IpAddr,
    /// Who has that.
    pub(crate) owner: Attachment,
}

/// The records that others are right about. Nobody is asked about a record
/// whose addresses it has for itself.
pub(crate) fn doubles(
    records: &[Record],
    mut evidence: impl FnMut(&Record) -> Evidence,
) -> Vec<Double> {
    let mut claimed: BTreeMap<IpAddr, Vec<&Record>> = BTreeMap::new();
    for record in records {
        for address in record.addresses() {
            claimed.entry(address).or_default().push(record);
        }
    }
    let mut found: BTreeMap<&Attachment, Double> = BTreeMap::new();
    for (address, mut rivals) in claimed {
        if rivals.len() < 2 {
            continue;
        }
        rivals.sort_by_cached_key(|record| {
            (evidence(record), record.state == RecordState::Ready)
        });
        let Some(owner) = rivals.pop() else { continue };
        for loser in rivals {
            found.entry(&loser.attachment).or_insert_with(|| Double {
                attachment: loser.attachment.clone(),
                address,
                owner: owner.attachment.clone(),
            });
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests;
