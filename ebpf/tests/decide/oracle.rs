//! The rules once more, written from the rule and not from the C: as sets of
//! what may pass.

use tartan_ebpf::DropReason::{
    Malformed, Multicast, SpoofedAddress, SpoofedArp, SpoofedMac, SpoofedNd,
    WrongDestination,
};

use crate::question::{ARP, IPV4, IPV6, Ip, Question, UNREAD};

const PASS: u8 = 0;
const LATER: u8 = 2;
const ICMPV6: u8 = 58;
/// All ICMPv6 types that only neighbours may speak: MLD, neighbour discovery,
/// inverse discovery, MLDv2, multicast routers.
const LINK_SCOPE: [u8; 14] =
    [130, 131, 132, 133, 134, 135, 136, 137, 141, 142, 143, 151, 152, 153];

fn last_four(ip: &Ip) -> [u8; 4] {
    [ip[12], ip[13], ip[14], ip[15]]
}

impl Question {
    fn is_own_v4(&self, ip: &Ip) -> bool {
        self.endpoint.ipv4 == Some(last_four(ip))
    }

    fn is_own_v6(&self, ip: &Ip) -> bool {
        self.endpoint.ipv6 == Some(*ip)
    }

    fn is_own_on_link(&self, ip: &Ip) -> bool {
        self.is_own_v6(ip) || self.endpoint.link_local() == *ip
    }

    fn is_from_nobody(&self) -> bool {
        self.source == [0; 16]
    }

    fn is_link_scope(&self) -> bool {
        self.kind == IPV6
            && self.protocol == ICMPV6
            && self.fragment != LATER
            && LINK_SCOPE.contains(&self.icmp_type)
    }

    fn arp_is_own(&self) -> bool {
        let is_request = self.arp_operation == 1;
        let is_probe = is_request
            && last_four(&self.source) == [0; 4]
            && self.is_own_v4(&self.destination);
        (is_request || self.arp_operation == 2)
            && self.claimed_mac == self.endpoint.mac
            && (self.is_own_v4(&self.source) || is_probe)
    }

    fn names_only_itself(&self) -> bool {
        match self.nd_options {
            0 => true,
            1 => self.claimed_mac == self.endpoint.mac,
            _ => false,
        }
    }

    fn discovery_is_own(&self) -> bool {
        let target = self.is_own_on_link(&self.nd_target);
        let is_near = self.hop_limit == 255 && self.names_only_itself();
        let named_by_nobody = self.is_from_nobody() && self.nd_options != 0;
        let message = match self.icmp_type {
            131 | 132 | 143 => self.hop_limit == 1,
            133 => is_near && !named_by_nobody,
            135 => {
                is_near
                    && !named_by_nobody
                    && (target || !self.is_from_nobody())
            }
            136 => is_near && target && !self.is_from_nobody(),
            _ => false,
        };
        message && self.fragment == 0 && self.icmp_code == 0
    }
}

/// The number of the reason in this direction.
pub(crate) fn from_container(question: &Question) -> u8 {
    if question.mac_source != question.endpoint.mac {
        return SpoofedMac as u8;
    }
    let (is_own, spoof) = match question.kind {
        UNREAD => return question.unread,
        ARP => (question.arp_is_own(), SpoofedArp),
        IPV4 if question.is_own_v4(&question.source) => {
            let is_loopback = last_four(&question.destination)[0] == 127;
            (!is_loopback, Malformed)
        }
        IPV4 => (false, SpoofedAddress),
        IPV6 if !question.is_link_scope() => {
            (question.is_own_v6(&question.source), SpoofedAddress)
        }
        _ => {
            let has_source = question.is_from_nobody()
                || question.is_own_on_link(&question.source);
            if !has_source {
                return SpoofedAddress as u8;
            }
            (question.discovery_is_own(), SpoofedNd)
        }
    };
    if is_own { PASS } else { spoof as u8 }
}

/// The number of the reason in this direction.
pub(crate) fn to_container(question: &Question) -> u8 {
    let to = &question.destination;
    let (is_own, is_group) = match question.kind {
        UNREAD => return question.unread,
        ARP => (question.is_own_v4(to), false),
        IPV4 => {
            let [first, ..] = last_four(to);
            let is_group = (224..240).contains(&first);
            let is_broadcast = last_four(to) == [255; 4];
            (question.is_own_v4(to), is_group || is_broadcast)
        }
        _ => {
            let is_asked_for = question.is_link_scope()
                && question.fragment == 0
                && question.icmp_type == 135
                && question.hop_limit == 255
                && question.is_own_on_link(&question.nd_target);
            let is_group = to[0] == 0xff;
            let arrives = is_group && is_asked_for;
            (question.is_own_on_link(to) || arrives, is_group)
        }
    };
    match (is_own, is_group) {
        (true, _) => PASS,
        (false, true) => Multicast as u8,
        (false, false) => WrongDestination as u8,
    }
}
