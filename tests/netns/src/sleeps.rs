//! Counts how often a process sleeps uninterruptibly, and in which kernel
//! functions: that is how a wait for an RCU grace period is seen.
//!
//! A raw tracepoint program on `sched_switch`, compiled for the one process.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use aya::Ebpf;
use aya::maps::{HashMap, StackTraceMap};
use aya::programs::RawTracePoint;
use nix::unistd::Pid;

use crate::World;
use crate::process;

const SOURCE: &str = include_str!("sleeps.bpf.c");

/// Kernel functions that wait for a grace period.
const RCU_WAITS: &[&str] =
    &["synchronize_rcu", "synchronize_net", "wait_rcu_gp", "rcu_barrier"];

/// A counter that counts while it lives.
#[derive(Debug)]
pub struct Sleeps {
    program: Ebpf,
    symbols: BTreeMap<u64, String>,
}

impl Sleeps {
    /// Starts to count for the process `pid`, whose number is one of this
    /// pid namespace.
    #[track_caller]
    pub fn of(world: &World, pid: Pid) -> Self {
        let work = world.directory("sleeps");
        let (source, object) = (work.join("s.bpf.c"), work.join("s.o"));
        fs::write(&source, SOURCE).expect("a source file");
        let own = fs::metadata("/proc/self/ns/pid").expect("own pid namespace");
        let mut clang = Command::new("clang");
        clang
            .args(["-target", "bpf", "-O2", "-g", "-Wall", "-c"])
            .arg(format!("-I/usr/include/{}-linux-gnu", std::env::consts::ARCH))
            .arg(format!("-DDEV={}", own.dev()))
            .arg(format!("-DINO={}u", own.ino()))
            .arg(format!("-DTGID={pid}"))
            .arg(&source)
            .arg("-o")
            .arg(&object);
        process::run(&mut clang).success("clang");
        Self { program: attached(&object), symbols: symbols() }
    }

    /// The sleeps so far: how many, and the functions of each stack.
    #[track_caller]
    pub fn so_far(&self) -> Vec<(u64, Vec<String>)> {
        let map = |name| self.program.map(name).expect("a map of ours");
        let sleeps: HashMap<_, i32, u64> =
            map("sleeps").try_into().expect("a hash");
        let stacks: StackTraceMap<_> =
            map("stacks").try_into().expect("stacks");
        sleeps
            .iter()
            .map(|entry| {
                let (stack, count) = entry.expect("an entry");
                let frames = u32::try_from(stack)
                    .ok()
                    .and_then(|id| stacks.get(&id, 0).ok())
                    .map(|trace| self.functions(trace.frames()));
                (count, frames.unwrap_or_default())
            })
            .collect()
    }

    /// How many of `sleeps` waited for a grace period.
    pub fn rcu_waits(sleeps: &[(u64, Vec<String>)]) -> u64 {
        let waits = |stack: &[String]| {
            stack.iter().any(|function| {
                RCU_WAITS.iter().any(|wait| function.contains(wait))
            })
        };
        sleeps.iter().filter(|(_, s)| waits(s)).map(|(n, _)| n).sum()
    }

    /// Names of the functions of a stack, innermost first.
    fn functions(
        &self,
        frames: &[aya::maps::stack_trace::StackFrame],
    ) -> Vec<String> {
        frames
            .iter()
            .map(|frame| {
                let below = self.symbols.range(..=frame.ip).next_back();
                below.map_or_else(String::new, |(_, name)| name.clone())
            })
            .collect()
    }
}

/// Loads the program and attaches it to its tracepoint, for as long as the
/// value lives.
#[track_caller]
fn attached(object: &Path) -> Ebpf {
    let mut loaded = Ebpf::load_file(object).expect("a loaded object");
    let program: &mut RawTracePoint = loaded
        .program_mut("on_switch")
        .expect("the program")
        .try_into()
        .expect("a raw tracepoint program");
    program.load().expect("a program the kernel takes");
    program.attach("sched_switch").expect("an attached program");
    loaded
}

fn symbols() -> BTreeMap<u64, String> {
    let text = fs::read_to_string(Path::new("/proc/kallsyms"))
        .expect("the kernel's symbols");
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let address = u64::from_str_radix(words.next()?, 16).ok()?;
            let is_code = words.next()?.eq_ignore_ascii_case("t");
            is_code.then(|| (address, words.next().unwrap_or("").to_owned()))
        })
        .collect()
}
