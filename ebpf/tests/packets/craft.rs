//! Packets, header by header.

use std::borrow::Borrow;
use std::net::{Ipv4Addr, Ipv6Addr};

pub(crate) type Octets = [u8; 6];

pub(crate) const OWN_MAC: Octets = [0x02, 0, 0, 0, 0, 0x0a];
pub(crate) const OTHER_MAC: Octets = [0x02, 0, 0, 0, 0, 0x0b];
pub(crate) const HOST_MAC: Octets = [0x02, 0, 0, 0, 0, 0x01];
pub(crate) const OWN_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
pub(crate) const OTHER_V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 11);
pub(crate) const OWN_V6: Ipv6Addr = v6(0x2001, 0xdb8, 0x10);
pub(crate) const OTHER_V6: Ipv6Addr = v6(0x2001, 0xdb8, 0x11);
pub(crate) const OWN_LINK_LOCAL: Ipv6Addr =
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 0x0a);
pub(crate) const OTHER_LINK_LOCAL: Ipv6Addr =
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 0x0b);
pub(crate) const ALL_NODES: Ipv6Addr = v6(0xff02, 0, 1);
pub(crate) const ALL_ROUTERS: Ipv6Addr = v6(0xff02, 0, 2);
/// Solicited-node address of `OWN_V6` and of `OWN_LINK_LOCAL` would differ;
/// the programs look at the target alone.
pub(crate) const SOLICITED: Ipv6Addr =
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 0x10);
pub(crate) const NOBODY: Ipv6Addr = Ipv6Addr::UNSPECIFIED;

pub(crate) const IPV4: u16 = 0x0800;
pub(crate) const ARP: u16 = 0x0806;
pub(crate) const VLAN: u16 = 0x8100;
pub(crate) const IPV6: u16 = 0x86dd;

pub(crate) const HOP_BY_HOP: u8 = 0;
pub(crate) const UDP: u8 = 17;
pub(crate) const ROUTING: u8 = 43;
pub(crate) const FRAGMENT: u8 = 44;
pub(crate) const AUTHENTICATION: u8 = 51;
pub(crate) const ICMPV6: u8 = 58;
pub(crate) const DESTINATION: u8 = 60;

const fn v6(a: u16, b: u16, last: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, last)
}

pub(crate) fn ethernet(source: Octets, kind: u16, payload: &[u8]) -> Vec<u8> {
    let target = if source == HOST_MAC { OWN_MAC } else { HOST_MAC };
    [&target[..], &source, &kind.to_be_bytes(), payload].concat()
}

/// An IPv4 packet with 8 bytes of payload, whose `options` are padded words.
pub(crate) struct V4 {
    pub(crate) source: Ipv4Addr,
    pub(crate) destination: Ipv4Addr,
    pub(crate) protocol: u8,
    pub(crate) fragment: u16,
    pub(crate) options: Vec<u8>,
}

impl V4 {
    pub(crate) fn new(source: Ipv4Addr, destination: Ipv4Addr) -> Self {
        let (protocol, fragment, options) = (UDP, 0, Vec::new());
        Self { source, destination, protocol, fragment, options }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let header = 20 + self.options.len();
        let total = u16::try_from(header + 8).unwrap();
        let mut bytes = vec![0x40 | u8::try_from(header / 4).unwrap(), 0];
        bytes.extend(total.to_be_bytes());
        bytes.extend([0, 1]);
        bytes.extend(self.fragment.to_be_bytes());
        bytes.extend([64, self.protocol, 0, 0]);
        bytes.extend(self.source.octets());
        bytes.extend(self.destination.octets());
        bytes.extend(&self.options);
        bytes.extend([0x30, 0x39, 0, 53, 0, 8, 0, 0]);
        bytes
    }
}

pub(crate) fn v4(source: Ipv4Addr, destination: Ipv4Addr) -> Vec<u8> {
    ethernet(OWN_MAC, IPV4, &V4::new(source, destination).bytes())
}

pub(crate) struct V6 {
    pub(crate) source: Ipv6Addr,
    pub(crate) destination: Ipv6Addr,
    pub(crate) next: u8,
    pub(crate) hop_limit: u8,
    pub(crate) payload: Vec<u8>,
}

