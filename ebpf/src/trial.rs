//! One packet through a program, without a network (`BPF_PROG_TEST_RUN`): for
//! tests, measures and diagnosis. Acts; the packet is counted as any other.

use std::time::Duration;

use aya::programs::{ProgramError, TestRun, TestRunOptions};
use thiserror::Error;

use crate::counters::{Direction, Verdict};
use crate::dataplane::Dataplane;
use crate::object::{self, OpenError};

/// `struct __sk_buff` of include/uapi/linux/bpf.h, as long as Linux 6.18 has
/// it, and where its fields are.
const CONTEXT_BYTES: usize = 192;
const MARK: usize = 8;
const IFINDEX: usize = 40;
const GSO_SEGS: usize = 164;
const GSO_SIZE: usize = 176;

/// `TC_ACT_SHOT` of include/uapi/linux/pkt_cls.h.
const DROPPED: u32 = 2;

/// A packet to be tried.
#[derive(Clone, Copy, Debug)]
pub struct TrialPacket<'a> {
    /// The packet, from its Ethernet header on.
    pub bytes: &'a [u8],
    /// The interface by which it seems to come. Above 1 it must exist in this
    /// network namespace; 1 is the loopback device and always there.
    pub ifindex: u32,
    /// Its mark.
    pub mark: u32,
    /// Segments of a packet made by segmentation offload, 0 for others.
    pub segments: u32,
    /// Payload of each segment, 0 for others.
    pub segment_bytes: u32,
    /// How many times to run the program, at least once.
    pub repeat: u32,
}

impl<'a> TrialPacket<'a> {
    /// An ordinary packet, once.
    pub fn new(ifindex: u32, bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            ifindex,
            mark: 0,
            segments: 0,
            segment_bytes: 0,
            repeat: 1,
        }
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Passed or dropped.
    pub verdict: Verdict,
    /// Its mark behind the program.
    pub mark: u32,
    /// Mean time of one run.
    pub duration: Duration,
}

/// A trial that did not take place.
#[derive(Debug, Error)]
pub enum TrialError {
    /// There is no such program.
    #[error(transparent)]
    Program(#[from] OpenError),
    /// The kernel does not take the packet.
    #[error("cannot run {direction} on a packet of {bytes} bytes")]
    Run {
        /// Which program.
        direction: Direction,
        /// Length of the packet.
        bytes: usize,
        /// Why not.
        #[source]
        source: Box<ProgramError>,
    },
}

impl Dataplane {
    /// Runs the program of this direction on a packet.
    pub fn try_packet(
        &self,
        direction: Direction,
        packet: &TrialPacket<'_>,
    ) -> Result<Trial, TrialError> {
        let program = object::program(&self.ebpf, direction.as_str())?;
        let mut after = [0; CONTEXT_BYTES];
        let options = TestRunOptions {
            data_in: Some(packet.bytes),
            ctx_in: Some(&context(packet)),
            ctx_out: Some(&mut after),
            repeat: packet.repeat,
            ..TestRunOptions::default()
        };
        let result = program.test_run(options).map_err(|source| {
            let bytes = packet.bytes.len();
            TrialError::Run { direction, bytes, source: Box::new(source) }
        })?;
        let is_dropped = result.return_value == DROPPED;
        Ok(Trial {
            verdict: if is_dropped {
                Verdict::Dropped
            } else {
                Verdict::Passed
            },
            mark: field(&after, MARK),
            duration: result.duration,
        })
    }
}

fn context(packet: &TrialPacket<'_>) -> [u8; CONTEXT_BYTES] {
    let mut context = [0; CONTEXT_BYTES];
    let fields = [
        (MARK, packet.mark),
        (IFINDEX, packet.ifindex),
        (GSO_SEGS, packet.segments),
        (GSO_SIZE, packet.segment_bytes),
    ];
    for (offset, value) in fields {
        context[offset..offset + 4].copy_from_slice(&value.to_ne_bytes());
    }
    context
}

fn field(context: &[u8; CONTEXT_BYTES], offset: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&context[offset..offset + 4]);
    u32::from_ne_bytes(bytes)
}
