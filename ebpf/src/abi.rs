//! The Rust mirror of `bpf/abi.h`: what crosses between the programs and us,
//! with the same names in the same order.
//!
//! Three nets hold the two together: static assertions in C, the ones below,
//! and `tests/layout.rs`, which compares each field with the debug information
//! of the built object. The only `unsafe` of this crate is here: the promise
//! that these structs are plain bytes, and at the end the calls of bpf(2) for
//! maps whose layout is known at run time only: another build's.

#![expect(unsafe_code, reason = "Pod is an unsafe trait, bpf(2) a system call")]

use std::io;
use std::mem::{offset_of, size_of};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use aya::Pod;

/// Version of the layouts and of what their names and numbers mean.
pub const ABI_VERSION: u32 = 3;

/// Number of directions, `enum direction`.
pub const DIRECTIONS: usize = 2;

/// Room for reasons in arrays.
pub const DROP_REASONS: usize = 24;

/// How much longer some structs are in the layout that stories try.
const TRIAL_BYTES: usize = if cfg!(feature = "trial-layout") { 8 } else { 0 };

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
    /// A field that the other layout does not have.
    #[cfg(feature = "trial-layout")]
    pub trial: u64,
    /// The attachment's life.
    #[cfg(feature = "trial-layout")]
    pub generation: u64,
    /// Class id of the container.
    pub class: u32,
    /// Number of the class of the limiter that what it sends waits in; zero:
    /// it is not limited.
    pub limit_class: u32,
    /// The attachment's life.
    #[cfg(not(feature = "trial-layout"))]
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
    #[cfg(not(feature = "trial-layout"))]
    pub class: u32,
    /// Its host-side interface.
    pub ifindex: u32,
    /// Class id of the container.
    #[cfg(feature = "trial-layout")]
    pub class: u32,
    /// The attachment's life.
    pub generation: u64,
}

/// Value of `class_by_address`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct KnownAddress {
    /// Class id of the address.
    pub class: u32,
    /// Zero.
    #[cfg(feature = "trial-layout")]
    pub pad: u32,
    /// None yet; zero.
    #[cfg(feature = "trial-layout")]
    pub flags: u64,
    /// None yet; zero.
    #[cfg(not(feature = "trial-layout"))]
    pub flags: u32,
    /// The address's life, zero where it has none.
    pub generation: u64,
}

/// Packets count as their segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Traffic {
    /// Packets.
    #[cfg(not(feature = "trial-layout"))]
    pub packets: u64,
    /// Bytes as the packet has on the hook.
    pub bytes: u64,
    /// Runs of the program.
    #[cfg(feature = "trial-layout")]
    pub runs: u64,
    /// Packets.
    #[cfg(feature = "trial-layout")]
    pub packets: u64,
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
    #[cfg(not(feature = "trial-layout"))]
    pub local: u32,
    /// Class of the other end; 0 where nobody asked.
    pub peer: u32,
    /// Class of the container here.
    #[cfg(feature = "trial-layout")]
    pub local: u32,
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
    /// Zero.
    #[cfg(feature = "trial-layout")]
    pub pad: u32,
    /// Bits of `skb->mark` that carry those of the class; zero: untouched.
    pub mark_mask: u32,
    /// Zero.
    #[cfg(not(feature = "trial-layout"))]
    pub pad: u32,
}

