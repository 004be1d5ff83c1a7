//! What each step of an attachment's life costs on this kernel, and whether
//! it sleeps. Needs root; works in namespaces of its own.
//!
//! A step that waits for an RCU grace period shows as voluntary context
//! switches of the thread that asked for it: rtnetlink works in the caller.
//!
//! `cargo run --example costs [ROUNDS]`

#![expect(clippy::print_stdout, reason = "a table is what this is for")]

mod ground;

use std::error::Error;
use std::num::NonZeroU32;
use std::thread;
use std::time::{Duration, Instant};

use tartan_hostnet::{Batch, BlockPair, NetNs, Route, Rtnl, within};

use ground::{addresses, fill, inner, mac, new_netns, sleeps, spec};

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// As an agent has them: each with a filter.
const BLOCKS: BlockPair = BlockPair { ingress: 7001, egress: 7002 };
const WITHOUT_FILTERS: BlockPair = BlockPair { ingress: 7003, egress: 7004 };
const FIRST: u32 = 1 << 20;
const GROUP: u32 = 116;
const DEAD: u32 = 117;
const AT_ONCE: usize = 32;

fn main() -> Outcome {
    let rounds = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => 200,
    };
    let (mut bench, _keepers) = Bench::new()?;
    bench.lives(rounds)?;
    bench.groups(rounds.div_ceil(8))?;
    bench.meanwhile(rounds.div_ceil(8))?;
    println!(
        "{:44} {:>9} {:>9} {:>9} {:>7}",
        "us", "p50", "p90", "max", "sleeps"
    );
    for step in &mut bench.steps {
        println!("{}", step.line());
    }
    Ok(())
}

/// One kind of step: how long it took each time, and how often it slept.
struct Step {
    name: &'static str,
    times: Vec<Duration>,
    sleeps: i64,
}

impl Step {
    fn line(&mut self) -> String {
        self.times.sort();
        let at = |part: usize| {
            let place =
                (self.times.len() * part / 100).min(self.times.len() - 1);
            self.times.get(place).map_or(0.0, |t| t.as_secs_f64() * 1e6)
        };
        let each = self.sleeps as f64 / self.times.len() as f64;
        let (p50, p90, max) = (at(50), at(90), at(100));
        let name = self.name;
        format!("{name:44} {p50:9.0} {p90:9.0} {max:9.0} {each:7.2}")
    }
}

struct Bench {
    host: Rtnl,
    next: u32,
    steps: Vec<Step>,
}

/// A container: its namespace, the host's end and its own.
struct Container<'ns> {
    netns: &'ns NetNs,
    index: u32,
    eth0: u32,
}

impl Bench {
    /// The second: where the links end that keep the blocks.
    fn new() -> Outcome<(Self, [NetNs; 2])> {
        let here = new_netns()?;
        let host = Rtnl::open_in(&here)?;
        let keepers = [new_netns()?, new_netns()?];
        let [first, second] = &keepers;
        let (next, steps) = (FIRST, Vec::new());
        let mut bench = Self { host, next, steps };
        bench.birth(first, Some(BLOCKS))?;
        bench.birth(second, Some(WITHOUT_FILTERS))?;
        fill(&here, BLOCKS)?;
        Ok((bench, keepers))
    }

