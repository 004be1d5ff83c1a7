//! Listening to changes that others make: sockets of netlink's groups. Acts;
//! what an event says is read in `happening`.
//!
//! Nothing here waits: callers poll the descriptors. A socket whose buffer
//! was full says so once ([`Received::Lost`]): whoever listens then has to look
//! at everything again.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use netlink_sys::protocols::{NETLINK_NETFILTER, NETLINK_ROUTE};
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};

use crate::error::OpenError;
use crate::sys;

/// include/uapi/linux/rtnetlink.h
const LINK: u32 = 1;
const NEIGH: u32 = 3;
const TC: u32 = 4;
const IPV4_IFADDR: u32 = 5;
const IPV4_ROUTE: u32 = 7;
const IPV4_RULE: u32 = 8;
const IPV6_IFADDR: u32 = 9;
const IPV6_ROUTE: u32 = 11;
const IPV6_RULE: u32 = 19;
const IPV4_NETCONF: u32 = 24;
const IPV6_NETCONF: u32 = 25;
/// include/uapi/linux/netfilter/nfnetlink.h
const NFTABLES: u32 = 7;

/// Room for what happens while nobody reads: some thousand events.
const RECEIVE_BYTES: usize = 2 << 20;
/// Events come one by one or in small groups, each far below this.
const DATAGRAM_BYTES: usize = 32 << 10;

/// What a monitor listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Links, addresses, neighbours, routes, rules, tc and settings of the
    /// namespace of the calling thread.
    Own,
    /// Links, addresses, neighbours, routes and rules of every namespace that
    /// has a number there.
    Numbered,
    /// The nftables ruleset of the namespace of the calling thread.
    Nftables,
}

impl Scope {
    fn protocol(self) -> isize {
        match self {
            Self::Own | Self::Numbered => NETLINK_ROUTE,
            Self::Nftables => NETLINK_NETFILTER,
        }
    }

    fn groups(self) -> &'static [u32] {
        match self {
            Self::Own => &[
                LINK,
                NEIGH,
                TC,
                IPV4_IFADDR,
                IPV4_ROUTE,
                IPV4_RULE,
                IPV6_IFADDR,
                IPV6_ROUTE,
                IPV6_RULE,
                IPV4_NETCONF,
                IPV6_NETCONF,
            ],
            Self::Numbered => &[
                LINK,
                NEIGH,
                IPV4_IFADDR,
                IPV4_ROUTE,
                IPV4_RULE,
                IPV6_IFADDR,
                IPV6_ROUTE,
                IPV6_RULE,
            ],
            Self::Nftables => &[NFTABLES],
        }
    }
}

/// A socket that listens.
#[derive(Debug)]
pub struct Monitor {
    socket: Socket,
    datagram: Vec<u8>,
}

/// What a socket had to say.
#[derive(Debug)]
pub enum Received<'a> {
    /// Nothing more for now.
    Nothing,
    /// Something that is not known: the buffer was full.
    Lost,
    /// Messages, to be read by [`happenings`](crate::happenings).
    Messages {
        /// The number of the namespace where it happened; none: this one.
        netns_id: Option<u32>,
        /// The messages.
        datagram: &'a [u8],
    },
}

impl Monitor {
    /// Listens from now on.
    pub fn open(scope: Scope) -> Result<Self, OpenError> {
        let mut socket = Socket::new(scope.protocol())?;
        setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BYTES)
            .map_err(io::Error::from)?;
        if scope == Scope::Numbered {
            socket.set_listen_all_namespaces(true)?;
        }
        socket.bind(&SocketAddr::new(0, 0))?;
        for group in scope.groups() {
            socket.add_membership(*group)?;
        }
        socket.set_non_blocking(true)?;
        Ok(Self { socket, datagram: vec![0; DATAGRAM_BYTES] })
    }

    /// The next datagram, where there is one.
    pub fn receive(&mut self) -> io::Result<Received<'_>> {
        let socket = self.socket.as_fd();
        let found = sys::receive_from_netns(socket, &mut self.datagram);
        match found {
            Ok((length, netns_id)) => match self.datagram.get(..length) {
                Some(datagram) => Ok(Received::Messages { netns_id, datagram }),
                // Longer than the buffer: what it said is lost.
                None => Ok(Received::Lost),
            },
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(Received::Nothing),
            Err(Errno::ENOBUFS) => Ok(Received::Lost),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Monitor {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.socket.as_raw_fd()
    }
}
