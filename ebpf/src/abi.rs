//! The Rust mirror of `bpf/abi.h`: what crosses between the programs and us,
//! with the same names in the same order.
//!
//! Three nets hold the two together: static assertions in C, the ones below,
//! and `tests/layout.rs`, which compares each field with the debug information
//! of the built object. The only `unsafe` of this crate is here: the promise
//! that these structs are plain bytes.

#![expect(unsafe_code, reason = "Pod is an unsafe trait")]

use std::mem::{offset_of, size_of};

use aya::Pod;

/// Version of the layouts and numbers; part of the pin path.
pub const ABI_VERSION: u32 = 2;

/// Number of directions, `enum direction`.
pub const DIRECTIONS: usize = 2;

/// Room for reasons in arrays.
pub const DROP_REASONS: usize = 24;

/// A number in network order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Be32(pub [u8; 4]);

/// An IP address, in network order; IPv4 as `::ffff:a.b.c.d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C, align(8))]
pub struct Address {
    /// The octets as they are sent.
    pub octets: [u8; 16],
}

/// Value of `endpoint_by_ifindex`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Endpoint {
    /// Class id of the container.
    pub class: u32,
    /// Number of the class of the limiter that what it sends waits in; zero:
    /// it is not limited.
    pub limit_class: u32,
    /// The attachment's life.
    pub generation: u64,
    /// Its IPv6 address; all zero: none.
    pub ipv6: Address,
    /// `fe80::/64` with the EUI-64 of its MAC.
    pub link_local: Address,
    /// Its IPv4 address; zero: none. The kernel aligns it to 4.
    pub ipv4: Be32,
    /// MAC address of the container's end.
    pub mac: [u8; 6],
    /// Zero.
    pub pad: [u8; 6],
}

/// Value of `endpoint_by_address`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct LocalAddress {
    /// Class id of the container.
    pub class: u32,
    /// Its host-side interface.
    pub ifindex: u32,
    /// The attachment's life.
    pub generation: u64,
}

/// Value of `class_by_address`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct KnownAddress {
    /// Class id of the address.
    pub class: u32,
    /// None yet; zero.
    pub flags: u32,
    /// The address's life, zero where it has none.
    pub generation: u64,
}

/// Packets count as their segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Traffic {
    /// Packets.
    pub packets: u64,
    /// Bytes as the packet has on the hook.
    pub bytes: u64,
}

/// Value of `endpoint_traffic`, one for each CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct EndpointTraffic {
    /// By direction.
    pub passed: [Traffic; DIRECTIONS],
}

/// Value of `endpoint_drops`, one for all CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct EndpointDrops {
    /// Packets by direction and reason.
    pub dropped: [[u64; DROP_REASONS]; DIRECTIONS],
}

/// Key of `class_counters`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ClassPair {
    /// Class of the container here.
    pub local: u32,
    /// Class of the other end; 0 where nobody asked.
    pub peer: u32,
    /// `enum direction`
    pub direction: u8,
    /// `enum verdict`
    pub verdict: u8,
    /// Zero.
    pub pad: [u8; 2],
}

/// Value of `settings`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Settings {
    /// Bits of `skb->mark` that carry those of the class; zero: untouched.
    pub mark_mask: u32,
    /// Zero.
    pub pad: u32,
}

const _: () = {
    assert!(size_of::<Address>() == 16);
    assert!(size_of::<Endpoint>() == 64);
    assert!(offset_of!(Endpoint, ipv6) == 16);
    assert!(offset_of!(Endpoint, link_local) == 32);
    assert!(offset_of!(Endpoint, ipv4) == 48);
    assert!(offset_of!(Endpoint, mac) == 52);
    assert!(size_of::<LocalAddress>() == 16);
    assert!(size_of::<KnownAddress>() == 16);
    assert!(size_of::<Traffic>() == 16);
    assert!(size_of::<EndpointTraffic>() == 32);
    assert!(size_of::<EndpointDrops>() == 384);
    assert!(size_of::<ClassPair>() == 12);
    assert!(size_of::<Settings>() == 8);
};

// SAFETY: `repr(C)` over bytes, any bits are a value, no implicit padding
// (sizes and offsets asserted above).
unsafe impl Pod for Address {}
// SAFETY: as Address.
unsafe impl Pod for Endpoint {}
// SAFETY: as Address; integers only.
unsafe impl Pod for LocalAddress {}
// SAFETY: as Address; integers only.
unsafe impl Pod for KnownAddress {}
// SAFETY: as Address; integers only.
unsafe impl Pod for Traffic {}
// SAFETY: as Address; integers only.
unsafe impl Pod for EndpointTraffic {}
// SAFETY: as Address; arrays of integers only.
unsafe impl Pod for EndpointDrops {}
// SAFETY: as Address; integers only.
unsafe impl Pod for ClassPair {}
// SAFETY: as Address; integers only.
unsafe impl Pod for Settings {}
