//! Of whom death could be proven: whose addresses were given a while ago, in a
//! namespace that this agent can see. Pure.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use tartan_agent_api::record::{Record, RecordState};
use tartan_ipam::{BootTime, Held, Proof};
use tartan_model::{Attachment, Generation};

/// How old an assignment must be before its namespace is looked for. An ADD
/// keeps the namespace as long as it lasts; this is for runtimes that hand a
/// namespace from one process to another right behind it.
const GUARD: Duration = Duration::from_secs(10);

/// Somebody who may be dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) attachment: Attachment,
    pub(super) generation: Generation,
    /// Identity of the namespace.
    pub(super) cookie: u64,
    /// Its inode number, where that is known.
    pub(super) inode: Option<u64>,
    /// Where it was once.
    pub(super) path: Option<PathBuf>,
}

/// Who holds an address on a foreign link, by the store's word alone.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    attachment: Attachment,
    generation: Generation,
    cookie: u64,
    since: BootTime,
}

impl Holder {
    pub(super) fn of(held: &Held<'_>) -> Option<Self> {
        let cookie = held.slot.netns_cookie?;
        (held.proof == Proof::Recorded).then(|| Self {
            attachment: held.slot.attachment.clone(),
            generation: held.slot.generation,
            cookie,
            since: held.since,
        })
    }
}

/// Those of the records, and those of whom there is no record.
pub(super) fn candidates(
    records: &[Record],
    holders: &[Holder],
    now: BootTime,
) -> Vec<Candidate> {
    let is_old = |since: BootTime| now.since(since) >= GUARD;
    let of_records = records.iter().filter_map(|record| {
        let foreign = record.foreign?;
        let since = BootTime::from_millis(foreign.since_millis);
        let is_settled = record.state == RecordState::Ready;
        (is_settled && foreign.is_visible && is_old(since)).then(|| Candidate {
            attachment: record.attachment.clone(),
            generation: record.generation(),
            cookie: record.netns_cookie,
            inode: Some(foreign.netns_inode),
            path: Some(PathBuf::from(&record.netns_path)),
        })
    });
    let known: BTreeSet<&Attachment> =
        records.iter().map(|record| &record.attachment).collect();
    let mut told = BTreeSet::new();
    let of_holders = holders.iter().filter(|holder| {
        // One for all the addresses of an attachment.
        holder.cookie != 0
            && is_old(holder.since)
            && !known.contains(&holder.attachment)
            && told.insert(&holder.attachment)
    });
    let of_holders = of_holders.map(|holder| Candidate {
        attachment: holder.attachment.clone(),
        generation: holder.generation,
        cookie: holder.cookie,
        inode: None,
        path: None,
    });
    of_records.chain(of_holders).collect()
}

#[cfg(test)]
mod tests;
