//! Takes the steps of a plan. Acts; a failed step does not keep the next from
//! being taken.
//!
//! Between observing and acting an attachment may have been made or unmade.
//! So each step first gets the right to act on its attachment, and looks
//! again before it takes anything away.

use tartan_agent_api::plugin::Attached;
use tartan_agent_api::record::{self, Record, RecordState};
use tartan_ebpf::EndpointEntry;
use tartan_hostnet::Rtnl;
use tartan_model::{Attachment, Generation};

use crate::attach::shaping::{self, Paces};
use crate::attach::{delete, hooks, host_end, shape, wire};
use crate::attachments::Claim;
use crate::endpoints::{Endpoint, Report, Step};
use crate::host::Host;

/// What became of a step.
enum Outcome {
    Done,
    Needless,
    Failed(String),
}

impl<E: std::error::Error> From<Result<(), E>> for Outcome {
    fn from(result: Result<(), E>) -> Self {
        match result {
            Ok(()) => Self::Done,
            Err(error) => Self::Failed(crate::chain(&error)),
        }
    }
}

/// Takes the steps in their order.
pub(super) fn apply(host: &Host, rtnl: &mut Rtnl, steps: Vec<Step>) -> Report {
    let mut report = Report::default();
    for step in steps {
        match take(host, rtnl, &step) {
            Outcome::Done => {
                tracing::info!(?step, "endpoint reconciled");
                report.done.push(step);
            }
            Outcome::Needless => report.needless += 1,
            Outcome::Failed(why) => {
                tracing::warn!(?step, why, "endpoint not reconciled");
                report.failed.push((step, why));
            }
        }
    }
    report
}

fn take(host: &Host, rtnl: &mut Rtnl, step: &Step) -> Outcome {
    match step {
        Step::Declassify(index) => declassify(host, rtnl, *index),
        Step::Undo(attachment, generation) => {
            undo(host, rtnl, attachment, *generation)
        }
        Step::Classify { index, entry } => classify(host, *index, entry),
        Step::Attach(attachment, generation) => {
            match claimed(host, attachment, *generation) {
                Some((_claim, record)) => {
                    match hooks::mend(host, rtnl, &record) {
                        // It went with its container meanwhile.
                        Err(error) if error.is_absent() => Outcome::Needless,
                        done => done.into(),
                    }
                }
                None => Outcome::Needless,
            }
        }
        Step::Unpin(generation) => unpin(host, *generation),
        Step::Limiter => {
            let means = host.limiter_means();
            host.limiter.mend(rtnl, means).map(drop).into()
        }
        Step::Limit(attachment, generation, found) => {
            match claimed(host, attachment, *generation) {
                Some((_claim, record)) => limit(host, rtnl, &record, *found),
                None => Outcome::Needless,
            }
        }
        Step::DropClass(number) => {
            match host.limiter.delete_stray(rtnl, *number) {
                Ok(true) => Outcome::Done,
                Ok(false) => Outcome::Needless,
                Err(error) => Outcome::Failed(crate::chain(&error)),
            }
        }
        Step::Rewire(attachment, generation) => {
            rewire(host, rtnl, attachment, *generation)
        }
        Step::Adopt(generation, endpoint) => adopt(host, *generation, endpoint),
        Step::Retire { index, generation, attachment } => {
            retire(host, rtnl, *index, *generation, attachment.as_ref())
        }
        Step::Forget(attachment, generation) => {
            forget(host, rtnl, attachment, *generation)
        }
    }
}

fn declassify(host: &Host, rtnl: &mut Rtnl, index: u32) -> Outcome {
    match rtnl.link(index) {
        Ok(None) => host.dataplane.remove_endpoint(index).into(),
        Ok(Some(_)) => Outcome::Needless,
        Err(error) => Outcome::Failed(crate::chain(&error)),
    }
}

/// The right to act on this life of an attachment, and its record; none where
/// somebody else acts on it, or it is over.
fn claimed<'a>(
    host: &'a Host,
    attachment: &Attachment,
    generation: Generation,
) -> Option<(Claim<'a>, Record)> {
    let claim = host.attachments.try_claim(attachment)?;
    let record = claim.record()?;
    (record.generation() == generation).then_some((claim, record))
}

/// Undoes an ADD that nobody is about to finish: who does would have the
/// right to act on the attachment.
fn undo(
    host: &Host,
    rtnl: &mut Rtnl,
    attachment: &Attachment,
    generation: Generation,
) -> Outcome {
    match claimed(host, attachment, generation) {
        Some((claim, record)) if record.state == RecordState::Adding => {
            delete::remove(host, rtnl, &claim, &record).into()
        }
        _ => Outcome::Needless,
    }
}

