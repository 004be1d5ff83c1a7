//! What follows from a record or a request, without asking anybody. Pure.

use std::net::IpAddr;

use tartan_agent_api::plugin::{Add, Given, Link};
use tartan_agent_api::record::{Record, RecordState};
use tartan_ebpf::EndpointEntry;
use tartan_model::{Family, Pool, PoolName, Range, RangeError, Ranges};

use crate::attach::wire;
use crate::registry::Snapshot;

/// What the kernel's maps say of an attachment.
pub(crate) fn entry(record: &Record) -> EndpointEntry {
    let mut entry = EndpointEntry {
        class: record.class(),
        generation: record.generation(),
        mac: record.mac(),
        ipv4: None,
        ipv6: None,
        limit_class: record.limit_class,
    };
    for address in record.addresses() {
        match address {
            IpAddr::V4(v4) => entry.ipv4 = Some(v4),
            IpAddr::V6(v6) => entry.ipv6 = Some(v6),
        }
    }
    entry
}

/// True where the attachment is what `wish` asks for, so that asking again
/// may be answered with it.
pub(crate) fn answers(record: &Record, wish: &Add) -> bool {
    let given: Vec<_> = record.addresses().collect();
    record.state == RecordState::Ready
        && wish.addresses.iter().all(|asked| given.contains(asked))
        && wish.mac.is_none_or(|asked| asked == record.mac())
        && wish.limits == record.limits
        && wish.attach.is_none_or(|asked| asked == record.attach)
        && wish.mtu.is_none_or(|asked| asked == record.attached.mtu)
        && wish.translation == record.translation
        && (wish.ranges.is_empty() || wish.ranges.are_met_by(&given))
}

/// The pools of a request: `default` where it names none and no ranges
/// either, for ranges say by themselves which pools they lie in.
pub(crate) fn pools(named: &[PoolName], ranges: &Ranges) -> Vec<PoolName> {
    if named.is_empty() && ranges.is_empty() {
        return "default".parse().into_iter().collect();
    }
    named.to_vec()
}

/// The ranges of a request. A link that another plugin makes has a subnet and
/// a gateway: where none are named, those are of the pools. A pool that is
/// not known is left out here; the ledger tells of it.
pub(crate) fn ranges(
    link: Link,
    named: &Ranges,
    pools: &[PoolName],
    registry: &Snapshot,
) -> Result<Ranges, RangeError> {
    if link == Link::Ours || !named.is_empty() {
        return Ok(named.clone());
    }
    let found = pools.iter().filter_map(|name| registry.pools.get(name));
    let found: Vec<&Pool> = found.collect();
    let set = |family| {
        let cidrs = found.iter().filter_map(|pool| pool.cidr(family));
        cidrs.map(Range::whole).collect::<Result<Vec<_>, _>>()
    };
    let sets: Result<Vec<Vec<Range>>, _> =
        Family::ALL.into_iter().map(set).collect();
    let sets = sets?.into_iter().filter(|set| !set.is_empty());
    sets.collect::<Vec<_>>().try_into()
}

/// An address with the subnet and the gateway of its range, where the link is
/// another's.
pub(crate) fn given_on(link: Link, address: IpAddr, ranges: &Ranges) -> Given {
    match (link, ranges.giving(address)) {
        (Link::Foreign, Some(range)) => Given {
            address,
            gateway: range.gateway(),
            length: Some(range.subnet().length()),
        },
        _ => given(address),
    }
}

/// An address with its way out.
pub(crate) fn given(address: IpAddr) -> Given {
    Given { address, gateway: wire::gateway(address), length: None }
}
