//! What a record says its attachment should have in the kernel, at each of
//! its ends. Pure. `observed` reads the same types.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tartan_agent_api::record::Record;
use tartan_ebpf::EndpointEntry;
use tartan_hostnet::{BlockPair, ROUTE_PROTOCOL};
use tartan_model::Mac;

use crate::attach::shape;
use crate::attach::wire::{self, BLOCKS, GROUP_LIVE, HOST_MAC};

/// An attachment's end on the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostSide {
    pub(crate) name: String,
    /// True where it has the name that tells whose it is.
    pub(crate) is_named: bool,
    pub(crate) is_up: bool,
    pub(crate) mtu: u32,
    pub(crate) mac: Option<Mac>,
    pub(crate) group: u32,
    pub(crate) blocks: Option<BlockPair>,
    pub(crate) entry: Option<EndpointEntry>,
    /// By which link, and whose route, each address is reached.
    pub(crate) routes: BTreeMap<IpAddr, Option<(u32, u8)>>,
    /// Which MAC address each has for good.
    pub(crate) neighbours: BTreeMap<IpAddr, Option<Mac>>,
}

/// An attachment's end in the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InsideSide {
    pub(crate) name: String,
    pub(crate) is_up: bool,
    pub(crate) mac: Option<Mac>,
    /// Those of the attachment's addresses that it has.
    pub(crate) addresses: BTreeSet<IpAddr>,
    /// Those with a way out.
    pub(crate) ways_out: BTreeSet<IpAddr>,
    /// Which MAC address each gateway has for good.
    pub(crate) gateways: BTreeMap<IpAddr, Option<Mac>>,
}

/// The host's end as it should be.
pub(crate) fn host_side(record: &Record) -> HostSide {
    let attached = &record.attached;
    let route = Some((record.host_index, ROUTE_PROTOCOL));
    HostSide {
        name: attached.host_link.clone(),
        is_named: true,
        is_up: true,
        mtu: attached.mtu,
        mac: Some(attached.host_mac),
        group: GROUP_LIVE,
        blocks: Some(BLOCKS),
        entry: Some(shape::entry(record)),
        routes: record.addresses().map(|a| (a, route)).collect(),
        neighbours: record
            .addresses()
            .map(|a| (a, Some(record.mac())))
            .collect(),
    }
}

/// The container's end as it should be.
pub(crate) fn inside_side(record: &Record) -> InsideSide {
    InsideSide {
        name: record.attachment.interface().to_string(),
        is_up: true,
        mac: Some(record.mac()),
        addresses: record.addresses().collect(),
        ways_out: record.addresses().collect(),
        gateways: record
            .addresses()
            .map(|a| (wire::gateway(a), Some(HOST_MAC)))
            .collect(),
    }
}
