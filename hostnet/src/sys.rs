//! The two questions about a namespace that no safe crate asks: of which kind
//! a descriptor of nsfs is, and the cookie of a socket's namespace. The only
//! unsafe code of this crate.

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, BorrowedFd};

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
    let mut cookie = 0u64;
    let mut length = size_of::<u64>() as libc::socklen_t;
    // SAFETY: both pointers are of live locals, and `length` says how many
    // bytes may be written to the first.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            SO_NETNS_COOKIE,
            (&raw mut cookie).cast(),
            &raw mut length,
        )
    };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(cookie) }
}
