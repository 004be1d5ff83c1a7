//! What the programs count, in our words. Pure: sums over CPUs and names for
//! slots; `readings` fetches the numbers.

use std::fmt;

use tartan_model::ClassId;

use crate::abi;
use crate::reason::DropReason;

/// Which way a packet goes, as its container sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Direction {
    /// Sent by the container.
    FromContainer = 0,
    /// Sent to the container.
    ToContainer = 1,
}

impl Direction {
    /// Both, in the order of their numbers.
    pub const ALL: [Self; abi::DIRECTIONS] =
        [Self::FromContainer, Self::ToContainer];

    /// The name in metrics, output and records; of the program as well.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FromContainer => "from_container",
            Self::ToContainer => "to_container",
        }
    }

    /// The number in `enum direction`.
    pub fn number(self) -> usize {
        usize::from(self as u8)
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|it| *it as u8 == number)
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Verdict {
    /// It went on.
    Passed = 0,
    /// It did not; the reason is counted apart.
    Dropped = 1,
}

impl Verdict {
    /// The name in metrics, output and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Dropped => "dropped",
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::Passed, Self::Dropped].into_iter().find(|it| *it as u8 == number)
    }
}

/// A sum of packets; a packet made by segmentation offload counts as its
/// segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets.
    pub packets: u64,
    /// Bytes with the Ethernet header, as they passed the host's end.
    pub bytes: u64,
}

impl Traffic {
    pub(crate) fn sum(cpus: &[abi::Traffic]) -> Self {
        cpus.iter().fold(Self::default(), |sum, cpu| Self {
            packets: sum.packets.wrapping_add(cpu.packets),
            bytes: sum.bytes.wrapping_add(cpu.bytes),
        })
    }
}

/// What was counted for one endpoint since it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointCounters {
    passed: [Traffic; abi::DIRECTIONS],
    dropped: [[u64; abi::DROP_REASONS]; abi::DIRECTIONS],
}

impl EndpointCounters {
    pub(crate) fn sum(
        cpus: &[abi::EndpointTraffic],
        drops: &[abi::EndpointDrops],
    ) -> Self {
        let passed = Direction::ALL.map(|way| {
            let slots = cpus.iter().map(|cpu| cpu.passed[way.number()]);
            Traffic::sum(&slots.collect::<Vec<_>>())
        });
        let mut dropped = [[0_u64; abi::DROP_REASONS]; abi::DIRECTIONS];
        let cells = dropped.iter_mut().flatten();
        for (at, sum) in cells.enumerate() {
            let (way, why) = (at / abi::DROP_REASONS, at % abi::DROP_REASONS);
            let of = |it: &abi::EndpointDrops| it.dropped[way][why];
            *sum = drops.iter().map(of).fold(0, u64::wrapping_add);
        }
        Self { passed, dropped }
    }

    /// What passed.
    pub fn passed(&self, direction: Direction) -> Traffic {
        self.passed[direction.number()]
    }

    /// Packets dropped for this reason.
    pub fn dropped(&self, direction: Direction, reason: DropReason) -> u64 {
        self.dropped[direction.number()][reason.number()]
    }

    /// Packets dropped for any reason.
    pub fn dropped_in_all(&self, direction: Direction) -> u64 {
        self.dropped[direction.number()].iter().sum()
    }
}

/// What was counted for a pair of classes since the maps were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassCount {
    /// Class of the container here.
    pub local: ClassId,
    /// Class of the other end; unknown for packets dropped before anybody
    /// asked.
    pub peer: ClassId,
    /// Which way.
    pub direction: Direction,
    /// What became of them.
    pub verdict: Verdict,
    /// How many.
    pub traffic: Traffic,
}

/// What was dropped for one reason since the maps were made, by endpoints or
/// without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DropCount {
    /// Which way.
    pub direction: Direction,
    /// Why.
    pub reason: DropReason,
    /// How many packets.
    pub packets: u64,
    /// How many bytes.
    pub bytes: u64,
}

#[cfg(test)]
mod tests;
