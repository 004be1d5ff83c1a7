//! Holds the ledger against the attachments of this host, and repairs what
//! differs where that is safe. Acts.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tartan_agent_api::people::ips::{
    CheckReport, Finding, FindingKind, Outcome, Repair,
};
use tartan_agent_api::record::Record;
use tartan_ipam::check::{self, Leak};
use tartan_model::Attachment;

use super::{kept, kernel};
use crate::chain;
use crate::clock::boot_time;
use crate::host::Host;

/// Looks at every address that is held, or that a container has.
pub(super) fn check(host: &Host, repair: Repair) -> CheckReport {
    // The records first: what is attached meanwhile is then held, and looks
    // like an ADD under way, not like a container whose address is free.
    let records = host.attachments.all();
    let living = living(&records);
    let (held, leaks) = host.addresses.look(|ledger| {
        let leaks = check::check(ledger.held(), &living, boot_time());
        (ledger.held().count(), leaks)
    });
    // What the kernel and dead containers leave is mended first: an address
    // of theirs is then no leak any more.
    let mut findings = kernel::check(host, repair);
    let leaks = match repair {
        Repair::Nothing => leaks,
        Repair::Fix => again(host),
    };
    findings.extend(leaks.iter().map(|leak| finding(host, leak, repair)));
    findings.extend(kept::check(host, repair));
    CheckReport { looked_at: held, findings }
}

fn again(host: &Host) -> Vec<Leak> {
    let living = living(&host.attachments.all());
    let now = boot_time();
    host.addresses.look(|ledger| check::check(ledger.held(), &living, now))
}

fn living(records: &[Record]) -> BTreeMap<IpAddr, Attachment> {
    let given = records.iter().flat_map(|record| {
        record.addresses().map(|ip| (ip, record.attachment.clone()))
    });
    given.collect()
}

fn finding(host: &Host, leak: &Leak, repair: Repair) -> Finding {
    let (kind, holder, found) = match leak {
        Leak::Stale { holder, .. } => (FindingKind::Leak, Some(holder), None),
        Leak::Missing { found, .. } => {
            (FindingKind::Missing, None, Some(found))
        }
        Leak::Conflict { holder, found, .. } => {
            (FindingKind::Conflict, Some(holder), Some(found))
        }
    };
    Finding {
        kind,
        subject: leak.address().to_string(),
        holder: holder.cloned(),
        found: found.cloned(),
        outcome: match repair {
            Repair::Nothing => Outcome::Told,
            Repair::Fix => fix(host, leak),
        },
        meaning: kind.meaning().to_owned(),
    }
}

fn fix(host: &Host, leak: &Leak) -> Outcome {
    match leak {
        Leak::Stale { address, holder } => release(host, *address, holder),
        Leak::Missing { found, .. } => restore(host, found),
        Leak::Conflict { holder, found, .. } => Outcome::Stays {
            why: format!("end one of them: {holder} or {found}"),
        },
    }
}

fn stays(why: &str) -> Outcome {
    Outcome::Stays { why: why.to_owned() }
}

/// Releases what nobody has, unless somebody acts on the attachment now: then
/// it is about to be right.
fn release(host: &Host, address: IpAddr, holder: &Attachment) -> Outcome {
    let Some(claim) = host.attachments.try_claim(holder) else {
        return stays("it is being attached or detached now");
    };
    let held = host.addresses.look(|ledger| {
        let held = ledger.by_address(address)?;
        let is_same = held.slot.attachment == *holder;
        is_same.then_some(held.slot.generation)
    });
    match (claim.record(), held) {
        (_, None) => Outcome::Fixed,
        (None, Some(_)) => {
            host.addresses.release_any(holder);
            Outcome::Fixed
        }
        (Some(record), Some(life)) if record.generation() != life => {
            host.addresses.release(holder, life);
            Outcome::Fixed
        }
        (Some(record), Some(_)) => {
            match record.addresses().any(|given| given == address) {
                true => Outcome::Fixed,
                false => stays("the container holds others beside it"),
            }
        }
    }
}

fn restore(host: &Host, found: &Attachment) -> Outcome {
    let Some(claim) = host.attachments.try_claim(found) else {
        return stays("it is being attached or detached now");
    };
    let Some(record) = claim.record() else {
        return Outcome::Fixed;
    };
    match host.addresses.restore(&record) {
        Ok(()) => Outcome::Fixed,
        Err(error) => Outcome::Stays { why: chain(&error) },
    }
}
