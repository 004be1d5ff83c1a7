//! A dataplane of its own for each test, and how one packet is tried in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustix::mount::{UnmountFlags, unmount};
use tartan_ebpf::{
    Dataplane, Direction, DropReason, EndpointEntry, Trial, TrialPacket,
    Verdict, ensure_bpffs,
};
use tartan_model::{ClassId, Generation, Mac};
use tempfile::TempDir;

use crate::craft::{OWN_MAC, OWN_V4, OWN_V6};

/// The loopback device: what a tried packet may always seem to come by.
pub(crate) const LOOPBACK: u32 = 1;

/// A bpf file system in a directory that goes away with the test.
pub(crate) struct Bpffs {
    dir: TempDir,
}

impl Bpffs {
    pub(crate) fn new() -> Self {
        let dir = TempDir::with_prefix("tartan-ebpf-").unwrap();
        ensure_bpffs(&dir.path().join("bpf")).expect("needs root");
        Self { dir }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("bpf")
    }
}

impl Drop for Bpffs {
    fn drop(&mut self) {
        let mounted: &Path = &self.path();
        unmount(mounted, UnmountFlags::DETACH).expect("it was mounted");
    }
}

/// A dataplane with one endpoint, at the loopback device.
pub(crate) struct Place {
    pub(crate) dataplane: Dataplane,
    pub(crate) bpffs: Bpffs,
}

impl Place {
    pub(crate) fn empty() -> Self {
        let bpffs = Bpffs::new();
        let dataplane = Dataplane::open(&bpffs.path()).expect("loads");
        Self { dataplane, bpffs }
    }

    pub(crate) fn with_endpoint() -> Self {
        let place = Self::empty();
        place.dataplane.put_endpoint(LOOPBACK, &own()).unwrap();
        place
    }

    /// Tries the packet and checks what became of it, and that exactly one
    /// counter of each kind moved, by one packet and its bytes.
    #[track_caller]
    pub(crate) fn expect(
        &self,
        direction: Direction,
        (name, packet): (&str, &[u8]),
        expected: Outcome,
    ) {
        let before = Tally::of(&self.dataplane);
        let trial = self.try_packet(direction, packet);
        let moved = Tally::of(&self.dataplane).since(&before);
        assert_eq!(moved, expected.tally(direction), "{name}");
        assert_eq!(trial.verdict, expected.verdict(), "{name}");
    }

    pub(crate) fn try_packet(
        &self,
        direction: Direction,
        packet: &[u8],
    ) -> Trial {
        let packet = TrialPacket::new(LOOPBACK, packet);
        self.dataplane.try_packet(direction, &packet).unwrap()
    }

    /// Tries a packet of which nothing is known, and says what became of it;
    /// whatever it is, it is counted once.
    #[track_caller]
    pub(crate) fn outcome(
        &self,
        direction: Direction,
        packet: &[u8],
    ) -> Outcome {
        let before = Tally::of(&self.dataplane);
        let trial = self.try_packet(direction, packet);
        let moved = Tally::of(&self.dataplane).since(&before);
        let outcomes = [Outcome::Passes]
            .into_iter()
            .chain(DropReason::ALL.map(Outcome::Drops));
        let found: Vec<_> =
            outcomes.filter(|it| it.tally(direction) == moved).collect();
        assert_eq!(found.len(), 1, "counted once: {moved:?}");
        assert_eq!(found[0].verdict(), trial.verdict);
        found[0]
    }
}

pub(crate) fn own() -> EndpointEntry {
    EndpointEntry {
        class: class("102a:0007"),
        generation: Generation(1),
        ipv4: Some(OWN_V4),
        ipv6: Some(OWN_V6),
        mac: Mac(OWN_MAC),
        limit_class: None,
    }
}

pub(crate) fn class(text: &str) -> ClassId {
    text.parse().unwrap()
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passes,
    Drops(DropReason),
}

impl Outcome {
    fn verdict(self) -> Verdict {
        match self {
            Self::Passes => Verdict::Passed,
            Self::Drops(_) => Verdict::Dropped,
        }
    }

    fn tally(self, direction: Direction) -> Tally {
        let class = ("class", direction, self.verdict().as_str());
        let counters: &[_] = match self {
            Self::Passes => &[("passed", direction, "endpoint"), class],
            Self::Drops(DropReason::NoEndpoint) => {
                &[("drops", direction, "no_endpoint")]
            }
            Self::Drops(reason) => &[
                ("drops", direction, reason.as_str()),
                ("dropped", direction, reason.as_str()),
                class,
            ],
        };
        Tally(counters.iter().map(|key| (*key, 1)).collect())
    }
}

/// All counters of packets that are not zero, by name.
#[derive(Debug, PartialEq, Eq)]
struct Tally(BTreeMap<(&'static str, Direction, &'static str), u64>);

impl Tally {
    fn of(dataplane: &Dataplane) -> Self {
        let mut counters = BTreeMap::new();
        let mut add = |key, packets| {
            *counters.entry(key).or_default() += packets;
        };
        for drop in dataplane.drops().unwrap() {
            let reason = drop.reason.as_str();
            add(("drops", drop.direction, reason), drop.packets);
        }
        for count in dataplane.class_counters().unwrap() {
            let verdict = count.verdict.as_str();
            let packets = count.traffic.packets;
            add(("class", count.direction, verdict), packets);
        }
        let endpoint = dataplane.endpoint_counters(LOOPBACK).unwrap();
        for (counters, way) in
            endpoint.iter().flat_map(|it| Direction::ALL.map(|way| (it, way)))
        {
            add(("passed", way, "endpoint"), counters.passed(way).packets);
            for reason in DropReason::ALL {
                let packets = counters.dropped(way, reason);
                add(("dropped", way, reason.as_str()), packets);
            }
        }
        for way in Direction::ALL {
            let lost = dataplane.uncounted_classes(way).unwrap();
            add(("overflow", way, ""), lost.packets);
        }
        Self(counters)
    }

    fn since(mut self, before: &Self) -> Self {
        for (key, packets) in &before.0 {
            *self.0.entry(*key).or_default() -= packets;
        }
        self.0.retain(|_, packets| *packets != 0);
        self
    }
}
