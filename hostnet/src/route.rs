//! Routes: what one is, how it is written and read. Pure.

use std::fmt;
use std::net::IpAddr;

use netlink_packet_route::AddressFamily;
use netlink_packet_route::route::{
    RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteProtocol,
    RouteScope as Scope, RouteType,
};
use tartan_model::{Family, Prefix};

use crate::ROUTE_PROTOCOL;
use crate::answer::Malformed;
use crate::attributes::{address, attributes, number};

/// include/uapi/linux/rtnetlink.h
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_TABLE: u16 = 15;

/// `struct rtmsg`.
const HEADER_BYTES: usize = 12;

/// A unicast route through one link. Those of other kinds are not read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// Where to.
    pub destination: Prefix,
    /// Through which link.
    pub link: u32,
    /// Over which next hop; none: the destination is on the link.
    pub next_hop: Option<NextHop>,
    /// How far the destination is; IPv6 knows no scopes.
    pub scope: RouteScope,
    /// Who made it.
    pub protocol: u8,
    /// Which of several to one destination is taken: the lowest. None: the
    /// kernel's own (0 for IPv4, 1024 for IPv6).
    pub metric: Option<u32>,
    /// In which table; 254 is the main one.
    pub table: u32,
}

/// The next hop of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NextHop {
    /// An address that the kernel finds on a subnet of the link.
    Via(IpAddr),
    /// An address that is taken to be on the link, subnet or not.
    OnLink(IpAddr),
}

/// How far the destination of a route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteScope {
    /// Behind a next hop.
    Universe,
    /// On the link.
    Link,
}

impl NextHop {
    /// Its address.
    pub fn address(self) -> IpAddr {
        match self {
            Self::Via(address) | Self::OnLink(address) => address,
        }
    }
}

impl Route {
    /// The number of the main table.
    pub const MAIN_TABLE: u32 = 254;

    /// The route of one address that is on a link: the host's route to a
    /// container, and the container's to its gateway.
    pub fn to_address(address: IpAddr, link: u32) -> Self {
        let scope = match Family::of(address) {
            Family::V4 => RouteScope::Link,
            Family::V6 => RouteScope::Universe,
        };
        Self::new(Prefix::host(address), link, None, scope)
    }

    /// The default route over a gateway that no subnet of the link holds.
    pub fn default_via(gateway: IpAddr, link: u32) -> Option<Self> {
        let everything = Prefix::containing(Family::of(gateway).address(0), 0)?;
        let next_hop = Some(NextHop::OnLink(gateway));
        Some(Self::new(everything, link, next_hop, RouteScope::Universe))
    }

    fn new(
        destination: Prefix,
        link: u32,
        next_hop: Option<NextHop>,
        scope: RouteScope,
    ) -> Self {
        let (protocol, table) = (ROUTE_PROTOCOL, Self::MAIN_TABLE);
        let metric = None;
        Self { destination, link, next_hop, scope, protocol, metric, table }
    }

    /// The message that adds or deletes it.
    pub(crate) fn message(&self) -> RouteMessage {
        let mut message = RouteMessage::default();
        message.header = self.header();
        if self.destination.length() > 0 {
            let first = self.destination.first().into();
            message.attributes.push(RouteAttribute::Destination(first));
        }
        message.attributes.push(RouteAttribute::Oif(self.link));
        message.attributes.push(RouteAttribute::Table(self.table));
        if let Some(hop) = self.next_hop {
            let gateway = RouteAttribute::Gateway(hop.address().into());
            message.attributes.push(gateway);
        }
        if let Some(metric) = self.metric {
            message.attributes.push(RouteAttribute::Priority(metric));
        }
        message
    }

    fn header(&self) -> RouteHeader {
        RouteHeader {
            address_family: family_of(self.destination.first()),
            destination_prefix_length: self.destination.length(),
            table: RouteHeader::RT_TABLE_UNSPEC, // the attribute says it
            protocol: RouteProtocol::Other(self.protocol),
            scope: match self.scope {
                RouteScope::Universe => Scope::Universe,
                RouteScope::Link => Scope::Link,
            },
            kind: RouteType::Unicast,
            flags: match self.next_hop {
                Some(NextHop::OnLink(_)) => RouteFlags::Onlink,
                Some(NextHop::Via(_)) | None => RouteFlags::empty(),
            },
            ..RouteHeader::default()
        }
    }

    /// Reads the payload of an RTM_NEWROUTE; none for a route of another
    /// kind (multipath, blackhole, local, cloned).
    pub(crate) fn read(payload: &[u8]) -> Result<Option<Self>, Malformed> {
        let header =
            RouteHeader::parse(payload).map_err(|_| Malformed::Header)?;
        let is_cloned = header.flags.contains(RouteFlags::Cloned);
        if header.kind != RouteType::Unicast || is_cloned {
            return Ok(None);
        }
        let mut found = Found::default();
        for (kind, value) in attributes(payload, HEADER_BYTES)? {
            found.take(kind, value)?;
        }
        Ok(found.route(&header))
    }
}

/// The attributes of a route while they are read.
#[derive(Default)]
struct Found {
    destination: Option<IpAddr>,
    link: Option<u32>,
    gateway: Option<IpAddr>,
    metric: Option<u32>,
    table: Option<u32>,
}

impl Found {
    fn take(&mut self, kind: u16, value: &[u8]) -> Result<(), Malformed> {
        match kind {
            RTA_DST => self.destination = Some(address(value)?),
            RTA_OIF => self.link = Some(number(value)?),
            RTA_GATEWAY => self.gateway = Some(address(value)?),
            RTA_PRIORITY => self.metric = Some(number(value)?),
            RTA_TABLE => self.table = Some(number(value)?),
            _ => {}
        }
        Ok(())
    }

    fn route(self, header: &RouteHeader) -> Option<Route> {
        let family = Family::ALL
            .into_iter()
            .find(|f| family_of(f.address(0)) == header.address_family)?;
        let first = self.destination.unwrap_or(family.address(0));
        let is_on_link = header.flags.contains(RouteFlags::Onlink);
        let hop = if is_on_link { NextHop::OnLink } else { NextHop::Via };
        Some(Route {
            destination: Prefix::containing(
                first,
                header.destination_prefix_length,
            )?,
            link: self.link?,
            next_hop: self.gateway.map(hop),
            scope: if header.scope == Scope::Link {
                RouteScope::Link
            } else {
                RouteScope::Universe
            },
            protocol: header.protocol.into(),
            metric: self.metric,
            table: self.table.unwrap_or(header.table.into()),
        })
    }
}

/// The family of an address as netlink writes it.
pub(crate) fn family_of(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.destination)?;
        if let Some(hop) = self.next_hop {
            write!(f, " via {}", hop.address())?;
        }
        write!(f, " dev {}", self.link)
    }
}

#[cfg(test)]
mod tests;
