//! CHECK: is an attachment as its ADD left it? Acts by reading only; it
//! repairs nothing.
//!
//! What later plugins of a chain may change (routes, the MTU) is not looked
//! at; what is ours alone is: the host's end, the class in the kernel, the
//! host routes, the container's interface and its addresses.

use std::net::IpAddr;

use tartan_agent_api::plugin::{Check, Link};
use tartan_agent_api::record::{Record, RecordState};
use tartan_ebpf::MapError;
use tartan_hostnet::{ROUTE_PROTOCOL, ReadError, Rtnl};
use tartan_model::{Attachment, InterfaceName};
use thiserror::Error;

use crate::attach::inside::Inside;
use crate::attach::{host_end, shape};
use crate::host::Host;
use crate::nat::NatError;

/// What is not as it was.
#[derive(Debug, Error)]
pub(crate) enum CheckError {
    #[error("attachment {0} is not known on this host")]
    Unknown(Attachment),
    #[error("attachment {0} is not finished")]
    Unfinished(Attachment),
    #[error("address {0} of prevResult was not given to this attachment")]
    NotGiven(IpAddr),
    #[error("address {0} was given, and prevResult does not have it")]
    NotListed(IpAddr),
    #[error("attachment {0} was made in another network namespace")]
    OtherNetns(Attachment),
    #[error("the host's end {0} is gone")]
    HostEndGone(String),
    #[error("the host's end {0} is down")]
    HostEndDown(String),
    #[error("the class of {0} is not in the kernel as it was given")]
    Class(String),
    #[error("the host route to {address} by {link} is gone")]
    Route { address: IpAddr, link: String },
    #[error("interface '{0}' is not in the container")]
    InterfaceGone(InterfaceName),
    #[error("interface '{0}' is down in the container")]
    InterfaceDown(InterfaceName),
    #[error(
        "interface '{interface}' in the container has MAC address {found}, \
         not the {given} that anti-spoofing lets pass"
    )]
    Mac { interface: InterfaceName, given: String, found: String },
    #[error("interface '{interface}' lacks address {address}")]
    Address { interface: InterfaceName, address: IpAddr },
    #[error("masquerade or host ports are not in the kernel as asked for")]
    Translation,
    #[error("cannot read links, routes and addresses")]
    Netlink(#[from] ReadError),
    #[error("cannot read the kernel's maps")]
    Maps(#[from] MapError),
    #[error("cannot read translation")]
    Nat(#[from] NatError),
}

/// Compares the attachment with its record and with `wish`.
pub(crate) fn check(
    host: &Host,
    rtnl: &mut Rtnl,
    wish: &Check,
    inside: &mut Inside,
) -> Result<(), CheckError> {
    let claim = host.attachments.claim(&wish.attachment);
    let unknown = || CheckError::Unknown(wish.attachment.clone());
    let record = claim.record().ok_or_else(unknown)?;
    if record.state != RecordState::Ready {
        return Err(CheckError::Unfinished(wish.attachment.clone()));
    }
    if record.link() == Link::Foreign {
        return foreign(wish, &record, inside);
    }
    addresses(wish, &record)?;
    host_side(host, rtnl, &record)?;
    if !host.nat.holds(&record)? {
        return Err(CheckError::Translation);
    }
    container_side(&record, &mut inside.rtnl)
}

/// Of a link that another plugin made only the addresses are ours; others may
/// have given it more, and that plugin looks at the link.
fn foreign(
    wish: &Check,
    record: &Record,
    inside: &Inside,
) -> Result<(), CheckError> {
    if record.netns_cookie != inside.cookie {
        return Err(CheckError::OtherNetns(record.attachment.clone()));
    }
    let unlisted = record.addresses().find(|a| !wish.addresses.contains(a));
    unlisted.map_or(Ok(()), |address| Err(CheckError::NotListed(address)))
}

fn addresses(wish: &Check, record: &Record) -> Result<(), CheckError> {
    let given: Vec<_> = record.addresses().collect();
    for address in &wish.addresses {
        if !given.contains(address) {
            return Err(CheckError::NotGiven(*address));
        }
    }
    let unlisted = given.into_iter().find(|a| !wish.addresses.contains(a));
    unlisted.map_or(Ok(()), |address| Err(CheckError::NotListed(address)))
}

fn host_side(
    host: &Host,
    rtnl: &mut Rtnl,
    record: &Record,
) -> Result<(), CheckError> {
    let name = &record.attached.host_link;
    let link = host_end::find(rtnl, record)?
        .ok_or_else(|| CheckError::HostEndGone(name.clone()))?;
    if !link.is_up {
        return Err(CheckError::HostEndDown(name.clone()));
    }
    let found = host.dataplane.endpoint(record.host_index)?;
    if found.as_ref() != Some(&shape::entry(record)) {
        return Err(CheckError::Class(name.clone()));
    }
    let routes = rtnl.routes(ROUTE_PROTOCOL)?;
    for address in record.addresses() {
        let is_there = routes.iter().any(|route| {
            route.link == record.host_index
                && route.destination.first() == address
        });
        if !is_there {
            return Err(CheckError::Route { address, link: name.clone() });
        }
    }
    Ok(())
}

fn container_side(
    record: &Record,
    inside: &mut Rtnl,
) -> Result<(), CheckError> {
    let interface = record.attachment.interface().clone();
    let link = inside
        .link_named(interface.as_str())?
        .filter(|link| link.peer_index == Some(record.host_index))
        .ok_or_else(|| CheckError::InterfaceGone(interface.clone()))?;
    if !link.is_up {
        return Err(CheckError::InterfaceDown(interface));
    }
    if link.mac != Some(record.mac()) {
        let given = record.mac().to_string();
        let found = link.mac.map_or("none".to_owned(), |m| m.to_string());
        return Err(CheckError::Mac { interface, given, found });
    }
    let present = inside.addresses(link.index)?;
    let absent = record.addresses().find(|a| !present.contains(a));
    absent.map_or(Ok(()), |address| {
        Err(CheckError::Address { interface, address })
    })
}
