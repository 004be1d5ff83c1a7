//! A netfilter socket: nf_tables and connection tracking. Acts.
//!
//! As with rtnetlink, the kernel does what it is sent and queues its answers
//! before the send returns.

use std::io;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST};
use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket, SocketAddr};
use nix::libc::{MSG_DONTWAIT, MSG_TRUNC};
use nix::sys::socket::{setsockopt, sockopt};
use thiserror::Error;

use crate::answer::{Answer, Malformed, answers};

mod message;

pub(crate) use message::{Attributes, Message};

/// The kernel sends at most 32 KiB at a time; see `rtnl`.
const DATAGRAM_BYTES: usize = 64 << 10;
/// Room for the refusals of a batch.
const RECEIVE_BYTES: usize = 1 << 20;
/// A transaction is one send, however long: some 100,000 elements of a set.
const SEND_BYTES: usize = 16 << 20;
/// How often a dump is asked for again because things changed meanwhile.
const DUMP_TRIES: u32 = 16;

/// Netfilter could not be talked to, or refuses.
#[derive(Debug, Error)]
pub enum NetfilterError {
    /// No socket could be had.
    #[error("cannot open a netfilter socket")]
    Open(#[source] io::Error),
    /// The send failed: nothing of it was done.
    #[error("cannot send {bytes} bytes to netfilter")]
    Send {
        /// Size of what was sent.
        bytes: usize,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The answer could not be had: what was sent may be done or not.
    #[error("cannot receive from netfilter")]
    Receive(#[source] io::Error),
    /// The answer could not be read.
    #[error("cannot read what netfilter answered")]
    Read(#[from] Malformed),
    /// Something was refused, and nothing of the send was done.
    #[error("cannot {what}")]
    Refused {
        /// What was attempted.
        what: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Things changed each time while they were read.
    #[error("cannot read {what} whole: changed {DUMP_TRIES} times meanwhile")]
    Interrupted {
        /// What was read.
        what: String,
    },
}

impl NetfilterError {
    /// The error number of a refusal.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Refused { source, .. } => source.raw_os_error(),
            Self::Open(_)
            | Self::Send { .. }
            | Self::Receive(_)
            | Self::Read(_)
            | Self::Interrupted { .. } => None,
        }
    }

    /// True where what was named is not there.
    pub fn is_absent(&self) -> bool {
        self.errno() == Some(nix::libc::ENOENT)
    }

    pub(crate) fn refused(what: String, errno: i32) -> Self {
        let source = io::Error::from_raw_os_error(errno);
        Self::Refused { what, source }
    }
}

/// The socket.
#[derive(Debug)]
pub(crate) struct Netfilter {
    socket: Socket,
    port: u32,
    sequence: u32,
    datagram: Vec<u8>,
}

/// What became of one message of a send.
pub(crate) struct Verdict {
    /// Its place in the send.
    pub(crate) place: usize,
    /// 0 where it was done.
    pub(crate) errno: i32,
}

impl Netfilter {
    /// Opens a socket in the network namespace of the calling thread.
    pub(crate) fn open() -> Result<Self, NetfilterError> {
        Self::ready().map_err(NetfilterError::Open)
    }

    fn ready() -> io::Result<Self> {
        let socket = Socket::new(NETLINK_NETFILTER)?;
        socket.connect(&SocketAddr::new(0, 0))?;
        socket.set_cap_ack(true)?;
        setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BYTES)?;
        // Only what is used is taken.
        setsockopt(&socket, sockopt::SndBufForce, &SEND_BYTES)?;
        let mut address = SocketAddr::new(0, 0);
        socket.get_address(&mut address)?;
        let (port, datagram) = (address.port_number(), vec![0; DATAGRAM_BYTES]);
        Ok(Self { socket, port, sequence: 0, datagram })
    }

    /// The socket's number.
    pub(crate) fn port(&self) -> u32 {
        self.port
    }

    /// Sends messages at once, and answers with the verdicts that came.
    pub(crate) fn send(
        &mut self,
        messages: Vec<Message>,
    ) -> Result<Vec<Verdict>, NetfilterError> {
        self.drain();
        let first = self.sequence.wrapping_add(1);
        let mut bytes = Vec::new();
        for message in messages {
            self.sequence = self.sequence.wrapping_add(1);
            message.write(&mut bytes, self.sequence);
        }
        let count = self.sequence.wrapping_sub(first);
        self.put(&bytes)?;
        let mut verdicts = Vec::new();
        while let Some(length) = self.receive()? {
            let datagram = self.datagram.get(..length);
            for answer in answers(datagram.ok_or(Malformed::Truncated)?) {
                let answer = answer?;
                let place = answer.sequence().wrapping_sub(first);
                if let Answer::Verdict { errno, .. } = answer
                    && place <= count
                {
                    verdicts.push(Verdict { place: place as usize, errno });
                }
            }
        }
        Ok(verdicts)
    }

    /// Asks for all things of a kind, and reads each by `read`.
    pub(crate) fn dump<T>(
        &mut self,
        what: &str,
        question: &Message,
        read: impl Fn(&[u8]) -> Result<Option<T>, Malformed>,
    ) -> Result<Vec<T>, NetfilterError> {
        for _ in 0..DUMP_TRIES {
            let mut things = Vec::new();
            let done = self.dump_once(question, &mut |payload| {
                things.extend(read(payload)?);
                Ok(())
            })?;
            match done {
                Dumped::Whole => return Ok(things),
                Dumped::Interrupted => {}
                Dumped::Refused(errno) => {
                    let what = format!("read {what}");
                    return Err(NetfilterError::refused(what, errno));
                }
            }
        }
        Err(NetfilterError::Interrupted { what: what.to_owned() })
    }

    fn dump_once(
        &mut self,
        question: &Message,
        take: &mut dyn FnMut(&[u8]) -> Result<(), Malformed>,
    ) -> Result<Dumped, NetfilterError> {
        self.drain();
        self.sequence = self.sequence.wrapping_add(1);
        let mut bytes = Vec::new();
        let asked = question.clone().flags(NLM_F_REQUEST | NLM_F_DUMP);
        asked.write(&mut bytes, self.sequence);
        self.put(&bytes)?;
        let mut is_whole = true;
        loop {
            let length = self.receive()?.ok_or_else(|| {
                NetfilterError::Receive(io::ErrorKind::WouldBlock.into())
            })?;
            let datagram = self.datagram.get(..length);
            for answer in answers(datagram.ok_or(Malformed::Truncated)?) {
                let answer = answer?;
                if answer.sequence() != self.sequence {
                    continue;
                }
                is_whole &= answer.flags() & NLM_F_DUMP_INTR == 0;
                match answer {
                    Answer::Item { payload, .. } => take(payload)?,
                    Answer::Verdict { errno: 0, .. } if is_whole => {
                        return Ok(Dumped::Whole);
                    }
                    // A dump that met a change may also end by EINTR.
                    Answer::Verdict { errno: 0 | nix::libc::EINTR, .. } => {
                        return Ok(Dumped::Interrupted);
                    }
                    Answer::Verdict { errno, .. } => {
                        return Ok(Dumped::Refused(errno));
                    }
                }
            }
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), NetfilterError> {
        self.socket.send(bytes, 0).map(drop).map_err(|source| {
            NetfilterError::Send { bytes: bytes.len(), source }
        })
    }

    /// Takes what an exchange left behind that failed.
    fn drain(&mut self) {
        while let Ok(Some(_)) = self.receive() {}
    }

    /// The length of the next datagram; none where none is queued.
    fn receive(&mut self) -> Result<Option<usize>, NetfilterError> {
        loop {
            let mut room = self.datagram.as_mut_slice();
            match self.socket.recv(&mut room, MSG_DONTWAIT | MSG_TRUNC) {
                Ok(length) => return Ok(Some(length)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(None);
                }
                Err(error) => return Err(NetfilterError::Receive(error)),
            }
        }
    }
}

/// How a dump ended.
enum Dumped {
    Whole,
    Interrupted,
    Refused(i32),
}