const _: () = {
    assert!(size_of::<Address>() == 16);
    assert!(size_of::<Endpoint>() == 64 + TRIAL_BYTES);
    assert!(offset_of!(Endpoint, ipv6) == 16 + TRIAL_BYTES);
    assert!(offset_of!(Endpoint, link_local) == 32 + TRIAL_BYTES);
    assert!(offset_of!(Endpoint, ipv4) == 48 + TRIAL_BYTES);
    assert!(offset_of!(Endpoint, mac) == 52 + TRIAL_BYTES);
    assert!(size_of::<LocalAddress>() == 16);
    assert!(size_of::<KnownAddress>() == 16 + TRIAL_BYTES);
    assert!(size_of::<Traffic>() == 16 + TRIAL_BYTES);
    assert!(size_of::<EndpointTraffic>() == 32 + 2 * TRIAL_BYTES);
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

/// `enum bpf_cmd` of include/uapi/linux/bpf.h.
const LOOK_UP: libc::c_long = 1;
const UPDATE: libc::c_long = 2;
const NEXT_KEY: libc::c_long = 4;
const BTF_BY_ID: libc::c_long = 19;
const INFO_BY_FD: libc::c_long = 15;
/// Of `enum bpf_map_type`: those with a value for each CPU.
const PER_CPU: [u32; 3] = [5, 6, 10];
/// `MEMBARRIER_CMD_GLOBAL` of include/uapi/linux/membarrier.h.
const GLOBAL: libc::c_int = 1;

/// The beginning of `struct bpf_map_info`: all that tells the layout of a
/// map.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct MapInfo {
    pub(crate) kind: u32,
    id: u32,
    pub(crate) key_size: u32,
    pub(crate) value_size: u32,
    pub(crate) max_entries: u32,
    pub(crate) flags: u32,
    name: [u8; 16],
    ifindex: u32,
    vmlinux_value_type: u32,
    netns: [u64; 2],
    pub(crate) btf: u32,
    pub(crate) key_type: u32,
    pub(crate) value_type: u32,
    vmlinux: u32,
}

/// `struct bpf_btf_info`.
#[derive(Clone, Copy, Default)]
#[repr(C)]
struct BtfInfo {
    bytes: u64,
    size: u32,
    id: u32,
    name: u64,
    name_length: u32,
    is_kernels: u32,
}

/// `union bpf_attr` for single elements.
#[repr(C)]
struct Element {
    map: u32,
    pad: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// `union bpf_attr` for what is known of a descriptor.
#[repr(C)]
struct InfoRequest {
    of: u32,
    length: u32,
    info: u64,
}

/// A map of whatever layout: keys and values are bytes, as many as the kernel
/// says of it.
pub(crate) struct RawMap {
    map: OwnedFd,
    info: MapInfo,
    value_bytes: usize,
}

impl RawMap {
    /// `cpus` is how many values an entry of a map per CPU has.
    pub(crate) fn new(map: OwnedFd, cpus: usize) -> io::Result<Self> {
        let mut info = MapInfo::default();
        // SAFETY: the struct is plain, and the kernel writes no more than its
        // length, which it is told.
        unsafe { info_by_fd(map.as_fd(), &mut info)? };
        let one = info.value_size as usize;
        let value_bytes = match PER_CPU.contains(&info.kind) {
            true => one.next_multiple_of(8) * cpus,
            false => one,
        };
        Ok(Self { map, info, value_bytes })
    }

    /// How it was made.
    pub(crate) fn info(&self) -> &MapInfo {
        &self.info
    }

    /// True where it has one value for each CPU, each on 8 bytes.
    pub(crate) fn is_per_cpu(&self) -> bool {
        PER_CPU.contains(&self.info.kind)
    }

    /// The key behind `key`, or the first.
    pub(crate) fn key_behind(
        &self,
        key: Option<&[u8]>,
    ) -> io::Result<Option<Vec<u8>>> {
        let key = match key {
            Some(key) => self.checked(key, self.value_bytes)?,
            None => 0,
        };
        let mut next = vec![0_u8; self.info.key_size as usize];
        // SAFETY: both are as long as the kernel says of this map's keys.
        let found =
            unsafe { self.element(NEXT_KEY, key, next.as_mut_ptr() as u64) };
        Ok(present(found)?.then_some(next))
    }

    /// The value of `key`, those of all CPUs behind each other.
    pub(crate) fn value(&self, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let key = self.checked(key, self.value_bytes)?;
        let mut value = vec![0_u8; self.value_bytes];
        // SAFETY: both are as long as the kernel says of this map.
        let found =
            unsafe { self.element(LOOK_UP, key, value.as_mut_ptr() as u64) };
        Ok(present(found)?.then_some(value))
    }