impl V6 {
    pub(crate) fn udp(source: Ipv6Addr, destination: Ipv6Addr) -> Self {
        let payload = vec![0x30, 0x39, 0, 53, 0, 8, 0, 0];
        Self { source, destination, next: UDP, hop_limit: 64, payload }
    }

    pub(crate) fn icmp(
        source: Ipv6Addr,
        destination: Ipv6Addr,
        icmp: impl Borrow<Icmp>,
    ) -> Self {
        let (next, hop_limit, payload) = (ICMPV6, 255, icmp.borrow().bytes());
        Self { source, destination, next, hop_limit, payload }
    }

    pub(crate) fn hops(self, hop_limit: u8) -> Self {
        Self { hop_limit, ..self }
    }

    /// Puts an extension header of `kind` in front of what is there.
    pub(crate) fn behind(self, kind: u8, body: [u8; 6]) -> Self {
        let length = if kind == AUTHENTICATION { 0 } else { body[0] };
        let mut payload = vec![self.next, length];
        payload.extend(&body[1..]);
        payload.resize(8 + usize::from(length) * 8, 0);
        payload.extend(&self.payload);
        Self { next: kind, payload, ..self }
    }

    pub(crate) fn fragment(self, offset: u16, more: u16) -> Self {
        let mut payload = vec![self.next, 0];
        payload.extend((offset << 3 | more).to_be_bytes());
        payload.extend([0, 0, 0, 7]);
        payload.extend(&self.payload);
        Self { next: FRAGMENT, payload, ..self }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0x60, 0, 0, 0];
        bytes.extend(u16::try_from(self.payload.len()).unwrap().to_be_bytes());
        bytes.extend([self.next, self.hop_limit]);
        bytes.extend(self.source.octets());
        bytes.extend(self.destination.octets());
        bytes.extend(&self.payload);
        bytes
    }

    pub(crate) fn packet(&self) -> Vec<u8> {
        ethernet(OWN_MAC, IPV6, &self.bytes())
    }
}

/// An ICMPv6 message.
#[derive(Clone)]
pub(crate) struct Icmp {
    pub(crate) kind: u8,
    pub(crate) code: u8,
    pub(crate) body: Vec<u8>,
}

impl Icmp {
    pub(crate) fn new(kind: u8, body: &[u8]) -> Self {
        Self { kind, code: 0, body: body.to_vec() }
    }

    pub(crate) fn echo() -> Self {
        Self::new(128, &[0, 1, 0, 1])
    }

    /// NS (135) or NA (136) for a target.
    pub(crate) fn neighbour(kind: u8, target: Ipv6Addr) -> Self {
        Self::new(kind, &[&[0; 4][..], &target.octets()].concat())
    }

    pub(crate) fn router_solicitation() -> Self {
        Self::new(133, &[0; 4])
    }

    /// Adds an option that names a MAC: 1 source's, 2 target's.
    pub(crate) fn naming(mut self, option: u8, mac: Octets) -> Self {
        self.body.extend([option, 1]);
        self.body.extend(mac);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [&[self.kind, self.code, 0, 0][..], &self.body].concat()
    }
}

pub(crate) struct Arp {
    pub(crate) operation: u16,
    pub(crate) sender: (Octets, Ipv4Addr),
    pub(crate) target: (Octets, Ipv4Addr),
}

impl Arp {
    pub(crate) fn request(
        sender: (Octets, Ipv4Addr),
        target: Ipv4Addr,
    ) -> Self {
        Self { operation: 1, sender, target: ([0; 6], target) }
    }

    pub(crate) fn reply(sender: (Octets, Ipv4Addr), target: Ipv4Addr) -> Self {
        Self { operation: 2, sender, target: (HOST_MAC, target) }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0, 1, 8, 0, 6, 4];
        bytes.extend(self.operation.to_be_bytes());
        for (mac, address) in [self.sender, self.target] {
            bytes.extend(mac);
            bytes.extend(address.octets());
        }
        bytes
    }

    pub(crate) fn packet(&self) -> Vec<u8> {
        ethernet(OWN_MAC, ARP, &self.bytes())
    }
}
