//! What the kernel has of ours: links by their alternative names, entries of
//! the maps, host routes of our protocol number. Acts, by reading only.

mod limits;

use std::collections::BTreeMap;
use std::net::IpAddr;

use tartan_ebpf::{EndpointEntry, MapError};
use tartan_hostnet::{Link, ROUTE_PROTOCOL, ReadError, Rtnl};
use tartan_model::Generation;
use thiserror::Error;

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
    let found = limits::read(rtnl)?;
    let mut wired = BTreeMap::new();
    for link in links {
        let entry = entries.remove(&link.index);
        let Some((generation, mut endpoint)) = endpoint(&link) else {
            continue;
        };
        let class = entry.and_then(|entry| entry.limit_class);
        endpoint.paces = found.paces(link.index, class);
        endpoint.entry = entry;
        endpoint.routes = routes.remove(&link.index).unwrap_or_default();
        wired.insert(generation, endpoint);
    }
    let stray_entries = entries.into_keys().collect();
    let limiter = found.limiter;
    Ok(Endpoints { wired, stray_entries, limiter, ..Endpoints::default() })
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
        paces: Paces::default(),
        routes: Vec::new(),
    };
    Some((generation, endpoint))
}
