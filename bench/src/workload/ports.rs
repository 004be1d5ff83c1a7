//! What one more host port costs where none is, and where there are many; how
//! soon the first packet through one is answered, and how much passes. Acts.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sched::{CloneFlags, setns};

use super::compare::{Figure, view};
use super::{Bench, CONTAINERS};
use crate::blocks::{Blocks, interleaved};
use crate::contender::{Contender, Places, Verb};
use crate::row::Row;
use crate::statistics::{as_float, median};
use crate::translated::{INSIDE, Ports};
use crate::{call, ground};

/// The container that has many ports, and the one that is measured.
const CROWDED: usize = CONTAINERS;
const ONE: usize = 1;
/// The host's address (RFC 5737), and the port of the one.
const HOST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const PORT: u16 = 19_999;
/// The first of the many.
const FIRST: u16 = 20_000;
/// How much is written at once, and for how long.
const PIECE_BYTES: usize = 128 << 10;
const PERIOD: Duration = Duration::from_millis(500);

/// What one block saw.
struct Block {
    /// Milliseconds of ADD and DEL.
    pairs: Vec<f64>,
    /// Microseconds until a connection stands.
    connects: Vec<f64>,
    /// Gigabits per second.
    rate: f64,
}

/// Runs it.
pub(super) fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let host = format!("{HOST}/32");
    call::tool("ip", &["address", "replace", &host, "dev", "lo"])?;
    let many = u16::try_from(bench.amount(1000, 200))?;
    let mut rows = Vec::new();
    for count in [0, many] {
        let blocks =
            interleaved(&bench.translating(), bench.amount(3, 1), |who| {
                among(bench, who, count)
            })?;
        rows.extend(of(&blocks, count));
    }
    Ok(rows)
}

fn of(blocks: &Blocks<Block>, count: u16) -> Vec<Row> {
    let peers = &[(Contender::Ptp, None)];
    let named = |what: &str| format!("{what}, {count} ports there");
    let row = |what: &str, unit, of: fn(&Block) -> f64| {
        let metric = named(what);
        Figure { metric: &metric, unit }.of_blocks(&view(blocks, of), peers)
    };
    let mut rows =
        row("one more host port, ADD and DEL", "ms", |b| median(&b.pairs));
    rows.extend(row("connect through it", "us", |b| median(&b.connects)));
    rows.extend(row("throughput through it", "Gbit/s", |b| b.rate));
    rows
}

fn among(bench: &Bench, who: Contender, count: u16) -> anyhow::Result<Block> {
    let crowd = Ports { first: FIRST, count };
    if count > 0 {
        bench.time_translated(who, (Verb::Add, CROWDED), crowd)?;
    }
    let one = Ports { first: PORT, count: 1 };
    let mut pairs = Vec::new();
    for _ in 0..bench.amount(9, 3) {
        let add = bench.time_translated(who, (Verb::Add, ONE), one)?;
        let del = bench.time_translated(who, (Verb::Del, ONE), one)?;
        pairs.push(add + del);
    }
    bench.time_translated(who, (Verb::Add, ONE), one)?;
    let connects = connects(&bench.places, bench.amount(100, 20))?;
    let rate = rate(&bench.places)?;
    bench.time_translated(who, (Verb::Del, ONE), one)?;
    if count > 0 {
        bench.time_translated(who, (Verb::Del, CROWDED), crowd)?;
    }
    ground::drain(&bench.places, who)?;
    Ok(Block { pairs, connects, rate })
}

/// A listener in the measured container.
fn listen(places: &Places) -> anyhow::Result<TcpListener> {
    let netns = std::fs::File::open(places.netns(ONE))?;
    let opened = thread::spawn(move || -> anyhow::Result<TcpListener> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a thread of its own, which ends there"
        )]
        setns(netns, CloneFlags::CLONE_NEWNET)?;
        Ok(TcpListener::bind((Ipv4Addr::UNSPECIFIED, INSIDE))?)
    });
    opened.join().map_err(|_| anyhow::anyhow!("listening panicked"))?
}

fn connect() -> anyhow::Result<TcpStream> {
    let at = SocketAddr::from((HOST, PORT));
    TcpStream::connect_timeout(&at, Duration::from_secs(10))
        .with_context(|| format!("no answer at {at}"))
}

fn connects(places: &Places, count: usize) -> anyhow::Result<Vec<f64>> {
    let _listener = listen(places)?;
    let one = |_| {
        let started = Instant::now();
        let stream = connect()?;
        let took = started.elapsed().as_secs_f64() * 1e6;
        drop(stream);
        Ok(took)
    };
    (0..count).map(one).collect()
}

fn rate(places: &Places) -> anyhow::Result<f64> {
    let listener = listen(places)?;
    let server: JoinHandle<std::io::Result<usize>> = thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let mut room = vec![0; PIECE_BYTES];
        let mut sum = 0;
        loop {
            match stream.read(&mut room)? {
                0 => return Ok(sum),
                length => sum += length,
            }
        }
    });
    let mut stream = connect()?;
    let piece = vec![0; PIECE_BYTES];
    let started = Instant::now();
    while started.elapsed() < PERIOD {
        stream.write_all(&piece)?;
    }
    drop(stream);
    let read = server.join();
    let read = read.map_err(|_| anyhow::anyhow!("reading panicked"))??;
    Ok(as_float(read) * 8.0 / started.elapsed().as_secs_f64() / 1e9)
}
