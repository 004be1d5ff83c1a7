//! Why a packet was dropped, as the programs number it and as people read it.
//! Pure.

use std::fmt;

use crate::abi::DROP_REASONS;

/// Why a packet was not passed. Each dropped packet has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum DropReason {
    /// Its interface is no endpoint.
    NoEndpoint = 1,
    /// Ethernet source is not the endpoint's.
    SpoofedMac = 2,
    /// IP source is not the endpoint's.
    SpoofedAddress = 3,
    /// ARP speaks for an address or MAC that is not the endpoint's.
    SpoofedArp = 4,
    /// Neighbour discovery or MLD speaks for another, or as a router.
    SpoofedNd = 5,
    /// Shorter than its headers say, or headers that contradict.
    Malformed = 6,
    /// Well formed, but of a kind not carried: VLAN tags, routing header 0.
    Unsupported = 7,
    /// Neither ARP, IPv4 nor IPv6.
    UnknownProtocol = 8,
    /// Sent to a container whose address it does not have.
    WrongDestination = 9,
    /// Multicast or broadcast towards a container, other than ARP and ND.
    Multicast = 10,
}

impl DropReason {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::NoEndpoint,
        Self::SpoofedMac,
        Self::SpoofedAddress,
        Self::SpoofedArp,
        Self::SpoofedNd,
        Self::Malformed,
        Self::Unsupported,
        Self::UnknownProtocol,
        Self::WrongDestination,
        Self::Multicast,
    ];

    /// The name in metrics, output and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoEndpoint => "no_endpoint",
            Self::SpoofedMac => "spoofed_mac",
            Self::SpoofedAddress => "spoofed_address",
            Self::SpoofedArp => "spoofed_arp",
            Self::SpoofedNd => "spoofed_nd",
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::UnknownProtocol => "unknown_protocol",
            Self::WrongDestination => "wrong_destination",
            Self::Multicast => "multicast",
        }
    }

    /// The number in `enum drop_reason`.
    pub fn number(self) -> usize {
        usize::from(self as u8)
    }
}

const _: () = assert!((DropReason::Multicast as usize) < DROP_REASONS);

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
