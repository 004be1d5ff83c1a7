//! The kernel's memory of connections: which go to a port, and forgetting
//! them. Acts.
//!
//! A connection is translated as its first packet was. A client of UDP that
//! never pauses is one connection for ever: without this it would talk to a
//! container that is gone, or to nobody, long after its host port leads to
//! another.

use std::net::IpAddr;

use tartan_model::{Family, Transport};

use crate::answer::Malformed;
use crate::attributes::{address, attributes};
use crate::netfilter::{Attributes, Message, Netfilter, NetfilterError};
use crate::nft::octets;

/// `NFNL_SUBSYS_CTNETLINK`, `IPCTNL_MSG_CT_GET`, `IPCTNL_MSG_CT_DELETE`
const SUBSYSTEM: u8 = 1;
const GET: u8 = 1;
const DELETE: u8 = 2;
/// `CTA_TUPLE_ORIG`, `CTA_TUPLE_REPLY`, `CTA_FILTER` of
/// include/uapi/linux/netfilter/nfnetlink_conntrack.h
const ORIGINAL: u16 = 1;
const REPLY: u16 = 2;
const FILTER: u16 = 25;
/// `CTA_TUPLE_IP`, `CTA_TUPLE_PROTO`
const ADDRESSES: u16 = 1;
const PORTS: u16 = 2;
/// `CTA_FILTER_F_CTA_IP_SRC`, `CTA_FILTER_F_CTA_PROTO_NUM`,
/// `CTA_FILTER_F_CTA_PROTO_DST_PORT`: by them the kernel passes over what is
/// not asked for (Linux 5.8).
const BY_SOURCE: u32 = 1;
const BY_PROTOCOL: u32 = 1 << 3;
const BY_PORT: u32 = 1 << 5;
/// `struct nfgenmsg`
const HEADER_BYTES: usize = 4;
/// `NLA_TYPE_MASK`
const KIND: u16 = 0x3fff;

/// Connections of the network namespace in which it was opened.
#[derive(Debug)]
pub struct Conntrack(Netfilter);

/// A connection, as its first packet was and as its answers are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Where its first packet went.
    pub destination: IpAddr,
    /// Who answers: the destination, as it was translated.
    pub answers: IpAddr,
    /// Its protocol and the port its first packet went to.
    at: (u8, u16),
    original: Vec<u8>,
}

impl Conntrack {
    /// Opens it in the network namespace of the calling thread.
    pub fn open() -> Result<Self, NetfilterError> {
        Netfilter::open().map(Self)
    }

    /// The connections that were opened to one of `ports`, wherever, and of
    /// which `wanted` holds.
    pub fn to_ports(
        &mut self,
        (family, transport): (Family, Transport),
        ports: &[u16],
        wanted: impl Fn(&Connection) -> bool,
    ) -> Result<Vec<Connection>, NetfilterError> {
        let number = transport.number();
        let tuple = match ports {
            [one] => {
                Attributes::new().with(1, &[number]).with(3, &one.to_be_bytes())
            }
            _ => Attributes::new().with(1, &[number]),
        };
        let by = BY_PROTOCOL | if ports.len() == 1 { BY_PORT } else { 0 };
        let tuple = Attributes::new().nested(PORTS, &tuple);
        let what = format!("connections of {transport}");
        // A kernel that does not know the filter answers with all.
        let is_one = |c: &Connection| {
            c.at.0 == number && ports.contains(&c.at.1) && wanted(c)
        };
        self.find(&what, family, (ORIGINAL, by, &tuple), is_one)
    }

    /// The connections that an address answers.
    pub fn answered_by(
        &mut self,
        address: IpAddr,
    ) -> Result<Vec<Connection>, NetfilterError> {
        let kind = if address.is_ipv4() { 1 } else { 3 };
        let tuple = Attributes::new().with(kind, &octets(address));
        let tuple = Attributes::new().nested(ADDRESSES, &tuple);
        let what = format!("connections that {address} answers");
        let is_one = |c: &Connection| c.answers == address;
        // Of IPv6 addresses the kernel passes over those that are asked for
        // (ctnetlink_filter_match_tuple() takes equal for different, seen in
        // Linux 6.18): there the choice is all ours.
        let by = if address.is_ipv4() { BY_SOURCE } else { 0 };
        let filter = (REPLY, by, &tuple);
        self.find(&what, Family::of(address), filter, is_one)
    }

