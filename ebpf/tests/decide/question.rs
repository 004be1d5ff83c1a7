//! What `decide()` is asked: an endpoint and the facts of a packet, as C lays
//! them out, made from a small cast so that coincidences are frequent.

use proptest::prelude::*;
use proptest::sample::select;

pub(crate) type Ip = [u8; 16];
pub(crate) type Mac = [u8; 6];

pub(crate) const UNREAD: u8 = 0;
pub(crate) const ARP: u8 = 1;
pub(crate) const IPV4: u8 = 2;
pub(crate) const IPV6: u8 = 3;

const NOBODY: Ip = [0; 16];
const MAC: Mac = [2, 0, 0, 0, 0, 0x0a];
const OTHER_MAC: Mac = [2, 0, 0, 0, 0, 0x0b];

#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) ipv4: Option<[u8; 4]>,
    pub(crate) ipv6: Option<Ip>,
    pub(crate) mac: Mac,
}

#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) endpoint: Endpoint,
    pub(crate) source: Ip,
    pub(crate) destination: Ip,
    pub(crate) nd_target: Ip,
    pub(crate) mac_source: Mac,
    pub(crate) claimed_mac: Mac,
    pub(crate) kind: u8,
    pub(crate) unread: u8,
    pub(crate) protocol: u8,
    pub(crate) fragment: u8,
    pub(crate) hop_limit: u8,
    pub(crate) icmp_type: u8,
    pub(crate) icmp_code: u8,
    pub(crate) nd_options: u8,
    pub(crate) arp_operation: u16,
}

impl Endpoint {
    pub(crate) fn link_local(&self) -> Ip {
        let [a, b, c, d, e, f] = self.mac;
        let eui = [a ^ 2, b, c, 0xff, 0xfe, d, e, f];
        let mut ip = [0; 16];
        ip[..2].copy_from_slice(&[0xfe, 0x80]);
        ip[8..].copy_from_slice(&eui);
        ip
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; 16];
        bytes.extend(self.ipv6.unwrap_or_default());
        bytes.extend(self.link_local());
        bytes.extend(self.ipv4.unwrap_or_default());
        bytes.extend(self.mac);
        bytes.extend([0; 6]);
        bytes
    }
}

impl Question {
    /// `struct endpoint`, then `struct facts`.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.endpoint.bytes();
        for ip in [self.source, self.destination, self.nd_target] {
            bytes.extend(ip);
        }
        bytes.extend(self.mac_source);
        bytes.extend(self.claimed_mac);
        bytes.extend([self.kind, self.unread, self.protocol, self.fragment]);
        bytes.extend([self.hop_limit, self.icmp_type, self.icmp_code]);
        bytes.push(self.nd_options);
        bytes.extend(self.arp_operation.to_ne_bytes());
        bytes.extend([0; 2]);
        bytes
    }
}

fn mapped(ipv4: [u8; 4]) -> Ip {
    let mut ip = NOBODY;
    ip[10..12].fill(0xff);
    ip[12..].copy_from_slice(&ipv4);
    ip
}

fn any_endpoint() -> impl Strategy<Value = Endpoint> {
    let ipv4 = select(vec![None, Some([192, 0, 2, 10]), Some([192, 0, 2, 10])]);
    let own = Some(global(0x10));
    let ipv6 = select(vec![None, own, own]);
    (ipv4, ipv6).prop_map(|(ipv4, ipv6)| Endpoint { ipv4, ipv6, mac: MAC })
}

fn global(last: u8) -> Ip {
    let mut ip = NOBODY;
    ip[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    ip[15] = last;
    ip
}

fn link(last: u8) -> Ip {
    Endpoint { ipv4: None, ipv6: None, mac: [2, 0, 0, 0, 0, last] }.link_local()
}

fn group(last: u8) -> Ip {
    let mut ip = NOBODY;
    (ip[0], ip[1], ip[15]) = (0xff, 2, last);
    ip
}

/// IPv4 for ARP and IPv4, IPv6 otherwise.
fn any_ip(kind: u8) -> BoxedStrategy<Ip> {
    if kind == ARP || kind == IPV4 {
        let cast = [
            [192, 0, 2, 10],
            [192, 0, 2, 10],
            [192, 0, 2, 11],
            [0; 4],
            [255; 4],
            [224, 0, 0, 1],
            [239, 255, 255, 255],
            [240, 0, 0, 1],
        ];
        return select(cast.map(mapped).to_vec()).boxed();
    }
    let cast = vec![
        global(0x10),
        global(0x10),
        global(0x11),
        link(0x0a),
        link(0x0b),
        group(1),
        NOBODY,
    ];
    prop_oneof![20 => select(cast), 1 => any::<Ip>()].boxed()
}

fn any_mac() -> impl Strategy<Value = Mac> {
    select(vec![MAC, MAC, MAC, MAC, MAC, OTHER_MAC])
}

type Icmp = (u8, u8, u8, u8);

fn any_icmp() -> impl Strategy<Value = Icmp> {
    let kinds = prop_oneof![
        4 => select(vec![131, 132, 133, 135, 136, 143]),
        1 => 125u8..160,
        1 => any::<u8>(),
    ];
    let hops = select(vec![255, 255, 255, 1, 1, 64, 254]);
    let code = select(vec![0, 0, 0, 0, 0, 0, 1]);
    (kinds, code, hops, select(vec![0, 1, 1, 2]))
}

pub(crate) fn any_question() -> impl Strategy<Value = Question> {
    let kind = select(vec![UNREAD, ARP, IPV4, IPV6, IPV6, IPV6]);
    kind.prop_flat_map(|kind| {
        let ips = [any_ip(kind), any_ip(kind), any_ip(kind)];
        let protocol = select(vec![58, 58, 58, 6, 17]);
        let rest = (protocol, select(vec![0, 0, 0, 0, 1, 2]), 6u8..=8, 0u16..4);
        let macs = (any_mac(), any_mac());
        (any_endpoint(), ips, macs, any_icmp(), rest)
            .prop_map(move |parts| question(kind, parts))
    })
}

type Parts = (Endpoint, [Ip; 3], (Mac, Mac), Icmp, (u8, u8, u8, u16));

fn question(kind: u8, parts: Parts) -> Question {
    let (endpoint, ips, (mac_source, claimed_mac), icmp, rest) = parts;
    let [source, destination, nd_target] = ips;
    let (icmp_type, icmp_code, hop_limit, nd_options) = icmp;
    let (protocol, fragment, unread, arp_operation) = rest;
    Question {
        endpoint,
        source,
        destination,
        nd_target,
        mac_source,
        claimed_mac,
        kind,
        unread,
        protocol,
        fragment,
        hop_limit,
        icmp_type,
        icmp_code,
        nd_options,
        arp_operation,
    }
}
