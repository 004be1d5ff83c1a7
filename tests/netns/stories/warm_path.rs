//! What an ADD costs on the warm path, counted with others' tools. Counts,
//! never times.
//!
//! The agent does other things beside (it publishes, it reaps), so each count
//! is the smallest of several lone ADDs: what belongs to the way of an ADD
//! is in all of them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use nix::sys::signal::{Signal, kill};
use tartan_stories::within::seconds;
use tartan_stories::{
    Host, Network, Sleeps, World, inside, process, story, within,
};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

/// Lone ADDs that are looked at.
const ROUNDS: usize = 8;

/// Claims head-room and fills every cache.
fn warm_up(host: &Host) {
    for n in 0..3 {
        let guest = host.runs(&format!("warm{n}"), &shop());
        guest.detach(&shop()).unwrap();
    }
}

// One program is executed: the plugin. It starts no other.
story!(an_add_executes_one_program, |world| {
    let ambre = world.host("ambre");
    warm_up(&ambre);
    let front = ambre.container("front");
    let trace = world.directory("strace").join("plugin");

    let call = front.call("ADD", &shop(), "eth0");
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-e", "trace=execve,execveat", "-o"])
        .arg(&trace)
        .arg(&call.program)
        .env_clear()
        .envs(call.environment.iter().cloned())
        .env("PATH", "/usr/bin:/bin");
    let said = inside::run(ambre.netns(), &mut command, &call.input);
    said.success("ADD");

    let executed = fs::read_to_string(trace).unwrap();
    assert_eq!(executed.lines().count(), 1, "{executed}");
    front.detach(&shop()).unwrap();
});

// The agent executes nothing, flushes nothing to a disk, writes to no file of
// the store and asks netlink at most four times.
story!(an_add_asks_no_disk_and_netlink_four_times, |world| {
    let ambre = world.host("ambre");
    warm_up(&ambre);

    let adds: Vec<Counts> = (0..ROUNDS)
        .map(|n| {
            let front = ambre.container(&format!("front{n}"));
            let trace = Strace::of(world, &ambre, n);
            ambre.attaches(&front, &shop());
            let seen = trace.ends();
            Counts::of(&seen)
        })
        .collect();

    let least = |count: fn(&Counts) -> usize| {
        adds.iter().map(count).min().unwrap_or_default()
    };
    assert_eq!(least(|c| c.executions), 0, "{adds:?}");
    assert_eq!(least(|c| c.flushes), 0, "{adds:?}");
    assert_eq!(least(|c| c.store_writes), 0, "{adds:?}");
    assert!(least(|c| c.netlink_sends) <= 4, "{adds:?}");
    assert!(least(|c| c.netlink_sends) >= 1, "strace sees none: {adds:?}");
});

/// What an agent did between a request and its answer.
#[derive(Debug, Default)]
struct Counts {
    executions: usize,
    flushes: usize,
    store_writes: usize,
    netlink_sends: usize,
}

