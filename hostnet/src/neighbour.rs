//! Neighbours and addresses of a link: how they are written and read. Pure.

use std::net::IpAddr;

use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressMessage, AddressScope,
};
use netlink_packet_route::neighbour::{
    NeighbourAttribute, NeighbourHeader, NeighbourMessage, NeighbourState,
};
use tartan_model::{Family, Mac};

use crate::answer::Malformed;
use crate::attributes::{address, attributes};
use crate::route::family_of;

/// include/uapi/linux/neighbour.h
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
/// include/uapi/linux/if_addr.h
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
/// `struct ndmsg` and `struct ifaddrmsg`.
const NEIGHBOUR_HEADER_BYTES: usize = 12;
const ADDRESS_HEADER_BYTES: usize = 8;

/// An address and the station that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The link behind which it is.
    pub link: u32,
    /// Its address.
    pub address: IpAddr,
    /// Its MAC address; none while it is not known.
    pub mac: Option<Mac>,
    /// True where the kernel neither asks for it nor forgets it.
    pub is_permanent: bool,
}

impl Neighbour {
    /// Reads the payload of an RTM_NEWNEIGH; none for one without an IP
    /// address.
    pub(crate) fn read(payload: &[u8]) -> Result<Option<Self>, Malformed> {
        let header =
            NeighbourHeader::parse(payload).map_err(|_| Malformed::Header)?;
        let mut found = None;
        let mut mac = None;
        for (kind, value) in attributes(payload, NEIGHBOUR_HEADER_BYTES)? {
            match kind {
                NDA_DST => found = address(value).ok(),
                NDA_LLADDR => mac = value.try_into().ok().map(Mac),
                _ => {}
            }
        }
        let is_permanent = header.state == NeighbourState::Permanent;
        let link = header.ifindex;
        Ok(found.map(|address| Self { link, address, mac, is_permanent }))
    }
}

/// The message that names a permanent neighbour.
pub(crate) fn neighbour_message(
    link: u32,
    address: IpAddr,
    mac: Mac,
) -> NeighbourMessage {
    let mut message = NeighbourMessage::default();
    message.header.family = family_of(address);
    message.header.ifindex = link;
    message.header.state = NeighbourState::Permanent;
    let destination = NeighbourAttribute::Destination(address.into());
    message.attributes.push(destination);
    let octets = NeighbourAttribute::LinkLayerAddress(mac.0.to_vec());
    message.attributes.push(octets);
    message
}

/// The message that adds or deletes a single address of a link. Nobody else
/// can have it, so no time is spent on asking the link (IFA_F_NODAD).
pub(crate) fn address_message(link: u32, address: IpAddr) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = family_of(address);
    message.header.prefix_len = Family::of(address).bits();
    message.header.index = link;
    message.header.scope = AddressScope::Universe;
    message.attributes = vec![
        AddressAttribute::Local(address),
        AddressAttribute::Address(address),
        AddressAttribute::Flags(AddressFlags::Nodad),
    ];
    message
}

/// Reads the link and the address from the payload of an RTM_NEWADDR.
pub(crate) fn read_address(
    payload: &[u8],
) -> Result<Option<(u32, IpAddr)>, Malformed> {
    let found = attributes(payload, ADDRESS_HEADER_BYTES)?;
    let of = |wanted| found.iter().find(|(kind, _)| *kind == wanted);
    let link: [u8; 4] = payload
        .get(4..ADDRESS_HEADER_BYTES)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(Malformed::Header)?;
    // IFA_ADDRESS is the other end where a link has one; ours is IFA_LOCAL.
    let Some((_, value)) = of(IFA_LOCAL).or_else(|| of(IFA_ADDRESS)) else {
        return Ok(None);
    };
    Ok(Some((u32::from_ne_bytes(link), address(value)?)))
}

#[cfg(test)]
mod tests;
