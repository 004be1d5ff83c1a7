//! Puts back what differs, and nothing else. Acts.

use tartan_agent_api::record::Record;
use tartan_ebpf::MapError;
use tartan_hostnet::{Batch, BatchError, Rtnl};
use thiserror::Error;

use super::enter::Entered;
use super::kind::{Difference, Kind};
use crate::attach::{shape, wire};
use crate::dataplane::{ClsactMade, clsact_again};
use crate::host::Host;

/// Something stayed as it was found.
#[derive(Debug, Error)]
pub(crate) enum ApplyError {
    #[error("cannot put links, routes and neighbours back")]
    Netlink(#[from] BatchError),
    #[error("cannot write the kernel's maps")]
    Maps(#[from] MapError),
}

/// Repairs the host's end.
pub(crate) fn host_side(
    host: &Host,
    rtnl: &mut Rtnl,
    record: &Record,
    differences: &[Difference],
) -> Result<(), ApplyError> {
    let has = |kind| differences.iter().any(|d| d.kind == kind);
    let index = record.host_index;
    // The class before anything that lets packets pass.
    if has(Kind::MapEntry) {
        host.dataplane.put_endpoint(index, &shape::entry(record))?;
    }
    let went_down = has(Kind::Qdisc)
        && clsact_again(rtnl, index)? == ClsactMade::InPlaceOfAnother;
    let attached = &record.attached;
    let mut batch = Batch::new();
    if has(Kind::HostLinkAltName) {
        let name = wire::alt_name(&record.attachment, attached.generation);
        batch.alt_name(index, &name);
    }
    if has(Kind::HostLinkGroup) {
        batch.group(index, wire::GROUP_LIVE);
    }
    if has(Kind::HostLinkMtu) {
        batch.mtu(index, attached.mtu);
    }
    if has(Kind::HostLinkMac) {
        batch.mac(index, attached.host_mac);
    }
    if !batch.is_empty() {
        rtnl.apply(batch)?;
    }
    let lies_on_link = [
        Kind::HostLink,
        Kind::HostLinkMac,
        Kind::HostRoute,
        Kind::HostNeighbour,
    ];
    if went_down || lies_on_link.into_iter().any(has) {
        rtnl.apply(wire::rewire(record))?;
    }
    Ok(())
}

/// Repairs the container's end: up, its MAC address and addresses, the
/// gateways, then the ways out that are missing.
pub(crate) fn inside_side(
    entered: &mut Entered,
    record: &Record,
    differences: &[Difference],
) -> Result<(), ApplyError> {
    let index = entered.index;
    let has = |kind| differences.iter().any(|d| d.kind == kind);
    let mut first = Batch::new();
    if has(Kind::InsideMac) {
        first.mac(index, record.mac());
    }
    if has(Kind::InsideLink) {
        first.up(index);
    }
    if !first.is_empty() {
        entered.rtnl.apply(first)?;
    }
    let batch = wire::furnish_again(record, index);
    if let Err(error) = entered.rtnl.apply(batch)
        && !is_there(&error)
    {
        return Err(error.into());
    }
    ways_out(entered, record)
}

/// Everything refused is there already.
fn is_there(error: &BatchError) -> bool {
    let refused = error.failures();
    !refused.is_empty() && refused.iter().all(|failure| failure.is_exists())
}

fn ways_out(entered: &mut Entered, record: &Record) -> Result<(), ApplyError> {
    let (rtnl, index) = (&mut entered.rtnl, entered.index);
    let whole = |rtnl: &mut Rtnl| {
        super::observed::ways_out_of(rtnl, index, record).unwrap_or_default()
    };
    let found = whole(rtnl);
    for given in &record.attached.addresses {
        if found.contains(&given.address) {
            continue;
        }
        let (first, second) = wire::way_out_again(record, index, given);
        match rtnl.apply(first) {
            Ok(_) => {}
            // The container has another way out: ours waits behind it.
            Err(error) if is_there(&error) => match rtnl.apply(second) {
                Err(error) if !is_there(&error) => return Err(error.into()),
                _ => {}
            },
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