/// Classifies a life that is still one: beside a DEL of the same moment, an
/// entry would be left without a link.
fn classify(host: &Host, index: u32, entry: &EndpointEntry) -> Outcome {
    let records = host.attachments.all();
    let life = |it: &&Record| it.generation() == entry.generation;
    let Some(record) = records.iter().find(life) else {
        return Outcome::Needless;
    };
    match claimed(host, &record.attachment, entry.generation) {
        Some((_claim, record)) if record.host_index == index => {
            host.dataplane.put_endpoint(index, entry).into()
        }
        _ => Outcome::Needless,
    }
}

fn rewire(
    host: &Host,
    rtnl: &mut Rtnl,
    attachment: &Attachment,
    generation: Generation,
) -> Outcome {
    match claimed(host, attachment, generation) {
        Some((_claim, record)) => {
            rtnl.apply(wire::rewire(&record)).map(drop).into()
        }
        None => Outcome::Needless,
    }
}

fn unpin(host: &Host, generation: Generation) -> Outcome {
    let is_known = |record: &Record| record.generation() == generation;
    if host.attachments.all().iter().any(is_known) {
        return Outcome::Needless;
    }
    host.dataplane.detach_tcx(generation).into()
}

fn limit(
    host: &Host,
    rtnl: &mut Rtnl,
    record: &Record,
    found: Paces,
) -> Outcome {
    let reshaped = rtnl.apply(shaping::reshape(record, found)).map(drop);
    if record.limit_class.is_some() {
        let means = host.limiter_means();
        if let Err(error) = host.limiter.put_class(rtnl, means, record) {
            return Outcome::Failed(crate::chain(&error));
        }
        // Another limiter may have come in the place of the one before.
        if let Err(error) = hooks::put(&host.dataplane, rtnl, record) {
            return Outcome::Failed(crate::chain(&error));
        }
    }
    reshaped.into()
}

fn adopt(host: &Host, life: Generation, endpoint: &Endpoint) -> Outcome {
    let (Some(attachment), Some(entry)) =
        (&endpoint.attachment, &endpoint.entry)
    else {
        return Outcome::Needless;
    };
    let Some(claim) = host.attachments.try_claim(attachment) else {
        return Outcome::Needless;
    };
    if claim.record().is_some() {
        return Outcome::Needless;
    }
    let v4 = entry.ipv4.map(Into::into);
    let v6 = entry.ipv6.map(Into::into);
    let addresses: Vec<_> = v4.into_iter().chain(v6).collect();
    let translation = match host.nat.recover(&addresses) {
        Ok(translation) => translation,
        Err(error) => return Outcome::Failed(crate::chain(&error)),
    };
    let record = Record {
        v: record::VERSION,
        attachment: attachment.clone(),
        state: RecordState::Ready,
        boot: host.boot.clone(),
        // Lost with the run directory, and needed by nothing but a repeated
        // ADD, which then makes the attachment anew.
        netns_path: String::new(),
        netns_cookie: 0,
        host_index: endpoint.index,
        container_index: 0,
        attach: endpoint.attach.unwrap_or_default(),
        limits: endpoint.paces.limits(),
        limit_class: entry.limit_class,
        attached: Attached {
            generation: life,
            host_link: life.host_link_name(),
            host_mac: wire::HOST_MAC,
            mac: entry.mac,
            mtu: endpoint.mtu,
            addresses: addresses.into_iter().map(shape::given).collect(),
            class: entry.class,
        },
        foreign: None,
        translation,
    };
    if let Some(number) = record.limit_class {
        host.limiter.reserve(number);
    }
    if let Err(error) = claim.put(&record) {
        return Outcome::Failed(crate::chain(&error));
    }
    host.nat.restore(std::slice::from_ref(&record));
    host.addresses.restore(&record).into()
}

fn retire(
    host: &Host,
    rtnl: &mut Rtnl,
    index: u32,
    generation: Generation,
    attachment: Option<&Attachment>,
) -> Outcome {
    let claim = attachment.map(|a| host.attachments.try_claim(a));
    if matches!(claim, Some(None)) {
        return Outcome::Needless;
    }
    // Not by the attachment alone: a long one is not in the link's name.
    let is_known = |record: &Record| record.generation() == generation;
    if host.attachments.all().iter().any(is_known) {
        return Outcome::Needless;
    }
    let declassified = host.dataplane.remove_endpoint(index);
    if let Err(error) = rtnl.apply(wire::retire(index))
        && !error.is_absent()
    {
        return Outcome::Failed(crate::chain(&error));
    }
    host.reaper.wake();
    declassified.into()
}

fn forget(
    host: &Host,
    rtnl: &mut Rtnl,
    attachment: &Attachment,
    generation: Generation,
) -> Outcome {
    match claimed(host, attachment, generation) {
        Some((claim, record))
            if record.state == RecordState::Ready
                && !host_end::is_present(rtnl, &record) =>
        {
            delete::remove(host, rtnl, &claim, &record).into()
        }
        _ => Outcome::Needless,
    }
}
