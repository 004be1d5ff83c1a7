//! Links: what one is, and what a new veth pair shall be. Pure.

use netlink_packet_route::link::{LinkFlags, LinkHeader};
use tartan_model::Mac;

use crate::answer::Malformed;
use crate::attributes::{attributes, number, text};
use crate::netns::NetNs;

/// include/uapi/linux/if_link.h
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_LINKINFO: u16 = 18;
const IFLA_GROUP: u16 = 27;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
const IFLA_INFO_KIND: u16 = 1;

/// `struct ifinfomsg`.
const HEADER_BYTES: usize = 16;

/// A link as the kernel describes it. What it did not say is empty or zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Its number, unique in its namespace.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// The other names it goes by.
    pub alt_names: Vec<String>,
    /// Its MAC address; none where its hardware has another kind.
    pub mac: Option<Mac>,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// True where somebody set it up, whether or not its peer is.
    pub is_up: bool,
    /// Its group: 0 unless somebody set one.
    pub group: u32,
    /// `veth`, `vxlan`, ...; none for hardware.
    pub kind: Option<String>,
    /// The number of its peer, in the peer's namespace.
    pub peer_index: Option<u32>,
    /// The peer's namespace as this one numbers it; none where it is this.
    pub peer_netns_id: Option<u32>,
}

/// One end of a veth pair to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VethEnd {
    /// Its name, at most 15 bytes.
    pub name: String,
    /// Its MAC address.
    pub mac: Mac,
    /// Largest packet, in bytes.
    pub mtu: u32,
}

/// A veth pair to be: both ends down, the peer born in its namespace.
#[derive(Clone, Debug)]
pub struct VethSpec<'ns> {
    /// The number of the host's end; from [`LinkIndexes`](crate::LinkIndexes).
    pub index: u32,
    /// The group of the host's end.
    pub group: u32,
    /// The host's end.
    pub host: VethEnd,
    /// The container's end.
    pub container: VethEnd,
    /// Where the container's end is born; none: beside the host's.
    pub netns: Option<&'ns NetNs>,
}

impl Link {
    /// True where `name` is one of its names.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.alt_names.iter().any(|other| other == name)
    }

    /// Reads the payload of an RTM_NEWLINK. Attributes we do not use are not
    /// looked at, so that a strange link of others hides nothing of ours.
    pub(crate) fn read(payload: &[u8]) -> Result<Self, Malformed> {
        let header =
            LinkHeader::parse(payload).map_err(|_| Malformed::Header)?;
        let mut link = Self {
            index: header.index,
            is_up: header.flags.contains(LinkFlags::Up),
            ..Self::default()
        };
        for (kind, value) in attributes(payload, HEADER_BYTES)? {
            link.take(kind, value)?;
        }
        Ok(link)
    }

    fn take(&mut self, kind: u16, value: &[u8]) -> Result<(), Malformed> {
        match kind {
            IFLA_ADDRESS => self.mac = value.try_into().ok().map(Mac),
            IFLA_IFNAME => self.name = text(value),
            IFLA_MTU => self.mtu = number(value)?,
            IFLA_LINK => self.peer_index = Some(number(value)?),
            IFLA_GROUP => self.group = number(value)?,
            IFLA_LINK_NETNSID => self.peer_netns_id = Some(number(value)?),
            IFLA_LINKINFO => self.kind = info_kind(value)?,
            IFLA_PROP_LIST => self.alt_names = alt_names(value)?,
            _ => {}
        }
        Ok(())
    }
}

fn info_kind(value: &[u8]) -> Result<Option<String>, Malformed> {
    let mut nested = attributes(value, 0)?.into_iter();
    Ok(nested.find(|(kind, _)| *kind == IFLA_INFO_KIND).map(|(_, v)| text(v)))
}

fn alt_names(value: &[u8]) -> Result<Vec<String>, Malformed> {
    let nested = attributes(value, 0)?.into_iter();
    Ok(nested
        .filter(|(kind, _)| *kind == IFLA_ALT_IFNAME)
        .map(|(_, name)| text(name))
        .collect())
}

#[cfg(test)]
mod tests;
