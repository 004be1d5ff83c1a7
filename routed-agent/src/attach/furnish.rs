//! The container's end gets its addresses and its way out. Acts.
//!
//! A container has one default route of each family. Whichever attachment
//! comes first has it, as with other plugins; the kernel is the judge, so
//! that attachments made at the same time need no agreement. Those behind it
//! have a way out for their own addresses only, until the first is gone.

use tartan_agent_api::record::Record;
use tartan_hostnet::{BatchError, Route, Rtnl};

use crate::attach::wire;
use crate::host::Host;

/// Furnishes the container's end; `inside` is netlink in its netns.
pub(crate) fn furnish(
    host: &Host,
    inside: &mut Rtnl,
    record: &Record,
) -> Result<(), BatchError> {
    let Err(error) = inside.apply(wire::container_side(record)) else {
        return Ok(());
    };
    let taken = wire::taken_ways_out(error)?;
    let taken = after_reaping(host, inside, taken)?;
    inside.apply(wire::second_way_out(record, &taken)).map(drop)
}

/// Which of the ways out remain taken once the links that wait to be deleted
/// are: one of them may still have been this container's.
fn after_reaping(
    host: &Host,
    inside: &mut Rtnl,
    taken: Vec<Route>,
) -> Result<Vec<Route>, BatchError> {
    if !host.reaper.report().is_behind {
        return Ok(taken);
    }
    host.reaper.drain();
    match inside.apply(wire::ways_out(&taken)) {
        Ok(_) => Ok(Vec::new()),
        Err(error) => wire::taken_ways_out(error),
    }
}
