//! What the kernel has of attachments, held against their records: containers
//! that died without a DEL, links of nobody, addresses on two links. Acts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tartan_agent_api::people::ips::{Finding, FindingKind, Outcome, Repair};
use tartan_hostnet::{ROUTE_PROTOCOL, Rtnl};
use tartan_model::Attachment;

use crate::chain;
use crate::endpoints::{Mode, Step};
use crate::host::Host;
use crate::sweep;

/// Looks at every link, route and map entry of ours.
pub(super) fn check(host: &Host, repair: Repair) -> Vec<Finding> {
    let mode = match repair {
        Repair::Nothing => Mode::DryRun,
        Repair::Fix => Mode::Apply,
    };
    let mut findings = two_links();
    let report = match sweep::sweep(host, mode) {
        Ok(swept) => swept.endpoints,
        Err(error) => {
            tracing::warn!("{}", chain(&error));
            return findings;
        }
    };
    let outcome = match repair {
        Repair::Nothing => Outcome::Told,
        Repair::Fix => Outcome::Fixed,
    };
    let done = report.done.iter().filter(|step| is_meant(host, step));
    findings.extend(done.map(|step| finding(step, outcome.clone())));
    findings.extend(
        report.failed.iter().map(|(step, why)| {
            finding(step, Outcome::Stays { why: why.clone() })
        }),
    );
    findings
}

/// An ADD that is under way is its own business.
fn is_meant(host: &Host, step: &Step) -> bool {
    let Step::Undo(who, _) = step else { return true };
    host.attachments.try_claim(who).is_some()
}

fn finding(step: &Step, outcome: Outcome) -> Finding {
    let link = |index: &u32| format!("link {index}");
    let (kind, subject, found): (_, _, Option<&Attachment>) = match step {
        Step::Declassify(index) => (FindingKind::Nobodys, link(index), None),
        Step::Undo(who, _) => (FindingKind::CutOff, who.to_string(), Some(who)),
        Step::Classify { index, .. } => {
            (FindingKind::Kernel, link(index), None)
        }
        Step::Rewire(who, _) => {
            (FindingKind::Kernel, who.to_string(), Some(who))
        }
        Step::Adopt(generation, _) => {
            (FindingKind::Nobodys, generation.host_link_name(), None)
        }
        Step::Retire { generation, attachment, .. } => (
            FindingKind::Nobodys,
            generation.host_link_name(),
            attachment.as_ref(),
        ),
        Step::Attach(who, _) => {
            (FindingKind::Kernel, who.to_string(), Some(who))
        }
        Step::Unpin(link) => {
            (FindingKind::Nobodys, format!("pin {link:?}"), None)
        }
        Step::Limiter => (FindingKind::Kernel, "limiter".to_owned(), None),
        Step::Limit(who, ..) => {
            (FindingKind::Kernel, who.to_string(), Some(who))
        }
        Step::DropClass(class) => {
            (FindingKind::Nobodys, format!("limit {class:?}"), None)
        }
        Step::Forget(who, _) => (FindingKind::Dead, who.to_string(), Some(who)),
    };
    made(kind, subject, outcome, found.cloned())
}

fn two_links() -> Vec<Finding> {
    let routes = Rtnl::open().ok().and_then(|mut rtnl| {
        let read = rtnl.routes(ROUTE_PROTOCOL);
        read.inspect_err(|error| tracing::warn!("{}", chain(error))).ok()
    });
    let mut links: BTreeMap<IpAddr, BTreeSet<u32>> = BTreeMap::new();
    for route in routes.unwrap_or_default() {
        let address = route.destination.first();
        links.entry(address).or_default().insert(route.link);
    }
    let mut findings = Vec::new();
    for (address, links) in links.iter().filter(|(_, links)| links.len() > 1) {
        let names: Vec<String> = links.iter().map(u32::to_string).collect();
        let why = format!(
            "it leads to links {}: end the container that is not to have it, \
             or delete the other route (ip route show {address})",
            names.join(" and ")
        );
        let outcome = Outcome::Stays { why };
        let subject = address.to_string();
        findings.push(made(FindingKind::TwoLinks, subject, outcome, None));
    }
    findings
}

/// A finding without a holder.
pub(super) fn made(
    kind: FindingKind,
    subject: String,
    outcome: Outcome,
    found: Option<Attachment>,
) -> Finding {
    let meaning = kind.meaning().to_owned();
    Finding { kind, subject, holder: None, found, outcome, meaning }
}
