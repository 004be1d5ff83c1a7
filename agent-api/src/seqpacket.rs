//! Carries one message each way between a plugin and the agent, and
//! descriptors beside it, over a SOCK_SEQPACKET socket.
//!
//! The agent may live in another mount namespace, where the path of the netns
//! means nothing: so the netns travels as a descriptor. Beside it may travel a
//! NETLINK_ROUTE socket that the plugin opened inside that netns: a plugin has
//! one thread and enters the netns for nothing, while the agent would need a
//! thread of its own for it.
//!
//! A request that is too long for one packet (a runtime lists thousands of
//! attachments for GC) travels in a memfd, the first of the descriptors, and
//! the packet says only that.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix,
    SocketFlags, SocketType, accept_with, bind, connect, listen, recvmsg,
    sendmsg, socket_with, sockopt,
};
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::plugin::{Reply, Request};

/// Longest packet in bytes. A Unix socket sends a packet in one piece out of
/// its send buffer, which without privileges is 212,992 bytes
/// (net.core.wmem_default); some of them are the kernel's.
const MAX_PACKET_BYTES: usize = 192 * 1024;

/// Longest request in bytes: as long as the network configuration that a
/// plugin reads, which is where it comes from.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// The packet in place of a request that is in the first descriptor; no JSON
/// is this.
const IN_MEMFD: &[u8] = b"memfd";

/// Most descriptors beside a packet: a memfd, a netns and a netlink socket.
const MOST_BESIDE: usize = 3;

/// Connections that wait for the agent to take them. A host that starts
/// thousands of containers at once has as many plugins waiting.
const BACKLOG: i32 = 1024;

