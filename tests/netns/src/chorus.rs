//! Many TCP connections and UDP flows between containers that never pause,
//! with both their ends in our hands: a reset, a byte that is not the one that
//! was sent, a datagram that does not arrive is seen by our own numbers.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::container::Container;
use crate::inside::inside;
use crate::within::{seconds, within};

/// Connections that one thread keeps busy.
const IN_ONE_HAND: usize = 250;
/// A word takes milliseconds; one that is lost for good takes this long to be
/// missed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two datagrams of a flow.
const BEAT: Duration = Duration::from_millis(4);
/// Datagrams of a flow that may be on their way.
const AHEAD: u64 = 64;
/// How long the last datagrams may take.
const ECHO: Duration = Duration::from_secs(2);

/// What goes on until somebody ends it.
pub struct Chorus {
    over: Arc<AtomicBool>,
    /// Words said and heard on all connections.
    words: Arc<AtomicU64>,
    singers: Vec<JoinHandle<Result<(), String>>>,
    flows: Vec<Flow>,
}

struct Flow {
    sent: JoinHandle<io::Result<u64>>,
    heard: JoinHandle<Vec<u64>>,
}

/// How a chorus ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sung {
    /// Datagrams of all flows, each of which arrived once.
    pub datagrams: u64,
}

impl Chorus {
    /// Nobody sings yet.
    pub fn new() -> Self {
        Self {
            over: Arc::default(),
            words: Arc::default(),
            singers: Vec::new(),
            flows: Vec::new(),
        }
    }

    /// So many TCP connections, each of which carries a number there and back,
    /// again and again.
    #[track_caller]
    pub fn connects(
        &mut self,
        from: &Container,
        to: &Container,
        connections: usize,
    ) {
        let mut pairs = connections_between(from, to, connections);
        while !pairs.is_empty() {
            let own = pairs.split_off(pairs.len().saturating_sub(IN_ONE_HAND));
            let (over, words) = (self.over.clone(), self.words.clone());
            self.singers.push(thread::spawn(move || sing(&own, &over, &words)));
        }
    }

    /// A UDP flow with a datagram at each beat.
    #[track_caller]
    pub fn streams(&mut self, from: &Container, to: &Container, port: u16) {
        let at = SocketAddr::new(to.end().addresses[0], port);
        let ear = inside(to.netns(), || UdpSocket::bind(at)).expect("bind");
        ear.set_read_timeout(Some(ECHO)).expect("a deadline");
        let any = (Ipv4Addr::UNSPECIFIED, 0);
        let mouth = inside(from.netns(), || UdpSocket::bind(any));
        let mouth = mouth.expect("a socket");
        mouth.connect(at).expect("connect");
        let (over, ended) = (self.over.clone(), self.over.clone());
        let count = Arc::<AtomicU64>::default();
        let arrived = Arc::clone(&count);
        self.flows.push(Flow {
            sent: thread::spawn(move || speak(&mouth, &over, &arrived)),
            heard: thread::spawn(move || listen(&ear, &ended, &count)),
        });
    }

    /// Every connection says and hears something from here on.
    #[track_caller]
    pub fn goes_on(&self) {
        let before = self.words.load(Ordering::Relaxed);
        let round = (self.singers.len() * IN_ONE_HAND * 2) as u64;
        within(seconds(120), "all connections carry data", || {
            let ended = self.singers.iter().any(JoinHandle::is_finished);
            assert!(!ended, "a connection ended before its time");
            let now = self.words.load(Ordering::Relaxed);
            (now >= before + round).then_some(())
        });
    }

    /// Ends all; fails where a connection broke or a datagram was lost.
    #[track_caller]
    pub fn ends(self) -> Sung {
        self.over.store(true, Ordering::Relaxed);
        for singer in self.singers {
            singer.join().expect("a singer").expect("no connection breaks");
        }
        let mut datagrams = 0;
        for Flow { sent, heard } in self.flows {
            let sent = sent.join().expect("a mouth");
            let sent = sent.expect("each datagram is taken");
            let heard = heard.join().expect("an ear");
            let wanted: Vec<_> = (0..sent).collect();
            let arrived: std::collections::BTreeSet<_> = heard.iter().collect();
            let lost = wanted.iter().filter(|it| !arrived.contains(it)).count();
            assert_eq!(lost, 0, "of {sent} datagrams {lost} were lost");
            assert_eq!(heard.len() as u64, sent, "each arrives once");
            datagrams += sent;
        }
        Sung { datagrams }
    }
}

impl Default for Chorus {
    fn default() -> Self {
        Self::new()
    }
}

type Pair = (TcpStream, TcpStream);

#[track_caller]
fn connections_between(
    from: &Container,
    to: &Container,
    connections: usize,
) -> Vec<Pair> {
    let at = SocketAddr::new(to.end().addresses[0], 7777);
    let ear = inside(to.netns(), || TcpListener::bind(at)).expect("bind");
    (0..connections)
        .map(|_| {
            let connect = || TcpStream::connect_timeout(&at, PATIENCE);
            let mouth = inside(from.netns(), connect).expect("connect");
            let (other, _) = ear.accept().expect("accept");
            for stream in [&mouth, &other] {
                stream.set_nodelay(true).expect("an option");
                stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
            }
            (mouth, other)
        })
        .collect()
}

fn sing(
    pairs: &[Pair],
    over: &AtomicBool,
    words: &AtomicU64,
) -> Result<(), String> {
    let mut number = 0_u64;
    while !over.load(Ordering::Relaxed) {
        for (place, (one, other)) in pairs.iter().enumerate() {
            number += 1;
            carry(one, other, number)
                .and_then(|()| carry(other, one, number))
                .map_err(|error| format!("connection {place}: {error}"))?;
            words.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

fn carry(mut from: &TcpStream, mut to: &TcpStream, it: u64) -> io::Result<()> {
    let mut heard = [0; 8];
    from.write_all(&it.to_be_bytes())?;
    to.read_exact(&mut heard)?;
    if u64::from_be_bytes(heard) == it {
        return Ok(());
    }
    Err(io::Error::other("another number than was sent"))
}

fn speak(
    mouth: &UdpSocket,
    over: &AtomicBool,
    heard: &AtomicU64,
) -> io::Result<u64> {
    let mut sent = 0_u64;
    while !over.load(Ordering::Relaxed) {
        mouth.send(&sent.to_be_bytes())?;
        sent += 1;
        thread::park_timeout(BEAT);
        // A listener that gets no CPU is not the network's fault: its socket
        // has room for some hundreds. What is lost on the way stays missing.
        let deadline = Instant::now() + ECHO;
        while sent.saturating_sub(heard.load(Ordering::Relaxed)) > AHEAD
            && Instant::now() < deadline
            && !over.load(Ordering::Relaxed)
        {
            thread::park_timeout(BEAT);
        }
    }
    Ok(sent)
}

fn listen(ear: &UdpSocket, over: &AtomicBool, count: &AtomicU64) -> Vec<u64> {
    let mut heard = Vec::new();
    let mut word = [0; 8];
    loop {
        match ear.recv(&mut word) {
            Ok(8) => {
                heard.push(u64::from_be_bytes(word));
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(_) => {}
            Err(_) if over.load(Ordering::Relaxed) => return heard,
            Err(_) => {}
        }
    }
}
