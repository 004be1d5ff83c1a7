//! Records that claim one address: of a file that was copied, say. Only one
//! of them can be true. Pure; who asks says what is known of each.

use std::cmp::Reverse;
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
    let mut claims: BTreeMap<IpAddr, u32> = BTreeMap::new();
    for address in records.iter().flat_map(Record::addresses) {
        *claims.entry(address).or_default() += 1;
    }
    let is_rival = |record: &&Record| {
        record.addresses().any(|one| claims.get(&one).is_some_and(|n| *n > 1))
    };
    let mut ranked: Vec<_> = records.iter().filter(is_rival).collect();
    ranked.sort_by_cached_key(|record| {
        let is_ready = record.state == RecordState::Ready;
        Reverse((evidence(record), is_ready))
    });
    // From the best on, so that who is set aside takes nothing from anybody.
    let mut taken: BTreeMap<IpAddr, &Attachment> = BTreeMap::new();
    let mut found = Vec::new();
    for record in ranked {
        let loses = |one: IpAddr| Some((one, *taken.get(&one)?));
        if let Some((address, owner)) = record.addresses().find_map(loses) {
            found.push(Double {
                attachment: record.attachment.clone(),
                address,
                owner: owner.clone(),
            });
            continue;
        }
        let own = record.addresses().map(|one| (one, &record.attachment));
        taken.extend(own);
    }
    found
}

#[cfg(test)]
mod tests;