    /// Makes or replaces the entry of `key`.
    pub(crate) fn put(&self, key: &[u8], value: &[u8]) -> io::Result<()> {
        let key = self.checked(key, value.len())?;
        // SAFETY: both are as long as the kernel says of this map, and are
        // only read.
        unsafe { self.element(UPDATE, key, value.as_ptr() as u64) }
    }

    /// The address of a key, where key and value have this map's lengths.
    fn checked(&self, key: &[u8], value_bytes: usize) -> io::Result<u64> {
        let is_sized = key.len() == self.info.key_size as usize
            && value_bytes == self.value_bytes;
        let wrong = || io::Error::from(io::ErrorKind::InvalidInput);
        is_sized.then_some(key.as_ptr() as u64).ok_or_else(wrong)
    }

    /// # Safety
    /// The addresses must be of memory as long as this map's keys and values.
    unsafe fn element(
        &self,
        command: libc::c_long,
        key: u64,
        value: u64,
    ) -> io::Result<()> {
        let map = self.map.as_raw_fd().cast_unsigned();
        let mut request = Element { map, pad: 0, key, value, flags: 0 };
        // SAFETY: as the caller promises.
        unsafe { bpf(command, &mut request) }.map(drop)
    }
}

/// The description of types with this number.
pub(crate) fn type_description(id: u32) -> io::Result<Vec<u8>> {
    let mut request = [id, 0, 0, 0];
    // SAFETY: the request is as long as it says; it gives a new descriptor,
    // which nobody else owns.
    let btf = unsafe {
        let fd = bpf(BTF_BY_ID, &mut request)?;
        OwnedFd::from_raw_fd(i32::try_from(fd).unwrap_or(-1))
    };
    let mut info = BtfInfo::default();
    // SAFETY: as in `map_info`; without room for the bytes it tells their
    // number.
    unsafe { info_by_fd(btf.as_fd(), &mut info)? };
    let mut bytes = vec![0_u8; info.size as usize];
    let mut info = BtfInfo {
        bytes: bytes.as_mut_ptr() as u64,
        size: info.size,
        ..BtfInfo::default()
    };
    // SAFETY: `bytes` has room for `size` bytes, and lives until the call
    // returns.
    unsafe { info_by_fd(btf.as_fd(), &mut info)? };
    Ok(bytes)
}

/// Returns when each program that was running has ended: it waits for a
/// grace period of RCU, in which programs run.
pub(crate) fn wait_for_running_programs() -> io::Result<()> {
    // SAFETY: takes numbers only.
    let done = unsafe { libc::syscall(libc::SYS_membarrier, GLOBAL, 0, 0) };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn present(done: io::Result<()>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// # Safety
/// `T` must be plain bytes, and every address in it of memory as long as it
/// says.
unsafe fn info_by_fd<T>(of: BorrowedFd<'_>, info: &mut T) -> io::Result<()> {
    let mut request = InfoRequest {
        of: of.as_raw_fd().cast_unsigned(),
        length: u32::try_from(size_of::<T>()).unwrap_or(u32::MAX),
        info: std::ptr::from_mut(info) as u64,
    };
    // SAFETY: as the caller promises.
    unsafe { bpf(INFO_BY_FD, &mut request) }.map(drop)
}

/// # Safety
/// `T` must be the part of `union bpf_attr` that `command` wants, with
/// addresses of memory that it may read and write.
unsafe fn bpf<T>(
    command: libc::c_long,
    request: &mut T,
) -> io::Result<libc::c_long> {
    let request = std::ptr::from_mut(request);
    // SAFETY: as the caller promises.
    let done = unsafe {
        libc::syscall(libc::SYS_bpf, command, request, size_of::<T>())
    };
    if done < 0 { Err(io::Error::last_os_error()) } else { Ok(done) }
}
