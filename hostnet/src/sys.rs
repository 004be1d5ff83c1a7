//! What no safe crate asks of the kernel: of which kind a descriptor of nsfs
//! is, of which kind and namespace a socket is, and where an event happened. The only unsafe code of
//! this crate.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};

use netlink_sys::Socket;
use nix::errno::Errno;
use nix::libc;

/// `_IO(0xb7, 0x3)`, include/uapi/linux/nsfs.h (Linux 4.11).
const NS_GET_NSTYPE: libc::Ioctl = 0xb703;

/// include/uapi/asm-generic/socket.h (Linux 5.14); not in the libc crate for
/// every target.
const SO_NETNS_COOKIE: libc::c_int = 71;

/// The CLONE_NEW* flag of the namespace behind `fd`, which must be a
/// descriptor of nsfs: elsewhere the number may mean another thing.
pub(crate) fn namespace_type(fd: BorrowedFd<'_>) -> io::Result<libc::c_int> {
    // SAFETY: the request takes no argument and writes no memory; `fd` is
    // open for the call.
    let kind = unsafe { libc::ioctl(fd.as_raw_fd(), NS_GET_NSTYPE) };
    if kind < 0 { Err(io::Error::last_os_error()) } else { Ok(kind) }
}

/// The number of the network namespace of a socket: unique while the host is
/// up, never given to another.
pub(crate) fn netns_cookie(socket: BorrowedFd<'_>) -> io::Result<u64> {
    option(socket, SO_NETNS_COOKIE).map(u64::from_ne_bytes)
}

/// include/uapi/linux/netlink.h and include/linux/socket.h
const SOL_NETLINK: libc::c_int = 270;
const NETLINK_LISTEN_ALL_NSID: libc::c_int = 8;

/// The next datagram of a netlink socket, its whole length even where that
/// is more than `buffer` holds, and the number of the namespace it is from.
pub(crate) fn receive_from_netns(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
) -> Result<(usize, Option<u32>), Errno> {
    // Aligned for a control header, and room for a few.
    let mut control = [0u64; 16];
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: all zeros is a valid msghdr: no name, no parts, no control.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control) as _;
    let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
    // SAFETY: every pointer of `message` is of a live local or of `buffer`,
    // with its length beside it.
    let length =
        unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, flags) };
    let length = usize::try_from(length).map_err(|_| Errno::last())?;
    Ok((length, netns_of(&message)))
}

/// The namespace that a received message tells beside it.
fn netns_of(message: &libc::msghdr) -> Option<u32> {
    // SAFETY: `message` was filled by recvmsg, its control buffer is alive in
    // the caller, and CMSG_* stay within the length that the kernel set.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(message);
        while let Some(found) = header.as_ref() {
            let is_it = found.cmsg_level == SOL_NETLINK
                && found.cmsg_type == NETLINK_LISTEN_ALL_NSID;
            if is_it {
                let data = libc::CMSG_DATA(header).cast::<libc::c_int>();
                return u32::try_from(data.read_unaligned()).ok();
            }
            header = libc::CMSG_NXTHDR(message, header);
        }
    }
    None
}

/// The address family and the protocol of a socket.
pub(crate) fn family_and_protocol(
    socket: BorrowedFd<'_>,
) -> io::Result<(libc::c_int, libc::c_int)> {
    let number = |name| option(socket, name).map(libc::c_int::from_ne_bytes);
    Ok((number(libc::SO_DOMAIN)?, number(libc::SO_PROTOCOL)?))
}

/// Makes a descriptor, which must be of a netlink socket, one of this type.
pub(crate) fn netlink_socket(fd: OwnedFd) -> Socket {
    // SAFETY: the descriptor is open and owned by nobody else, and so it may
    // be closed by the socket.
    unsafe { Socket::from_raw_fd(fd.into_raw_fd()) }
}

/// The bytes of an option at SOL_SOCKET; fails where it has not `N`.
fn option<const N: usize>(
    socket: BorrowedFd<'_>,
    name: libc::c_int,
) -> io::Result<[u8; N]> {
    let mut value = [0u8; N];
    let mut length = N as libc::socklen_t;
    // SAFETY: both pointers are of live locals, and `length` says how many
    // bytes may be written to the first.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            name,
            value.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    match result {
        0 if length as usize == N => Ok(value),
        0 => Err(io::ErrorKind::InvalidData.into()),
        _ => Err(io::Error::last_os_error()),
    }
}
