//! The attributes of a netlink answer, as kind and bytes. Pure; never panics,
//! whatever the bytes are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{NLA_HEADER_SIZE, NlasIterator};

use crate::answer::Malformed;

/// The attributes behind a header of `header_bytes`, in their order.
pub(crate) fn attributes(
    payload: &[u8],
    header_bytes: usize,
) -> Result<Vec<(u16, &[u8])>, Malformed> {
    let behind = payload.get(header_bytes..).ok_or(Malformed::Header)?;
    NlasIterator::new(behind)
        .map(|attribute| {
            let attribute = attribute.map_err(|_| Malformed::Attribute)?;
            let end = usize::from(attribute.length());
            attribute
                .into_inner()
                .get(NLA_HEADER_SIZE..end)
                .map(|value| (attribute.kind(), value))
                .ok_or(Malformed::Attribute)
        })
        .collect()
}

/// A number of 32 bits in the host's order.
pub(crate) fn number(value: &[u8]) -> Result<u32, Malformed> {
    value.try_into().map(u32::from_ne_bytes).map_err(|_| Malformed::Attribute)
}

/// A text, up to its first zero.
pub(crate) fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned()
}

/// An address of either family, told by its length.
pub(crate) fn address(value: &[u8]) -> Result<IpAddr, Malformed> {
    if let Ok(octets) = <[u8; 4]>::try_from(value) {
        return Ok(Ipv4Addr::from(octets).into());
    }
    <[u8; 16]>::try_from(value)
        .map(|octets| Ipv6Addr::from(octets).into())
        .map_err(|_| Malformed::Attribute)
}

#[cfg(test)]
mod tests;
