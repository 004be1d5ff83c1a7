//! Whether something that happened may have left an attachment other than
//! its ADD left it. Pure.
//!
//! Most of what happens is our own doing: an ADD alone makes some twenty
//! events. What an event tells is therefore held against the record first,
//! and only what does not agree with it is worth a look.

use std::net::IpAddr;

use tartan_agent_api::record::{Record, RecordState};
use tartan_hostnet::{Change, Happening, Link, Neighbour, ROUTE_PROTOCOL};

use tartan_model::AttachMode;

use crate::attach::wire::{
    self, BLOCKS, GATEWAY_4, GATEWAY_6, GROUP_LIVE, GROUP_REAP, HOST_MAC,
};

/// True where the host's end of `record` has to be looked at.
pub(crate) fn at_host(happening: &Happening, record: &Record) -> bool {
    if record.state != RecordState::Ready {
        return false;
    }
    match happening {
        Happening::Link { change: Change::Gone, .. } => true,
        Happening::Link { link, .. } => {
            link.group != GROUP_REAP.get() && !is_host_end(link, record)
        }
        Happening::Route { change, protocol, link, to_address, .. } => {
            let is_ours =
                *protocol == ROUTE_PROTOCOL && *link == Some(record.host_index);
            let is_of_it = to_address.is_some_and(|to| has(record, to));
            is_of_it && (is_ours == (*change == Change::Gone))
        }
        Happening::Neighbour { change, neighbour } => {
            let is_right = *change == Change::Is
                && neighbour.mac == Some(record.mac())
                && neighbour.is_permanent;
            has(record, neighbour.address) && !is_right
        }
        Happening::Qdisc { change, is_clsact, blocks, .. } => {
            let is_right = *change == Change::Is && *blocks == Some(BLOCKS);
            *is_clsact && record.attach == AttachMode::SharedBlock && !is_right
        }
        Happening::Address { .. }
        | Happening::Rule { .. }
        | Happening::Filter { .. }
        | Happening::Setting => false,
    }
}

fn is_host_end(link: &Link, record: &Record) -> bool {
    let attached = &record.attached;
    let alt_name = wire::alt_name(&record.attachment, attached.generation);
    link.is_up
        && link.name == attached.host_link
        && link.mtu == attached.mtu
        && link.mac == Some(attached.host_mac)
        && link.group == GROUP_LIVE
        && link.alt_names.contains(&alt_name)
}

/// True where the container's end of `record` has to be looked at;
/// `happening` was in its namespace.
pub(crate) fn inside(happening: &Happening, record: &Record) -> bool {
    if record.state != RecordState::Ready {
        return false;
    }
    let index = record.container_index;
    match happening {
        Happening::Link { change, link, .. } => {
            let is_right = *change == Change::Is
                && link.is_up
                && link.mac == Some(record.mac())
                && link.name == record.attachment.interface().as_str();
            link.index == index && !is_right
        }
        Happening::Address { change, link, address } => {
            *link == index && *change == Change::Gone && has(record, *address)
        }
        Happening::Route { change, protocol, is_default, link, .. } => {
            let is_ours = *protocol == ROUTE_PROTOCOL && *link == Some(index);
            *is_default && (is_ours == (*change == Change::Gone))
        }
        Happening::Neighbour { change, neighbour } => {
            neighbour.link == index && !is_gateway(*change, neighbour)
        }
        Happening::Rule { change, protocol } => {
            *change == Change::Gone && *protocol == ROUTE_PROTOCOL
        }
        Happening::Qdisc { .. }
        | Happening::Filter { .. }
        | Happening::Setting => false,
    }
}

/// True for other neighbours too: a container has as many as it likes.
fn is_gateway(change: Change, neighbour: &Neighbour) -> bool {
    let is_one = [GATEWAY_4, GATEWAY_6].contains(&neighbour.address);
    let is_right = change == Change::Is
        && neighbour.mac == Some(HOST_MAC)
        && neighbour.is_permanent;
    !is_one || is_right
}

fn has(record: &Record, address: IpAddr) -> bool {
    record.addresses().any(|own| own == address)
}

#[cfg(test)]
mod tests;