impl Counts {
    /// Counts the lines of strace between the request's arrival and the
    /// sending of its answer.
    fn of(trace: &str) -> Self {
        let lines: Vec<_> = trace.lines().collect();
        let find = |call: &str, word: &str| {
            lines
                .iter()
                .position(|line| line.contains(call) && line.contains(word))
                .unwrap_or_else(|| panic!("no {call} of {word} in:\n{trace}"))
        };
        let request = find("recvmsg", r#"\"add\""#);
        let answer = find("sendmsg", r#"\"attached\""#);
        let way = &lines[request..answer];
        let count = |is: &dyn Fn(&str) -> bool| {
            way.iter().filter(|line| is(line)).count()
        };
        let begins = |line: &str, call: &str| {
            line.split_once(' ')
                .is_some_and(|(_, rest)| rest.trim().starts_with(call))
        };
        Self {
            executions: count(&|line| begins(line, "execve")),
            flushes: count(&|line| {
                ["fsync(", "fdatasync(", "syncfs(", "sync_file_range("]
                    .iter()
                    .any(|call| begins(line, call))
            }),
            store_writes: count(&|line| {
                (begins(line, "pwrite64(") || begins(line, "write("))
                    && line.contains("/state/")
            }),
            netlink_sends: count(&|line| {
                (begins(line, "sendmsg(")
                    || begins(line, "sendto(")
                    || begins(line, "sendmmsg("))
                    && line.contains("NETLINK")
            }),
        }
    }
}

/// strace, looking at a running agent.
struct Strace {
    child: Child,
    trace: PathBuf,
}

const CALLS: &str = "trace=execve,execveat,fsync,fdatasync,syncfs,\
                     sync_file_range,write,pwrite64,sendto,sendmsg,sendmmsg,\
                     recvmsg";

impl Strace {
    fn of(world: &World, host: &Host, number: usize) -> Self {
        let trace = world.directory("strace").join(format!("agent{number}"));
        let pid = host.agent_pid();
        let mut command = Command::new("strace");
        command
            .args(["-f", "-yy", "-s", "64", "-qq", "-e", CALLS, "-o"])
            .arg(&trace)
            .arg("-p")
            .arg(pid.to_string());
        let child = process::spawn(&mut command);
        within(seconds(10), "strace is attached to every thread", || {
            all_traced(Path::new(&format!("/proc/{pid}/task"))).then_some(())
        });
        Self { child, trace }
    }

    fn ends(self) -> String {
        kill(process::pid_of(&self.child), Signal::SIGINT).unwrap();
        process::finish(self.child, b"", "strace");
        fs::read_to_string(self.trace).unwrap()
    }
}

fn all_traced(tasks: &Path) -> bool {
    fs::read_dir(tasks).into_iter().flatten().flatten().all(|task| {
        fs::read_to_string(task.path().join("status"))
            .is_ok_and(|status| !status.contains("TracerPid:\t0"))
    })
}

/// The one wait that the kernel imposes: a clsact qdisc whose shared block
/// has filters swaps its list of filters in, for ingress and for egress, and
/// has an expedited grace period pass before each (net/sched/sch_generic.c,
/// Linux 6.18): some 20 us each where the CPUs are idle, milliseconds where
/// they are not. docs/limits.md has the figures.
const IMPOSED: &str = "mini_qdisc_pair_swap";
const IMPOSED_PER_ADD: u64 = 2;

// Nothing on the way of an ADD waits for a grace period, beside
// what the kernel imposes; nor does it sleep uninterruptibly for another
// reason.
story!(an_add_waits_for_no_grace_period, |world| {
    let ambre = world.host("ambre");
    warm_up(&ambre);
    let fronts: Vec<_> =
        (0..ROUNDS).map(|n| ambre.container(&format!("front{n}"))).collect();
    let sleeps = Sleeps::of(world, ambre.agent_pid());

    let mut in_one_add = Vec::new();
    for front in &fronts {
        let (_, before) = parted(&sleeps);
        ambre.attaches(front, &shop());
        let (_, after) = parted(&sleeps);
        in_one_add.push(total(&after) - total(&before));
    }

    let (imposed, others) = parted(&sleeps);
    assert_eq!(Sleeps::rcu_waits(&others), 0, "{others:#?}");
    let most = IMPOSED_PER_ADD * ROUNDS as u64;
    assert!(total(&imposed) <= most, "{imposed:#?}");
    let least = in_one_add.iter().min();
    assert_eq!(least, Some(&0), "{in_one_add:?}: {others:#?}");
});

type Stacks = Vec<(u64, Vec<String>)>;

/// The sleeps that the kernel imposes, and the others.
fn parted(sleeps: &Sleeps) -> (Stacks, Stacks) {
    let is_imposed = |stack: &[String]| stack.iter().any(|f| f == IMPOSED);
    sleeps.so_far().into_iter().partition(|(_, stack)| is_imposed(stack))
}

fn total(sleeps: &Stacks) -> u64 {
    sleeps.iter().map(|(count, _)| count).sum()
}

// The instrument itself: deleting a link does wait, and that is seen.
story!(a_grace_period_would_be_seen, |world| {
    let mut command = Command::new("ip");
    let mut ip = process::spawn(command.args(["-batch", "-"]));
    let sleeps = Sleeps::of(world, process::pid_of(&ip));

    let stdin = ip.stdin.as_mut().unwrap();
    stdin.write_all(b"link add left type veth peer right\n").unwrap();
    stdin.write_all(b"link delete left\n").unwrap();
    process::finish(ip, b"", "ip -batch").success("ip -batch");

    let seen = sleeps.so_far();
    assert!(Sleeps::rcu_waits(&seen) > 0, "{seen:#?}");
});
