//! What the store has of this host's blocks and of reservations, held against
//! the ledger. Acts; blocks while the store is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tartan_agent_api::people::ips::{Finding, FindingKind, Outcome, Repair};
use tartan_ipam::claimer::own_blocks;
use tartan_ipam::{Claimed, hosts, reservations};
use tartan_model::{HostName, Prefix, Reservation};

use super::kernel::made;
use crate::addresses::Standing;
use crate::attach::sticky;
use crate::chain;
use crate::clock::boot_time;
use crate::host::Host;

/// How long a release may take to come to the store before it is told of.
const LONGEST_COMMIT: Duration = Duration::from_secs(60);

/// Looks at blocks, resting addresses and reservations.
pub(super) fn check(host: &Host, repair: Repair) -> Vec<Finding> {
    let mut findings = resting(host, repair);
    findings.extend(without_pool(host, repair));
    findings.extend(store(host, repair));
    findings.extend(kept(host, repair));
    findings
}

fn stays(why: impl Into<String>) -> Outcome {
    Outcome::Stays { why: why.into() }
}

fn resting(host: &Host, repair: Repair) -> Vec<Finding> {
    let late = || -> BTreeSet<_> {
        host.addresses.look(|ledger| {
            let late = ledger.uncommitted(LONGEST_COMMIT, boot_time());
            late.map(|held| held.address).collect()
        })
    };
    let before = late();
    if repair == Repair::Fix && !before.is_empty() {
        host.addresses.wait_for(host.addresses.publish_all());
    }
    let after = late();
    let told = before.iter().map(|address| {
        let outcome = match (repair, after.contains(address)) {
            (Repair::Nothing, _) => Outcome::Told,
            (Repair::Fix, false) => Outcome::Fixed,
            (Repair::Fix, true) => {
                stays("the store does not take it: tartan status says why")
            }
        };
        made(FindingKind::RestsForever, address.to_string(), outcome, None)
    });
    told.collect()
}

fn without_pool(host: &Host, repair: Repair) -> Vec<Finding> {
    let orphans = || host.addresses.look(tartan_ipam::Ledger::without_pool);
    let before = orphans();
    if repair == Repair::Fix && !before.is_empty() {
        host.addresses.wait_for(host.addresses.publish_all());
    }
    let after: BTreeSet<Prefix> = orphans().into_iter().map(|o| o.0).collect();
    let told = before.into_iter().map(|(block, holder)| {
        let outcome = match (repair, holder.is_some()) {
            (Repair::Nothing, _) => Outcome::Told,
            (Repair::Fix, _) if !after.contains(&block) => Outcome::Fixed,
            (Repair::Fix, true) => stays(
                "containers have addresses of it: end them, or make the pool \
                 anew; then it is given back",
            ),
            (Repair::Fix, false) => stays(
                "it is given back when its addresses have rested and the \
                 store answers",
            ),
        };
        let kind = FindingKind::BlockWithoutPool;
        let mut finding = made(kind, block.to_string(), outcome, None);
        finding.holder = holder;
        finding
    });
    told.collect()
}