    fn time<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&mut Self) -> Outcome<T>,
    ) -> Outcome<T> {
        let (sleeps, start) = (sleeps()?, Instant::now());
        let result = work(self)?;
        let time = start.elapsed();
        let slept = ground::sleeps()? - sleeps;
        if self.steps.iter().all(|step| step.name != name) {
            self.steps.push(Step { name, times: Vec::new(), sleeps: 0 });
        }
        for step in self.steps.iter_mut().filter(|step| step.name == name) {
            step.times.push(time);
            step.sleeps += slept;
        }
        Ok(result)
    }

    /// Whole lives, one after the other. The namespaces outlive all of them:
    /// the kernel tears one down in the background, under the same lock.
    fn lives(&mut self, rounds: usize) -> Outcome {
        let mut kept = Vec::new();
        for _ in 0..rounds {
            kept.push(new_netns()?);
        }
        for netns in &kept {
            self.time("a thread into a netns and back", |_| {
                within(netns, || ()).map_err(Into::into)
            })?;
            self.time("a socket here", |_| Ok(Rtnl::open().map(drop)?))?;
            let container =
                self.time("ADD: all of it", |bench| bench.add(netns))?;
            self.removal(&container)?;
            let inside = Rtnl::open_in(netns)?;
            let container = self
                .time("ADD: all, socket brought along", |bench| {
                    bench.add_by(netns, inside)
                })?;
            self.one(|batch| batch.delete(container.index))?;
            self.births(netns)?;
        }
        Ok(())
    }

    /// What the filters of the blocks add to making a link.
    fn births(&mut self, netns: &NetNs) -> Outcome {
        let kinds = [
            ("link: no clsact", None),
            ("link: clsact, blocks without filters", Some(WITHOUT_FILTERS)),
            ("link: clsact, blocks with a filter each", Some(BLOCKS)),
        ];
        for (name, blocks) in kinds {
            let (index, _) =
                self.time(name, |bench| bench.birth(netns, blocks))?;
            self.one(|batch| batch.delete(index))?;
        }
        Ok(())
    }

    fn add<'ns>(&mut self, netns: &'ns NetNs) -> Outcome<Container<'ns>> {
        let inside = self
            .time("ADD: socket in the container's netns", |_| {
                Ok(Rtnl::open_in(netns)?)
            })?;
        self.add_by(netns, inside)
    }

    fn add_by<'ns>(
        &mut self,
        netns: &'ns NetNs,
        mut inside: Rtnl,
    ) -> Outcome<Container<'ns>> {
        let (index, eth0) = self
            .time("ADD: veth, name, clsact in one send", |bench| {
                bench.birth(netns, Some(BLOCKS))
            })?;
        self.time("ADD: container's end in one send", |_| {
            inside.apply(inner(index, eth0)?).map(drop).map_err(Into::into)
        })?;
        self.time("ADD: host's end in one send", |bench| {
            let mut batch = Batch::new();
            batch.no_link_local(index).up(index);
            for address in addresses(index) {
                batch.neighbour(index, address, mac(index, 1));
                batch.route(&Route::to_address(address, index));
            }
            bench.apply(batch)
        })?;
        Ok(Container { netns, index, eth0 })
    }

    fn birth(
        &mut self,
        netns: &NetNs,
        blocks: Option<BlockPair>,
    ) -> Outcome<(u32, u32)> {
        self.next += 1;
        let index = self.next;
        let mut batch = Batch::new();
        batch
            .veth(&spec(index, GROUP, netns))
            .alt_name(index, &format!("tartan:net,{index},eth0"));
        if let Some(blocks) = blocks {
            batch.clsact(index, blocks);
        }
        let echoes = self.host.apply(batch)?;
        let eth0 = echoes.first().and_then(|echo| echo.link.peer_index);
        Ok((index, eth0.ok_or("no echo")?))
    }

    fn removal(&mut self, container: &Container<'_>) -> Outcome {
        let (index, eth0) = (container.index, container.eth0);
        self.time("DEL: routes in one send", |bench| {
            let mut batch = Batch::new();
            for address in addresses(index) {
                batch.delete_route(&Route::to_address(address, index));
            }
            bench.apply(batch)
        })?;
        self.time("DEL: into another group", |bench| {
            bench.one(|batch| batch.group(index, DEAD))
        })?;
        let mut inside = Rtnl::open_in(container.netns)?;
        self.time("DEL: rename container's end (up)", |_| {
            let mut batch = Batch::new();
            batch.rename(eth0, "gone0");
            Ok(inside.apply(batch).map(drop)?)
        })?;
        self.time("DEL: container's addresses in one send", |_| {
            let mut batch = Batch::new();
            for address in addresses(index) {
                batch.delete_address(eth0, address);
            }
            Ok(inside.apply(batch).map(drop)?)
        })?;
        self.time("DEL: host's end down", |bench| {
            bench.one(|batch| batch.down(index))
        })?;
        self.time("DEL: container's end down", |_| {
            let mut batch = Batch::new();
            batch.down(eth0);
            Ok(inside.apply(batch).map(drop)?)
        })?;
        self.time("DEL: rename container's end (down)", |_| {
            let mut batch = Batch::new();
            batch.rename(eth0, "gone1");
            Ok(inside.apply(batch).map(drop)?)
        })?;
        self.time("reaper: delete one (down)", |bench| {
            bench.one(|batch| batch.delete(index))
        })
    }

    /// Deletion of many at once, up as DEL would leave them or down.
    fn groups(&mut self, rounds: usize) -> Outcome {
        let group = NonZeroU32::new(DEAD).ok_or("no group")?;
        let mut namespaces = Vec::new();
        for _ in 0..AT_ONCE {
            namespaces.push(new_netns()?);
        }
        for round in 0..rounds {
            let mut down = Batch::new();
            for netns in &namespaces {
                let (index, eth0) = self.birth(netns, Some(BLOCKS))?;
                let mut inside = Rtnl::open_in(netns)?;
                inside.apply(inner(index, eth0)?)?;
                self.one(|batch| batch.up(index).group(index, DEAD))?;
                down.down(index);
            }
            let is_down = round % 2 == 1;
            if is_down {
                self.time("DEL: 32 hosts' ends down in one send", |bench| {
                    bench.apply(down)
                })?;
            }
            let name = match is_down {
                true => "reaper: delete 32 by group (down)",
                false => "reaper: delete 32 by group (up)",
            };
            self.time(name, |bench| {
                bench.one(|batch| batch.delete_group(group))
            })?;
            let last = namespaces.last().ok_or("no namespace")?;
            let (index, _) = self.birth(last, Some(BLOCKS))?;
            self.one(|batch| batch.up(index))?;
            self.time("reaper: delete one (up)", |bench| {
                bench.one(|batch| batch.delete(index))
            })?;
        }
        Ok(())
    }

    /// What an ADD waits for while the reaper is at work.
    fn meanwhile(&mut self, rounds: usize) -> Outcome {
        let group = NonZeroU32::new(DEAD).ok_or("no group")?;
        let mut namespaces = Vec::new();
        for _ in 0..=AT_ONCE {
            namespaces.push(new_netns()?);
        }
        let last = namespaces.pop().ok_or("no namespace")?;
        let mut reaper = Rtnl::open_in(&new_netns()?)?;
        for _ in 0..rounds {
            for netns in &namespaces {
                self.next += 1;
                let spec = spec(self.next, DEAD, netns);
                let mut batch = Batch::new();
                batch.veth(&spec).clsact(self.next, BLOCKS).up(self.next);
                reaper.apply(batch)?;
            }
            thread::scope(|scope| {
                let work = scope.spawn(|| {
                    let mut batch = Batch::new();
                    batch.delete_group(group);
                    reaper.apply(batch)
                });
                while !work.is_finished() {
                    let container = self
                        .time("ADD while 32 are deleted", |bench| {
                            bench.add(&last)
                        })?;
                    let (index, eth0) = (container.index, container.eth0);
                    let mut batch = Batch::new();
                    batch.rename(eth0, &format!("x{eth0}"));
                    for address in addresses(index) {
                        batch.delete_address(eth0, address);
                    }
                    batch.down(eth0);
                    Rtnl::open_in(&last)?.apply(batch)?;
                }
                work.join().map_err(|_| "the thread panicked")??;
                Ok::<(), Box<dyn Error>>(())
            })?;
        }
        Ok(())
    }

    fn apply(&mut self, batch: Batch<'_>) -> Outcome {
        Ok(self.host.apply(batch).map(drop)?)
    }

    fn one(
        &mut self,
        fill: impl for<'a> FnOnce(&'a mut Batch<'static>) -> &'a mut Batch<'static>,
    ) -> Outcome {
        let mut batch = Batch::new();
        fill(&mut batch);
        self.apply(batch)
    }
}
