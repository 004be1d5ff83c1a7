//! The rtnetlink socket. Acts.
//!
//! The kernel does what it is sent, and queues its answers, before the send
//! returns. So nothing here waits: an answer that is not there was lost, and
//! that is an error rather than a hang.

use std::io;
use std::iter::Peekable;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::vec::IntoIter;

use netlink_packet_core::NLM_F_DUMP_INTR;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use nix::libc::{AF_NETLINK, MSG_DONTWAIT, MSG_TRUNC};
use nix::sys::socket::{setsockopt, sockopt};

use crate::answer::{Answer, Malformed, answers};
use crate::batch::Batch;
use crate::encode::{Reply, change, write};
use crate::error::{BatchError, ExchangeError, Failure, OpenError, ReadError};
use crate::filter::{FilterPlace, FilterSpec};
use crate::link::Link;
use crate::netns::{NetNs, within};
use crate::operation::Operation;
use crate::request::Question;
use crate::sys;

/// The kernel sends at most 32 KiB at a time (`NLMSG_GOODSIZE` and
/// netlink_dump in net/netlink/af_netlink.c, Linux 6.18).
const DATAGRAM_BYTES: usize = 64 << 10;
/// Room for a refusal of each message of a send: each takes about 1 KiB of it.
const RECEIVE_BYTES: usize = 1 << 20;
/// A send takes at most this much, some 700 routes: within the default send
/// buffer (208 KiB), and its refusals within ours.
const SEND_BYTES: usize = 32 << 10;
/// How often a dump is asked for again because things changed meanwhile. Each
/// is a chance of its own, so this many in a row mean that something is wrong.
const DUMP_TRIES: u32 = 16;
/// What is kept of a listing whose length strangers decide: far more than
/// we put there.
const SOME: usize = 1024;

/// A socket for links, addresses, neighbours, routes and filters of one
/// network namespace: that in which it was opened.
#[derive(Debug)]
pub struct Rtnl {
    socket: Socket,
    sequence: u32,
    sends: u64,
    /// How many things of a listing are kept.
    most: usize,
    datagram: Vec<u8>,
}

/// A link that a batch made, as the kernel describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// The place of the change in the batch.
    pub index: usize,
    /// The link.
    pub link: Link,
}

/// What became of a batch, as far as it was sent.
#[derive(Default)]
struct Done {
    sent: usize,
    failures: Vec<Failure>,
    echoes: Vec<Echo>,
}

/// What was answered to a question.
struct Found<T> {
    things: Vec<T>,
    errno: i32,
    text: Option<String>,
    is_interrupted: bool,
}

impl Rtnl {
    /// Opens a socket in the network namespace of the calling thread.
    pub fn open() -> Result<Self, OpenError> {
        Self::ready(Socket::new(NETLINK_ROUTE)?)
    }

    /// Takes over a socket that somebody opened in the namespace meant: it
    /// spares the thread that [`open_in`](Self::open_in) needs, and on a busy
    /// host that thread's wait for a CPU.
    pub fn from_fd(fd: OwnedFd) -> Result<Self, OpenError> {
        let found = sys::family_and_protocol(fd.as_fd())?;
        if found != (AF_NETLINK, NETLINK_ROUTE as i32) {
            return Err(OpenError::NotRoute { fd: fd.as_raw_fd() });
        }
        Self::ready(sys::netlink_socket(fd))
    }

