//! The programs at a link: in the blocks that all share, in filters of its
//! own, or by BPF links. Acts.
//!
//! A shared block costs nothing for each link and is asked for with the link
//! itself. The other two are for links to which others attach something as
//! well: a qdisc of theirs, programs of theirs.

use tartan_agent_api::record::Record;
use tartan_ebpf::{Dataplane, Direction, LimiterProgram, TcxError};
use tartan_hostnet::{
    Batch, BatchError, FilterPlace, FilterSpec, FilterTask, ReadError, Rtnl,
};
use tartan_model::AttachMode;
use thiserror::Error;

use crate::attach::wire;
use crate::dataplane::{ClsactMade, HANDLE, PRIORITY, clsact_again};
use crate::host::Host;
use crate::limiter::{self, LimiterError};

/// Programs that are not where they should be.
#[derive(Debug, Error)]
pub(crate) enum HookError {
    #[error("cannot put filters at link {link}")]
    Filters {
        link: String,
        #[source]
        source: BatchError,
    },
    #[error("cannot attach by BPF links (they need Linux 6.6)")]
    Tcx(#[from] TcxError),
    #[error("cannot redirect to the limiter")]
    Limiter(#[from] LimiterError),
}

impl HookError {
    /// True where the link is not there.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Filters { source, .. } if source.is_absent())
    }
}

/// Puts this build's programs at the link of `record`, over what may be there
/// of them. The shared blocks came with the link.
pub(crate) fn put(
    dataplane: &Dataplane,
    rtnl: &mut Rtnl,
    record: &Record,
) -> Result<(), HookError> {
    match record.attach {
        AttachMode::SharedBlock => return Ok(()),
        AttachMode::Clsact => own_filters(dataplane, rtnl, record)?,
        AttachMode::Tcx => {
            let link = &record.attached.host_link;
            dataplane.attach_tcx(link, record.generation())?;
        }
    }
    redirect(dataplane, rtnl, record)
}

/// Has every link with programs of its own meet this build's: behind this
/// only links that are gone, or cannot be changed, have another's.
pub(crate) fn replace_all(
    dataplane: &Dataplane,
    rtnl: &mut Rtnl,
    records: &[Record],
) {
    for record in records {
        if let Err(error) = put(dataplane, rtnl, record) {
            let attachment = &record.attachment;
            tracing::warn!(%attachment, "{}", crate::chain(&error));
        }
    }
}

/// The same, for a link from which somebody took something away.
pub(crate) fn mend(
    host: &Host,
    rtnl: &mut Rtnl,
    record: &Record,
) -> Result<(), HookError> {
    if record.attach != AttachMode::SharedBlock {
        return put(&host.dataplane, rtnl, record);
    }
    let refused = |source| {
        let link = record.attached.host_link.clone();
        HookError::Filters { link, source }
    };
    match clsact_again(rtnl, record.host_index).map_err(refused)? {
        ClsactMade::Added => Ok(()),
        ClsactMade::InPlaceOfAnother => {
            rtnl.apply(wire::rewire(record)).map(drop).map_err(refused)
        }
    }
}

/// Takes away what does not go with the link. Absent is success.
pub(crate) fn remove(host: &Host, record: &Record) -> Result<(), HookError> {
    match record.attach {
        AttachMode::SharedBlock | AttachMode::Clsact => Ok(()),
        AttachMode::Tcx => {
            Ok(host.dataplane.detach_tcx(record.generation())?)
        }
    }
}

/// True where the filters of this build are the link's own.
pub(crate) fn has_own_filters(
    host: &Host,
    rtnl: &mut Rtnl,
    link: u32,
) -> Result<bool, ReadError> {
    for direction in Direction::ALL {
        let id = host.dataplane.identity(direction).id;
        let found = rtnl.filters(place(direction, link))?;
        if !found.iter().any(|filter| filter.program_id == Some(id)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn place(direction: Direction, link: u32) -> FilterPlace {
    match direction {
        Direction::FromContainer => FilterPlace::Ingress(link),
        Direction::ToContainer => FilterPlace::Egress(link),
    }
}

fn own_filters(
    dataplane: &Dataplane,
    rtnl: &mut Rtnl,
    record: &Record,
) -> Result<(), HookError> {
    own_clsact(rtnl, record)?;
    let mut batch = Batch::new();
    for direction in Direction::ALL {
        let filter = FilterSpec {
            priority: PRIORITY,
            handle: HANDLE,
            name: direction.as_str(),
            program: dataplane.program(direction),
            task: FilterTask::Judge,
        };
        batch.put_filter(place(direction, record.host_index), &filter);
    }
    made(rtnl, record, batch)
}

/// What the shared block does for all: what is limited goes by the limiter.
fn redirect(
    dataplane: &Dataplane,
    rtnl: &mut Rtnl,
    record: &Record,
) -> Result<(), HookError> {
    let limited = record.limit_class.and(limiter::device(rtnl)?);
    let Some(limiter) = limited else { return Ok(()) };
    own_clsact(rtnl, record)?;
    let which = LimiterProgram::Limited;
    let filter = FilterSpec {
        priority: limiter::PRIORITY,
        handle: HANDLE,
        name: which.as_str(),
        program: dataplane.limiter_program(which),
        task: FilterTask::Redirect(limiter.index),
    };
    let mut batch = Batch::new();
    batch.put_filter(FilterPlace::Ingress(record.host_index), &filter);
    made(rtnl, record, batch)
}

/// A qdisc that is there already is as good.
fn own_clsact(rtnl: &mut Rtnl, record: &Record) -> Result<(), HookError> {
    let mut batch = Batch::new();
    batch.own_clsact(record.host_index);
    made(rtnl, record, batch)
}

fn made(
    rtnl: &mut Rtnl,
    record: &Record,
    batch: Batch<'_>,
) -> Result<(), HookError> {
    match rtnl.apply(batch) {
        Err(error) if error.is_exists() => Ok(()),
        done => done.map(drop).map_err(|source| HookError::Filters {
            link: record.attached.host_link.clone(),
            source,
        }),
    }
}
