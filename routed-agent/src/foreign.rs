//! Attachments on links that other plugins made (`tartan-ipam` gave the
//! addresses): nothing of them is in the kernel by which they could be known.
//!
//! | file | |
//! |---|---|
//! | `candidates` | pure: of whom death could be proven now |
//! | `namespaces` | acts: which of their network namespaces exist |
//! | `apply` | acts: takes back what the dead had |
//!
//! What proves that a container is dead is the end of its network namespace,
//! by its cookie (SO_NETNS_COOKIE), which is never given again while the host
//! is up; an inode number is. A namespace exists as long as a process is in
//! it, or a file of nsfs is mounted anywhere. What cannot be looked at counts
//! as there, and an agent that did not see a namespace when it was given
//! addresses never takes its absence for its end.

mod apply;
mod candidates;
mod namespaces;

use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::path::PathBuf;

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use tartan_agent_api::record::{Foreign, Record};
use tartan_agent_api::seqpacket::Connection;
use tartan_hostnet::Rtnl;
use tartan_ipam::{AssignRequest, Proof};
use tartan_model::Attachment;

use crate::attach::inside::Inside;
use crate::clock::boot_time;
use crate::endpoints::{Mode, Report, Step};
use crate::host::Host;
use candidates::{Candidate, Holder};

/// What is known of a link of which `caller` asks for the addresses. The
/// plugin has entered the container's namespace: where the agent sees it
/// there, it sees the namespaces of this host's processes.
pub(crate) fn begun(caller: &Connection, inside: &Inside) -> Foreign {
    let netns = namespaces::inode(&inside.netns);
    let is_there = |pid| netns.is_some() && namespaces::of(pid) == netns;
    let is_visible = getsockopt(&caller.as_fd(), PeerCredentials)
        .is_ok_and(|who| is_there(who.pid()));
    Foreign {
        since_millis: boot_time().as_millis(),
        netns_inode: netns.unwrap_or_default(),
        is_visible,
    }
}

/// Takes back what an attachment without a record holds, where that is not
/// what is asked for now, or for another namespace: its runtime has forgotten
/// the life before.
pub(crate) fn make_way(host: &Host, request: &AssignRequest) {
    let attachment = &request.attachment;
    let is_in_way = host.addresses.look(|ledger| {
        let held = ledger.by_attachment(attachment)?;
        let first = ledger.by_address(*held.addresses.first()?)?;
        let is_foreign = first.slot.netns_cookie.is_some();
        let is_same = first.slot.netns_cookie == request.netns_cookie
            && held.class == request.class
            && request.ranges.are_met_by(&held.addresses);
        Some(is_foreign && !is_same)
    });
    if is_in_way == Some(true) {
        host.addresses.release_any(attachment);
    }
}

/// Attachments on foreign links of which the store alone tells: their records
/// were lost.
pub(crate) fn unconfirmed(host: &Host) -> BTreeSet<Attachment> {
    host.addresses.look(|ledger| {
        let held = ledger.held().filter(|held| {
            held.proof == Proof::Recorded && held.slot.netns_cookie.is_some()
        });
        held.map(|held| held.slot.attachment.clone()).collect()
    })
}

/// True for one of those.
pub(crate) fn is_unconfirmed(host: &Host, attachment: &Attachment) -> bool {
    unconfirmed(host).contains(attachment)
}

/// True unless the record's namespace is known to be gone; of one that was
/// not seen when it was given addresses nobody can know that.
pub(crate) fn exists(record: &Record) -> bool {
    let Some(foreign) = record.foreign else { return false };
    if !foreign.is_visible {
        return true;
    }
    let path = PathBuf::from(&record.netns_path);
    let gone = namespaces::gone([record.netns_cookie].into(), &[path].into());
    let inode = Some(foreign.netns_inode);
    !gone.is_ok_and(|gone| gone.is_proven(record.netns_cookie, inode))
}

/// Looks for the dead, and takes back what they had.
pub(crate) fn reconcile(host: &Host, rtnl: &mut Rtnl, mode: Mode) -> Report {
    let candidates = candidates(host);
    if candidates.is_empty() {
        return Report::default();
    }
    let cookies = candidates.iter().map(|one| one.cookie).collect();
    let paths = candidates.iter().filter_map(|one| one.path.clone());
    let gone = match namespaces::gone(cookies, &paths.collect()) {
        Ok(gone) => gone,
        Err(error) => {
            tracing::debug!("no death is proven: {}", crate::chain(&error));
            return Report::default();
        }
    };
    let dead = candidates
        .into_iter()
        .filter(|one| gone.is_proven(one.cookie, one.inode));
    match mode {
        Mode::Apply => apply::apply(host, rtnl, dead),
        Mode::DryRun => Report::planned(dead.map(Step::from).collect()),
    }
}

fn candidates(host: &Host) -> Vec<Candidate> {
    let records = host.attachments.all();
    let holders: Vec<Holder> = host.addresses.look(|ledger| {
        ledger.held().filter_map(|held| Holder::of(&held)).collect()
    });
    candidates::candidates(&records, &holders, boot_time())
}

impl From<Candidate> for Step {
    fn from(dead: Candidate) -> Self {
        Self::Forget(dead.attachment, dead.generation)
    }
}
