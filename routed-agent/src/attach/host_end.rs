//! The host's end of an attachment in the kernel: looks for it, takes it away.
//!
//! An index alone says nothing: the kernel gives it to others, and so do we
//! after a restart. So whoever takes something away first looks whether it is
//! this life's, by its name.

use tartan_agent_api::record::Record;
use tartan_hostnet::{Link, ReadError, Rtnl};

use crate::attach::{hooks, wire};
use crate::chain;
use crate::host::Host;

/// The host's end of this life, if it is there and not on the reaper's list.
pub(crate) fn find(
    rtnl: &mut Rtnl,
    record: &Record,
) -> Result<Option<Link>, ReadError> {
    let link = rtnl.link(record.host_index)?;
    let alt_name = wire::alt_name(&record.attachment, record.generation());
    let is_ours = |link: &Link| {
        link.group == wire::GROUP_LIVE
            && (link.name == record.attached.host_link
                || link.is_called(&alt_name))
    };
    Ok(link.filter(is_ours))
}

/// True where it is there and bears the name of this attachment's life.
pub(crate) fn is_named(rtnl: &mut Rtnl, record: &Record) -> bool {
    let alt_name = wire::alt_name(&record.attachment, record.generation());
    let link = find(rtnl, record);
    link.is_ok_and(|link| link.is_some_and(|l| l.is_called(&alt_name)))
}

/// True where it is there and up.
pub(crate) fn is_wired(rtnl: &mut Rtnl, record: &Record) -> bool {
    find(rtnl, record).is_ok_and(|link| link.is_some_and(|l| l.is_up))
}

/// False only where it is known to be gone: what cannot be looked at counts
/// as there.
pub(crate) fn is_present(rtnl: &mut Rtnl, record: &Record) -> bool {
    find(rtnl, record).map_or(true, |link| link.is_some())
}

/// Takes its routes and puts it on the reaper's list. Goes on whatever
/// happens: what stays is found by the next sweep.
pub(crate) fn retire(host: &Host, rtnl: &mut Rtnl, record: &Record) {
    let attachment = &record.attachment;
    match find(rtnl, record) {
        // The netns is gone, and the veth pair with it.
        Ok(None) => return,
        Ok(Some(_)) => {}
        Err(error) => {
            tracing::warn!(%attachment, "link stays: {}", chain(&error));
            return;
        }
    }
    if let Err(error) = rtnl.apply(wire::unwire(record))
        && !error.is_absent()
    {
        tracing::warn!(%attachment, "link stays: {}", chain(&error));
    }
    host.reaper.wake();
}

/// Takes away what holds the programs at its link. Goes on whatever happens,
/// as [`retire`].
pub(crate) fn detach(host: &Host, record: &Record) {
    if let Err(error) = hooks::remove(host, record) {
        let attachment = &record.attachment;
        tracing::warn!(%attachment, "its programs stay: {}", chain(&error));
    }
}

/// Takes the class away by which what it sends is limited. Goes on whatever
/// happens, as [`retire`].
pub(crate) fn unlimit(host: &Host, rtnl: &mut Rtnl, record: &Record) {
    let Some(number) = record.limit_class else { return };
    if let Err(error) = host.limiter.delete_class(rtnl, number) {
        let attachment = &record.attachment;
        tracing::warn!(%attachment, "its limit stays: {}", chain(&error));
    }
}

/// Takes the class of this life out of the kernel's maps, and no other's.
pub(crate) fn declassify(host: &Host, record: &Record) {
    let index = record.host_index;
    let gone = match host.dataplane.endpoint(index) {
        Ok(Some(entry)) if entry.generation == record.generation() => {
            host.dataplane.remove_endpoint(index)
        }
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = gone {
        let attachment = &record.attachment;
        tracing::warn!(%attachment, "class stays: {}", chain(&error));
    }
}