    fn find(
        &mut self,
        what: &str,
        family: Family,
        (side, by, tuple): (u16, u32, &Attributes),
        wanted: impl Fn(&Connection) -> bool,
    ) -> Result<Vec<Connection>, NetfilterError> {
        let of = |which| if which == side { by } else { 0 };
        // Numbers of the filter are in the host's order.
        let filter = Attributes::new()
            .with(1, &of(ORIGINAL).to_ne_bytes())
            .with(2, &of(REPLY).to_ne_bytes());
        let all = Attributes::new().nested(side, tuple).nested(FILTER, &filter);
        let asked = Message::new((SUBSYSTEM, GET), number(family), all);
        self.0.dump(what, &asked, |payload| {
            Ok(Connection::read(payload)?.filter(&wanted))
        })
    }

    /// Forgets a connection; one that is gone is forgotten already.
    pub fn forget(&mut self, one: &Connection) -> Result<(), NetfilterError> {
        let family = Family::of(one.destination);
        let all = Attributes::new()
            .nested(ORIGINAL, &Attributes::from_bytes(&one.original));
        let message = Message::new((SUBSYSTEM, DELETE), number(family), all);
        let verdicts = self.0.send(vec![message.acknowledged()])?;
        let refused = verdicts.iter().find(|verdict| verdict.errno != 0);
        match refused.map(|verdict| verdict.errno) {
            None | Some(nix::libc::ENOENT) => Ok(()),
            Some(errno) => {
                let what =
                    format!("forget a connection to {}", one.destination);
                Err(NetfilterError::refused(what, errno))
            }
        }
    }
}

impl Connection {
    /// The port that its first packet went to.
    pub fn port(&self) -> u16 {
        self.at.1
    }

    pub(crate) fn read(payload: &[u8]) -> Result<Option<Self>, Malformed> {
        let original = find(payload, HEADER_BYTES, ORIGINAL)?;
        let reply = find(payload, HEADER_BYTES, REPLY)?;
        let (Some(original), Some(reply)) = (original, reply) else {
            return Ok(None);
        };
        let (Some(there), Some(back)) =
            (addresses(original)?, addresses(reply)?)
        else {
            return Ok(None);
        };
        let Some(at) = port(original)? else { return Ok(None) };
        let original = original.to_vec();
        Ok(Some(Self { destination: there.1, answers: back.0, at, original }))
    }
}

fn number(family: Family) -> u8 {
    match family {
        Family::V4 => 2,
        Family::V6 => 10,
    }
}

fn find(
    bytes: &[u8],
    from: usize,
    wanted: u16,
) -> Result<Option<&[u8]>, Malformed> {
    let all = attributes(bytes, from)?;
    let found = all.into_iter().find(|(kind, _)| kind & KIND == wanted);
    Ok(found.map(|(_, value)| value))
}

/// Source and destination of a tuple.
fn addresses(tuple: &[u8]) -> Result<Option<(IpAddr, IpAddr)>, Malformed> {
    let Some(both) = find(tuple, 0, ADDRESSES)? else { return Ok(None) };
    let all = attributes(both, 0)?;
    let of = |kinds: [u16; 2]| {
        let found = all.iter().find(|(kind, _)| kinds.contains(&(kind & KIND)));
        found.map(|(_, value)| address(value)).transpose()
    };
    // CTA_IP_V4_SRC, CTA_IP_V6_SRC; CTA_IP_V4_DST, CTA_IP_V6_DST
    Ok(of([1, 3])?.zip(of([2, 4])?))
}

/// Protocol and destination port of a tuple.
fn port(tuple: &[u8]) -> Result<Option<(u8, u16)>, Malformed> {
    let Some(ports) = find(tuple, 0, PORTS)? else { return Ok(None) };
    let protocol = find(ports, 0, 1)?.and_then(|value| value.first());
    let Some(port) = find(ports, 0, 3)? else { return Ok(None) };
    let port = port.try_into().map_err(|_| Malformed::Attribute)?;
    Ok(protocol.map(|protocol| (*protocol, u16::from_be_bytes(port))))
}