/// The claims of this host as the store has them. What is on its way there is
/// no difference.
fn store(host: &Host, repair: Repair) -> Vec<Finding> {
    let Standing::Confirmed(claimant) = host.addresses.standing() else {
        let outcome =
            stays("what this host owns is not confirmed by the store");
        let subject = host.store.engine_name().to_owned();
        return vec![made(FindingKind::StoreAway, subject, outcome, None)];
    };
    let own = host.addresses.wait_for(own_blocks(&host.store, &claimant));
    let own = match own {
        Some(Ok(own)) => own,
        Some(Err(error)) => return vec![away(host, &chain(&error))],
        None => return vec![away(host, "it does not answer")],
    };
    let (known, behind): (Vec<Claimed>, BTreeSet<Prefix>) =
        host.addresses.look(|ledger| {
            let behind = ledger.dirty().into_iter().map(|b| b.prefix);
            (ledger.claims(), behind.collect())
        });
    let known: BTreeMap<Prefix, Claimed> =
        known.into_iter().map(|c| (c.prefix, c)).collect();
    let mut findings = Vec::new();
    for claimed in &own.valid {
        let prefix = claimed.prefix;
        let kind = match known.get(&prefix) {
            _ if behind.contains(&prefix) => continue,
            Some(ours) if ours.record == claimed.record => continue,
            // Written between the two looks.
            Some(ours) if ours.revision > claimed.revision => continue,
            Some(_) => FindingKind::StoreDiffers,
            None if host.addresses.look(|l| l.is_closing(prefix)) => continue,
            None => FindingKind::ClaimUnknown,
        };
        if repair == Repair::Fix {
            host.addresses.confirm_claims(std::slice::from_ref(claimed));
            host.addresses.wait_for(host.addresses.publish_all());
        }
        findings.push(made(kind, prefix.to_string(), ended(repair), None));
    }
    let there: BTreeSet<Prefix> = own.valid.iter().map(|c| c.prefix).collect();
    let lacking = known.keys().filter(|prefix| !there.contains(*prefix));
    for prefix in lacking {
        // The agent makes the claim again, or gives the block up.
        host.seen.suspect();
        let outcome = match repair {
            Repair::Nothing => Outcome::Told,
            Repair::Fix => stays("claimed again now: look again in a moment"),
        };
        let kind = FindingKind::ClaimMissing;
        findings.push(made(kind, prefix.to_string(), outcome, None));
    }
    findings
}

fn ended(repair: Repair) -> Outcome {
    match repair {
        Repair::Nothing => Outcome::Told,
        Repair::Fix => Outcome::Fixed,
    }
}

fn away(host: &Host, why: &str) -> Finding {
    let outcome = stays(format!("{why}; look at: tartan status"));
    let subject = host.store.engine_name().to_owned();
    made(FindingKind::StoreAway, subject, outcome, None)
}

fn kept(host: &Host, repair: Repair) -> Vec<Finding> {
    let registry = host.registry.snapshot();
    let hosts = host.addresses.wait_for(hosts::list(&host.store));
    let hosts: Option<BTreeSet<HostName>> = hosts
        .and_then(Result::ok)
        .map(|all| all.into_iter().map(|known| known.name).collect());
    let mut findings = Vec::new();
    for (address, reservation) in &registry.reservations {
        let mut pools = registry.pools.values();
        let is_of_pool =
            pools.any(|pool| pool.cidrs.iter().any(|c| c.contains(*address)));
        if !is_of_pool {
            let why = format!(
                "give it up (tartan ip release {address}), or make a pool \
                 around it"
            );
            let kind = FindingKind::ReservationOutside;
            let subject = address.to_string();
            findings.push(made(kind, subject, stays(why), None));
        }
        if has_no_holder(host, reservation, hosts.as_ref()) {
            findings.push(left(host, reservation, repair));
        }
    }
    findings
}

fn has_no_holder(
    host: &Host,
    reservation: &Reservation,
    hosts: Option<&BTreeSet<HostName>>,
) -> bool {
    reservation.holder.as_ref().is_some_and(|holder| {
        let is_known = hosts.is_none_or(|all| all.contains(&holder.host));
        !is_known || sticky::is_gone(host, holder)
    })
}

fn left(host: &Host, reservation: &Reservation, repair: Repair) -> Finding {
    let address = reservation.address;
    let holder = reservation.holder.clone();
    let outcome = match (repair, &holder) {
        (Repair::Fix, Some(holder)) => {
            let leaving = reservations::leave(&host.store, address, holder);
            match host.addresses.wait_for(leaving) {
                Some(Ok(())) => Outcome::Fixed,
                Some(Err(error)) => stays(chain(&error)),
                None => stays("the store does not answer"),
            }
        }
        _ => Outcome::Told,
    };
    let kind = FindingKind::HolderGone;
    let mut finding = made(kind, address.to_string(), outcome, None);
    finding.holder = holder.map(|holder| holder.attachment);
    finding
}
