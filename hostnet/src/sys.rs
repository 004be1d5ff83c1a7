//! What no safe crate asks of the kernel: of which kind a descriptor of nsfs
//! is, and of which kind and namespace a socket is. The only unsafe code of
//! this crate.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};

use netlink_sys::Socket;
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
