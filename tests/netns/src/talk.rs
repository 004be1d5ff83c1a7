//! Real exchanges: a server in one namespace, a client in another, a word
//! there and a word back.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{
    IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket,
};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::container::Container;
use crate::inside::inside;

/// How long an exchange may take that should succeed.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long is waited for an exchange that should fail by silence.
const SILENCE: Duration = Duration::from_millis(700);

/// A port of a protocol.
#[derive(Clone, Copy, Debug)]
pub enum Port {
    /// A stream.
    Tcp(u16),
    /// Datagrams.
    Udp(u16),
}

/// A port of TCP.
pub fn tcp(port: u16) -> Port {
    Port::Tcp(port)
}

/// A port of UDP.
pub fn udp(port: u16) -> Port {
    Port::Udp(port)
}

/// One end of a conversation.
#[derive(Clone, Debug)]
pub struct End {
    /// Whose end.
    pub name: String,
    /// Where.
    pub netns: PathBuf,
    /// Under which addresses others reach it.
    pub addresses: Vec<IpAddr>,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.name, self.addresses)
    }
}

impl Container {
    /// The other answers at each of its addresses, and sees whose question
    /// it is.
    #[track_caller]
    pub fn reaches(&self, other: &Container, port: Port) {
        reaches(&self.end(), &other.end(), port);
    }

    /// The other answers at none of its addresses.
    #[track_caller]
    pub fn cannot_reach(&self, other: &Container, port: Port) {
        cannot_reach(&self.end(), &other.end(), port);
    }
}

/// See [`Container::reaches`].
#[track_caller]
pub fn reaches(from: &End, to: &End, port: Port) {
    assert!(!to.addresses.is_empty(), "{to} has no address");
    for address in &to.addresses {
        let seen = exchange(from, to, *address, port, PATIENCE).unwrap_or_else(
            |error| panic!("{from} does not reach {to} at {address}: {error}"),
        );
        assert!(from.addresses.contains(&seen), "{to} sees {from} as {seen}");
    }
}

/// See [`Container::cannot_reach`].
#[track_caller]
pub fn cannot_reach(from: &End, to: &End, port: Port) {
    for address in &to.addresses {
        let answered = exchange(from, to, *address, port, SILENCE);
        assert!(answered.is_err(), "{from} reaches {to} at {address}");
    }
}

/// Nothing arrives that `from` says under its own addresses.
#[track_caller]
pub fn cannot_be_heard_as(from: &End, to: &End) {
    let source = SocketAddr::new(from.addresses[0], 0);
    let same = |a: &&IpAddr| a.is_ipv4() == source.is_ipv4();
    let at = to.addresses.iter().find(same).expect("an address");
    let server = inside(&to.netns, || UdpSocket::bind((*at, 5353)));
    let server = server.expect("a server");
    let client = inside(&from.netns, || UdpSocket::bind(source));
    let client = client.expect("the foreign address");
    server.set_read_timeout(Some(SILENCE)).expect("a deadline");
    client.send_to(b"lie", (*at, 5353)).expect("a datagram");
    let heard = server.recv_from(&mut [0; 16]);
    assert!(heard.is_err(), "{to} hears {source}: {heard:?}");
}

/// One question and one answer; the address that the asked one saw.
fn exchange(
    from: &End,
    to: &End,
    address: IpAddr,
    port: Port,
    patience: Duration,
) -> io::Result<IpAddr> {
    match port {
        Port::Tcp(port) => {
            let at = SocketAddr::new(address, port);
            let ends = connect(from, to, Way::straight(at), patience)?;
            ends.say(b"ask", b"told")?;
            Ok(ends.server.peer_addr()?.ip())
        }
        Port::Udp(port) => {
            let at = SocketAddr::new(address, port);
            datagrams(from, to, Way::straight(at), patience)
        }
    }
}

/// Where somebody listens, and where the other asks.
#[derive(Clone, Copy, Debug)]
struct Way {
    listens: SocketAddr,
    at: SocketAddr,
}

impl Way {
    /// The same for both.
    fn straight(at: SocketAddr) -> Self {
        Self { listens: at, at }
    }
}

