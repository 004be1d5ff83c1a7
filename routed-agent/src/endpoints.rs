//! Endpoints: what each attachment has in the kernel, held against its
//! record. A reconciler, in the five files that every reconciler has:
//!
//! | file | |
//! |---|---|
//! | `desired` | pure: records -> what this host should have |
//! | `observed` | acts: links, routes and maps -> the same type |
//! | `plan` | pure: the two -> ordered steps, with the reason of the order |
//! | `apply` | acts: takes the steps, goes on after a failed one |
//! | `report` | a value: what was done and what failed |
//!
//! It runs when the agent starts (adoption: everything that lives stays), once
//! a minute, and when somebody asks (`tartan gc`): that is how an attachment
//! whose runtime never calls DEL comes to its end.

mod apply;
mod desired;
mod observed;
mod plan;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU16;

use tartan_ebpf::EndpointEntry;
use tartan_hostnet::Rtnl;
use tartan_model::{AttachMode, Attachment, Generation};

pub(crate) use observed::ObserveError;
pub(crate) use plan::Step;
pub(crate) use report::Report;

use crate::attach::shaping::Paces;
use crate::host::Host;
use crate::isolate;

/// What a host has, or should have, by the generation of the attachment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Endpoints {
    /// Endpoints with a link.
    pub(crate) wired: BTreeMap<Generation, Endpoint>,
    /// Attachments whose ADD has not ended, as the records say.
    pub(crate) unfinished: BTreeMap<Generation, Attachment>,
    /// Entries of the kernel's maps whose link is not among them.
    pub(crate) stray_entries: Vec<u32>,
    /// Lives for which programs are pinned to a link.
    pub(crate) pins: BTreeSet<Generation>,
    /// The limiter, as far as it is needed.
    pub(crate) limiter: LimiterState,
}

/// One attachment in the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Index of the host's end.
    pub(crate) index: u32,
    /// Who, where it is known.
    pub(crate) attachment: Option<Attachment>,
    /// Largest packet in bytes.
    pub(crate) mtu: u32,
    /// True where the host's end is up.
    pub(crate) is_up: bool,
    /// What the kernel's maps say.
    pub(crate) entry: Option<EndpointEntry>,
    /// How its link has the programs of this build; none where it has not.
    pub(crate) attach: Option<AttachMode>,
    /// How fast it may send and be sent to.
    pub(crate) paces: Paces,
    /// Host routes, in ascending order.
    pub(crate) routes: Vec<std::net::IpAddr>,
}

/// What the limiter has, or should have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LimiterState {
    /// True where device, tree and filters are there.
    pub(crate) is_whole: bool,
    /// The classes of its tree; as desired, the numbers that records have.
    pub(crate) classes: BTreeSet<NonZeroU16>,
}

/// What a run may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Take the steps.
    Apply,
    /// Only say what they would be.
    DryRun,
}

/// Holds the kernel against the records once.
pub(crate) fn reconcile(
    host: &Host,
    rtnl: &mut Rtnl,
    mode: Mode,
) -> Result<Report, ObserveError> {
    if mode == Mode::Apply {
        isolate::isolate(host);
    }
    // The kernel first: an attachment made meanwhile then has a record but no
    // link, and applying looks again before it believes that.
    let observed = observed::observe(host, rtnl)?;
    let mut desired = desired::desired(&host.attachments.all());
    isolate::spare(host, &mut desired);
    let steps = plan::between(&observed, &desired);
    Ok(match mode {
        Mode::Apply => apply::apply(host, rtnl, steps),
        Mode::DryRun => Report::planned(steps),
    })
}