    fn ready(socket: Socket) -> Result<Self, OpenError> {
        // Only the kernel may answer a connected socket.
        socket.connect(&SocketAddr::new(0, 0))?;
        socket.set_ext_ack(true)?;
        socket.set_cap_ack(true)?;
        socket.set_netlink_get_strict_chk(true)?;
        setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BYTES)
            .map_err(io::Error::from)?;
        let datagram = vec![0; DATAGRAM_BYTES];
        let most = usize::MAX;
        Ok(Self { socket, sequence: 0, sends: 0, most, datagram })
    }

    /// Opens a socket in another network namespace.
    pub fn open_in(ns: &NetNs) -> Result<Self, OpenError> {
        within(ns, Self::open)?
    }

    /// How often this socket has sent something.
    pub fn sends(&self) -> u64 {
        self.sends
    }

    /// The number of the socket's namespace, never given to another while the
    /// host is up (an inode number is).
    pub fn netns_cookie(&self) -> io::Result<u64> {
        sys::netns_cookie(self.socket.as_fd())
    }

    /// Makes the changes, in one send (or one for each 32 KiB), and answers
    /// with the links made. All are tried, whichever of them is refused.
    pub fn apply(&mut self, batch: Batch<'_>) -> Result<Vec<Echo>, BatchError> {
        let mut operations = batch.into_operations().into_iter().peekable();
        let mut done = Done::default();
        while operations.peek().is_some() {
            self.apply_some(&mut operations, &mut done)?;
        }
        if done.failures.is_empty() {
            return Ok(done.echoes);
        }
        Err(BatchError::Refused { failures: done.failures })
    }

    /// Puts a program somewhere; see [`Batch::put_filter`].
    pub fn put_filter(
        &mut self,
        place: FilterPlace,
        filter: &FilterSpec<'_>,
    ) -> Result<(), BatchError> {
        let mut batch = Batch::new();
        batch.put_filter(place, filter);
        self.apply(batch).map(drop)
    }

    /// Takes a program away.
    pub fn delete_filter(
        &mut self,
        place: FilterPlace,
        priority: u16,
        handle: u32,
    ) -> Result<(), BatchError> {
        let mut batch = Batch::new();
        batch.delete_filter(place, priority, handle);
        self.apply(batch).map(drop)
    }

    /// Sends what fits in one send, and takes in what became of it.
    fn apply_some(
        &mut self,
        operations: &mut Peekable<IntoIter<Operation>>,
        done: &mut Done,
    ) -> Result<(), ExchangeError> {
        let first = self.sequence.wrapping_add(1);
        let (mut bytes, mut tried) = (Vec::new(), Vec::new());
        while let Some(operation) = operations.next() {
            let is_full = bytes.len() >= SEND_BYTES;
            let is_last = is_full || operations.peek().is_none();
            // Refusals come unasked. That the last one is done says that all
            // were tried.
            let reply = if is_last { Reply::Verdict } else { Reply::Refusal };
            self.sequence = self.sequence.wrapping_add(1);
            write(&mut bytes, change(&operation), self.sequence, reply);
            tried.push(operation);
            if is_last {
                break;
            }
        }
        let base = done.sent;
        self.exchange(&bytes, first, &mut |answer| {
            done.take(answer, first, &tried)
        })?;
        done.sent = base + tried.len();
        Ok(())
    }

    /// Asks, and reads each thing answered by `read`; asks again where things
    /// changed meanwhile.
    pub(crate) fn ask<T>(
        &mut self,
        question: Question,
        read: fn(&[u8]) -> Result<Option<T>, Malformed>,
    ) -> Result<Vec<T>, ReadError> {
        for _ in 0..DUMP_TRIES {
            let found = match self.ask_once(&question, read) {
                Ok(found) => found,
                Err(source) => {
                    return Err(ReadError::Exchange { question, source });
                }
            };
            if found.errno != 0 {
                let (errno, text) = (found.errno, found.text);
                return Err(ReadError::Refused { question, errno, text });
            }
            if !found.is_interrupted {
                return Ok(found.things);
            }
        }
        Err(ReadError::Interrupted { question, tries: DUMP_TRIES })
    }

    /// As [`Self::ask`], but of a listing whose length strangers decide no
    /// more than [`SOME`] is kept.
    pub(crate) fn ask_some<T>(
        &mut self,
        question: Question,
        read: fn(&[u8]) -> Result<Option<T>, Malformed>,
    ) -> Result<Vec<T>, ReadError> {
        self.most = SOME;
        let found = self.ask(question, read);
        self.most = usize::MAX;
        found
    }

    fn ask_once<T>(
        &mut self,
        question: &Question,
        read: fn(&[u8]) -> Result<Option<T>, Malformed>,
    ) -> Result<Found<T>, ExchangeError> {
        let (message, reply) = question.message();
        self.sequence = self.sequence.wrapping_add(1);
        let mut bytes = Vec::new();
        write(&mut bytes, (message, 0), self.sequence, reply);
        let mut found = Found::default();
        let most = self.most;
        self.exchange(&bytes, self.sequence, &mut |answer| match found
            .things
            .len()
            < most
        {
            true => found.take(answer, read),
            false => found.take(answer, |_| Ok(None)),
        })?;
        Ok(found)
    }

    /// Sends messages, numbered from `first` to the socket's last number, and
    /// hands over the answers to them, up to the verdict on the last one.
    fn exchange(
        &mut self,
        bytes: &[u8],
        first: u32,
        take: &mut dyn FnMut(Answer<'_>) -> Result<(), Malformed>,
    ) -> Result<(), ExchangeError> {
        self.send(bytes)?;
        let last = self.sequence.wrapping_sub(first);
        loop {
            let length = self.receive()?;
            let datagram = self.datagram.get(..length);
            for answer in answers(datagram.ok_or(Malformed::Truncated)?) {
                let answer = answer?;
                // What an exchange left behind that failed is passed over.
                let place = answer.sequence().wrapping_sub(first);
                if place > last {
                    continue;
                }
                let is_end = place == last && answer.is_verdict();
                take(answer)?;
                if is_end {
                    return Ok(());
                }
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), ExchangeError> {
        self.sends += 1;
        self.socket.send(bytes, 0).map(drop).map_err(|source| {
            ExchangeError::Send { bytes: bytes.len(), source }
        })
    }

    /// The length of the next datagram, even of one longer than the buffer.
    fn receive(&mut self) -> Result<usize, ExchangeError> {
        loop {
            let mut room = self.datagram.as_mut_slice();
            let flags = MSG_DONTWAIT | MSG_TRUNC;
            match self.socket.recv(&mut room, flags) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(ExchangeError::Receive),
            }
        }
    }
}

impl Done {
    fn take(
        &mut self,
        answer: Answer<'_>,
        first: u32,
        tried: &[Operation],
    ) -> Result<(), Malformed> {
        let place = answer.sequence().wrapping_sub(first) as usize;
        let index = self.sent + place;
        match answer {
            Answer::Verdict { errno: 0, .. } => {}
            Answer::Verdict { errno, text, .. } => {
                let operation = tried.get(place).cloned();
                self.failures.extend(operation.map(|operation| {
                    Failure::new(index, operation, errno, text)
                }));
            }
            Answer::Item { payload, .. } => {
                let link = Link::read(payload)?;
                self.echoes.push(Echo { index, link });
            }
        }
        Ok(())
    }
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        let things = Vec::new();
        Self { things, errno: 0, text: None, is_interrupted: false }
    }
}

impl<T> Found<T> {
    fn take(
        &mut self,
        answer: Answer<'_>,
        read: fn(&[u8]) -> Result<Option<T>, Malformed>,
    ) -> Result<(), Malformed> {
        self.is_interrupted |= answer.flags() & NLM_F_DUMP_INTR != 0;
        match answer {
            Answer::Verdict { errno, text, .. } => {
                self.errno = errno;
                self.text = text;
            }
            Answer::Item { payload, .. } => self.things.extend(read(payload)?),
        }
        Ok(())
    }
}