/// Asks at an address and a port that lead to `to`, which listens at any
/// address of its own and at `port`; who asked, as it was seen there.
pub fn asks(
    from: &End,
    at: SocketAddr,
    to: &End,
    port: Port,
) -> io::Result<IpAddr> {
    asks_for(from, at, (to, port), PATIENCE)
}

/// Fails where an answer comes, as [`asks`] would have it.
#[track_caller]
pub fn asks_in_vain(from: &End, at: SocketAddr, to: &End, port: Port) {
    let answered = asks_for(from, at, (to, port), SILENCE);
    assert!(answered.is_err(), "{from} is answered at {at} by {to}");
}

fn asks_for(
    from: &End,
    at: SocketAddr,
    (to, port): (&End, Port),
    patience: Duration,
) -> io::Result<IpAddr> {
    let any: IpAddr = match at {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let way = |port| Way { listens: SocketAddr::new(any, port), at };
    match port {
        Port::Tcp(port) => {
            let ends = connect(from, to, way(port), patience)?;
            ends.say(b"ask", b"told")?;
            Ok(ends.server.peer_addr()?.ip())
        }
        Port::Udp(port) => datagrams(from, to, way(port), patience),
    }
}

/// A TCP connection with both its ends in our hands.
#[derive(Debug)]
pub struct Conversation {
    client: TcpStream,
    server: TcpStream,
}

impl Conversation {
    /// Opens one between two containers, at the other's first address.
    #[track_caller]
    pub fn open(from: &Container, to: &Container, port: u16) -> Self {
        let (from, to) = (from.end(), to.end());
        let at = SocketAddr::new(to.addresses[0], port);
        connect(&from, &to, Way::straight(at), PATIENCE)
            .unwrap_or_else(|error| panic!("{from} to {to}: {error}"))
    }

    /// A word there, a word back.
    #[track_caller]
    pub fn goes_on(&self) {
        self.say(b"still there?", b"yes").expect("the conversation goes on");
    }

    fn say(&self, question: &[u8], answer: &[u8]) -> io::Result<()> {
        pass(&self.client, &self.server, question)?;
        pass(&self.server, &self.client, answer)
    }
}

fn pass(from: &TcpStream, to: &TcpStream, word: &[u8]) -> io::Result<()> {
    let (mut from, mut to) = (from, to);
    from.write_all(word)?;
    let mut heard = vec![0; word.len()];
    to.read_exact(&mut heard)?;
    assert_eq!(heard, word, "what was said is what is heard");
    Ok(())
}

fn connect(
    from: &End,
    to: &End,
    Way { listens, at }: Way,
    patience: Duration,
) -> io::Result<Conversation> {
    let listener = inside(&to.netns, || TcpListener::bind(listens))?;
    let accepting = thread::spawn(move || accept(&listener, patience));
    let client =
        inside(&from.netns, || TcpStream::connect_timeout(&at, patience));
    let server = accepting.join().expect("the accepting thread");
    let (client, server) = (client?, server?);
    for stream in [&client, &server] {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
    }
    Ok(Conversation { client, server })
}

/// Accepts one connection, no later than a while after the client gave up.
fn accept(listener: &TcpListener, patience: Duration) -> io::Result<TcpStream> {
    listener.set_nonblocking(true)?;
    let deadline = std::time::Instant::now() + patience + SILENCE;
    loop {
        match listener.accept() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if std::time::Instant::now() > deadline {
                    return Err(error);
                }
                thread::park_timeout(Duration::from_millis(1));
            }
            Err(error) => return Err(error),
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                return Ok(stream);
            }
        }
    }
}

fn datagrams(
    from: &End,
    to: &End,
    Way { listens, at }: Way,
    patience: Duration,
) -> io::Result<IpAddr> {
    let any: IpAddr = match at {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let server = inside(&to.netns, || UdpSocket::bind(listens))?;
    let client = inside(&from.netns, || UdpSocket::bind((any, 0)))?;
    for socket in [&server, &client] {
        socket.set_read_timeout(Some(patience))?;
    }
    let mut heard = [0; 16];
    client.send_to(b"ask", at)?;
    let (length, whose) = server.recv_from(&mut heard)?;
    assert_eq!(&heard[..length], b"ask");
    server.send_to(b"told", whose)?;
    let (length, _) = client.recv_from(&mut heard)?;
    assert_eq!(&heard[..length], b"told");
    Ok(whose.ip())
}
