//! What the kernel has of ours: links by their alternative names, entries of
//! the maps, host routes of our protocol number. Acts, by reading only.

mod limits;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tartan_ebpf::{EndpointEntry, MapError, TcxError};
use tartan_hostnet::{Link, Queue, QueueKind, ROUTE_PROTOCOL, ReadError, Rtnl};
use tartan_model::{AttachMode, Generation};
use thiserror::Error;

use crate::attach::hooks;
use crate::attach::shaping::Paces;
use crate::attach::wire::{self, GROUP_REAP};
use crate::endpoints::{Endpoint, Endpoints};
use crate::host::Host;
use crate::limiter::LimiterError;

/// The kernel could not be read.
#[derive(Debug, Error)]
pub(crate) enum ObserveError {
    #[error("cannot list links and routes")]
    Netlink(#[from] ReadError),
    #[error("cannot look at the pinned links")]
    Pins(#[from] TcxError),
    #[error("cannot look at the limiter")]
    Limiter(#[from] LimiterError),
    #[error("cannot list the endpoints in the kernel's maps")]
    Maps(#[from] MapError),
}

/// Reads what is there.
pub(crate) fn observe(
    host: &Host,
    rtnl: &mut Rtnl,
) -> Result<Endpoints, ObserveError> {
    // Maps before links: an entry made meanwhile is then not seen at all,
    // rather than seen without its link.
    let mut entries: BTreeMap<u32, EndpointEntry> =
        host.dataplane.endpoints()?.into_iter().collect();
    let links = rtnl.links()?;
    let mut routes: BTreeMap<u32, Vec<IpAddr>> = BTreeMap::new();
    for route in rtnl.routes(ROUTE_PROTOCOL)? {
        let of_link = routes.entry(route.link).or_default();
        of_link.push(route.destination.first());
        of_link.sort();
    }
    let pins: BTreeSet<_> = host.dataplane.tcx_lives()?.into_iter().collect();
    let found = limits::read(rtnl)?;
    let mut wired = BTreeMap::new();
    for link in links {
        let entry = entries.remove(&link.index);
        let Some((generation, mut endpoint)) = endpoint(&link) else {
            continue;
        };
        let hooked = Hooked { queues: &found.queues, pins: &pins };
        endpoint.attach = hooked.mode(host, rtnl, (&link, generation))?;
        let class = entry.and_then(|entry| entry.limit_class);
        endpoint.paces = found.paces(link.index, class);
        endpoint.entry = entry;
        endpoint.routes = routes.remove(&link.index).unwrap_or_default();
        wired.insert(generation, endpoint);
    }
    let stray_entries = entries.into_keys().collect();
    let limiter = found.limiter;
    Ok(Endpoints {
        wired,
        stray_entries,
        pins,
        limiter,
        ..Endpoints::default()
    })
}

/// What tells how links have their programs.
struct Hooked<'a> {
    queues: &'a [Queue],
    pins: &'a BTreeSet<Generation>,
}

impl Hooked<'_> {
    fn mode(
        &self,
        host: &Host,
        rtnl: &mut Rtnl,
        (link, life): (&Link, Generation),
    ) -> Result<Option<AttachMode>, ReadError> {
        let blocks = self.queues.iter().find_map(|queue| {
            let QueueKind::Clsact(blocks) = queue.kind else { return None };
            (queue.link == link.index).then_some(blocks)
        });
        if blocks == Some(Some(wire::BLOCKS)) {
            return Ok(Some(AttachMode::SharedBlock));
        }
        if self.pins.contains(&life)
            && host.dataplane.is_attached_tcx(&link.name, life)
        {
            return Ok(Some(AttachMode::Tcx));
        }
        let is_own =
            blocks.is_some() && hooks::has_own_filters(host, rtnl, link.index)?;
        Ok(is_own.then_some(AttachMode::Clsact))
    }
}

/// A link of ours that lives; none where it is another's or the reaper's.
fn endpoint(link: &Link) -> Option<(Generation, Endpoint)> {
    if link.group == GROUP_REAP.get() {
        return None;
    }
    let (generation, attachment) =
        link.alt_names.iter().find_map(|name| wire::read_alt_name(name))?;
    let endpoint = Endpoint {
        index: link.index,
        attachment,
        mtu: link.mtu,
        is_up: link.is_up,
        entry: None,
        attach: None,
        paces: Paces::default(),
        routes: Vec::new(),
    };
    Some((generation, endpoint))
}