/// A request that got no answer.
#[derive(Debug, Error)]
pub enum CallError {
    /// Nobody listens: the agent is not running, or not yet.
    #[error("cannot reach the agent at {path}")]
    Absent {
        /// Its socket.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The agent took the request and did not answer; it may have acted.
    #[error("no answer from the agent at {path}")]
    Unanswered {
        /// Its socket.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The request is longer than [`MAX_MESSAGE_BYTES`].
    #[error("a request of {bytes} bytes is too long for one message")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// Sends `request` to the agent at `path` and waits for its answer no longer
/// than `patience`. Beside it go the netns, and after it a NETLINK_ROUTE
/// socket opened inside, where the caller has them.
pub fn call<'fd>(
    path: &Path,
    request: &Request,
    beside: impl IntoIterator<Item = BorrowedFd<'fd>>,
    patience: Duration,
) -> Result<Reply, CallError> {
    let message = serde_json::to_vec(request).unwrap_or_default();
    if message.len() > MAX_MESSAGE_BYTES {
        return Err(CallError::TooLong { bytes: message.len() });
    }
    let absent = |source| CallError::Absent { path: path.to_owned(), source };
    let unanswered =
        |source| CallError::Unanswered { path: path.to_owned(), source };
    let socket = connected(path, patience).map_err(absent)?;
    // A connection that broke before the message was taken did nothing.
    send_any(socket.as_fd(), &message, beside).map_err(absent)?;
    let (bytes, _) = receive(socket.as_fd()).map_err(unanswered)?;
    decode(&bytes).map_err(unanswered)
}

/// Sends a request of any length.
fn send_any<'fd>(
    socket: BorrowedFd<'_>,
    message: &[u8],
    beside: impl IntoIterator<Item = BorrowedFd<'fd>>,
) -> io::Result<()> {
    let mut beside: Vec<_> = beside.into_iter().take(MOST_BESIDE - 1).collect();
    if message.len() <= MAX_PACKET_BYTES {
        return send(socket, &message, &beside);
    }
    let memfd = File::from(memfd_create("request", MemfdFlags::CLOEXEC)?);
    memfd.write_all_at(message, 0)?;
    beside.insert(0, memfd.as_fd());
    send(socket, &IN_MEMFD, &beside)
}

fn connected(path: &Path, patience: Duration) -> io::Result<OwnedFd> {
    let socket = socket_with(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?;
    for timeout in [sockopt::Timeout::Recv, sockopt::Timeout::Send] {
        sockopt::set_socket_timeout(&socket, timeout, Some(patience))?;
    }
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(socket)
}

/// The agent's end: a listening socket that several threads may share.
#[derive(Debug)]
pub struct Listener(OwnedFd);

/// What came beside a request.
#[derive(Debug, Default)]
pub struct Beside {
    /// The container's netns.
    pub netns: Option<OwnedFd>,
    /// A NETLINK_ROUTE socket opened inside it.
    pub rtnl: Option<OwnedFd>,
}

/// One plugin that has connected.
#[derive(Debug)]
pub struct Connection(OwnedFd);

impl Listener {
    /// Binds `path`, replacing what an earlier agent left there, for root
    /// alone. The caller has made sure that no other agent lives.
    pub fn bind(path: &Path) -> io::Result<Self> {
        let socket = socket_with(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        // Under another name first: whoever connects finds the right mode.
        let fresh = path.with_extension("new");
        let _ = std::fs::remove_file(&fresh);
        bind(&socket, &SocketAddrUnix::new(&fresh)?)?;
        rustix::fs::chmod(&fresh, 0o600.into())?;
        listen(&socket, BACKLOG)?;
        std::fs::rename(&fresh, path)?;
        Ok(Self(socket))
    }

    /// Lets nobody else in: those who have connected are still given to
    /// [`Self::accept`], and then it fails.
    pub fn close(&self) {
        let both = rustix::net::Shutdown::Both;
        // Closed already, which is what was wanted.
        let _ = rustix::net::shutdown(&self.0, both);
    }

    /// Waits for the next plugin.
    pub fn accept(&self) -> io::Result<Connection> {
        let socket = accept_with(&self.0, SocketFlags::CLOEXEC)?;
        Ok(Connection(socket))
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Connection {
    /// Takes the request and what is beside it, waiting no longer than
    /// `patience`: a plugin that connects and falls silent holds nobody up.
    pub fn request(&self, patience: Duration) -> io::Result<(Request, Beside)> {
        let timeout = sockopt::Timeout::Recv;
        sockopt::set_socket_timeout(&self.0, timeout, Some(patience))?;
        let (mut bytes, descriptors) = receive(self.0.as_fd())?;
        let mut descriptors = descriptors.into_iter();
        if bytes == IN_MEMFD {
            bytes = read_memfd(descriptors.next())?;
        }
        let (netns, rtnl) = (descriptors.next(), descriptors.next());
        Ok((decode(&bytes)?, Beside { netns, rtnl }))
    }

    /// True where the plugin has gone: it was killed, or has lost patience.
    /// Nobody waits for the answer then, and whatever its runtime does next
    /// may have been done already.
    pub fn is_abandoned(&self) -> bool {
        let mut byte = [0];
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        // Nothing follows a request: silence is the sign of one who waits.
        !matches!(
            rustix::net::recv(&self.0, &mut byte, flags),
            Err(rustix::io::Errno::AGAIN)
        )
    }

    /// Sends the answer. A plugin that has gone makes no difference.
    pub fn answer(&self, reply: &Reply) -> io::Result<()> {
        let message = serde_json::to_vec(reply)?;
        send(self.0.as_fd(), &message, &[])
    }
}

fn send(
    socket: BorrowedFd<'_>,
    packet: &impl AsRef<[u8]>,
    beside: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let mut space =
        [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_BESIDE))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !beside.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(beside));
    }
    let parts = [IoSlice::new(packet.as_ref())];
    sendmsg(socket, &parts, &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// What a memfd holds, of the length of a request at most. It is read where
/// it stands, which a pipe in its place refuses instead of waiting.
fn read_memfd(memfd: Option<OwnedFd>) -> io::Result<Vec<u8>> {
    let memfd = File::from(memfd.ok_or(io::ErrorKind::InvalidData)?);
    let length = usize::try_from(memfd.metadata()?.len())
        .ok()
        .filter(|length| *length <= MAX_MESSAGE_BYTES)
        .ok_or(io::ErrorKind::InvalidData)?;
    let mut bytes = vec![0; length];
    memfd.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Takes one whole packet. The end of the connection and a packet that is too
/// long are errors.
fn receive(socket: BorrowedFd<'_>) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut bytes = vec![0; MAX_PACKET_BYTES];
    let mut space =
        [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_BESIDE))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let got = recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut bytes)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC | RecvFlags::TRUNC,
    )?;
    if got.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if got.bytes > bytes.len() {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    }
    bytes.truncate(got.bytes);
    let descriptors = ancillary
        .drain()
        .filter_map(|message| {
            let RecvAncillaryMessage::ScmRights(fds) = message else {
                return None;
            };
            Some(fds)
        })
        .flatten();
    Ok((bytes, descriptors.collect()))
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    Ok(serde_json::from_slice(bytes)?)
}

#[cfg(test)]
mod tests;
