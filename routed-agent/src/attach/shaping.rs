//! How a limit becomes queues in the kernel. Pure.
//!
//! What is sent to a container waits in a token bucket at the host's end of
//! its link. What it sends waits in a class of its own of the limiter (see
//! [`crate::limiter`]).

use std::num::NonZeroU16;

use tartan_agent_api::record::Record;
use tartan_hostnet::{Batch, Pace, Shaper};
use tartan_model::{Limit, Limits};

/// Number of the limiter's tree, as `bpf/limiter.h` has it: "ta".
pub(crate) const TREE: u16 = 0x7461;

/// How long a packet may wait, and how much may pass at once where nobody
/// said: 25 ms, as the bandwidth plugin of the reference has for the former.
const PARTS_OF_A_SECOND: u64 = 40;
/// At least so many packets pass at once, so that a slow limit does not take
/// the last of a burst of a few for the first of a flood.
const LEAST_PACKETS: u64 = 10;
/// Ethernet's header and a VLAN tag, beside the MTU.
const FRAME_BYTES: u64 = 18;
/// Room for the largest packet before it is cut into segments.
const LARGEST_PACKET_BYTES: u64 = 66_000;

/// The paces of an attachment in the kernel, by direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Paces {
    /// Of its class.
    pub(crate) from_container: Option<Pace>,
    /// At the host's end.
    pub(crate) to_container: Option<Pace>,
}

impl Paces {
    /// What the limits of a record come to.
    pub(crate) fn of(record: &Record) -> Self {
        let mtu = record.attached.mtu;
        let pace = |limit: Option<Limit>| limit.map(|l| shaper(l, mtu).pace());
        Self {
            from_container: pace(record.limits.from_container),
            to_container: pace(record.limits.to_container),
        }
    }

    /// The limits that these come from.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            from_container: self.from_container.map(limit),
            to_container: self.to_container.map(limit),
        }
    }
}

/// The queue of a limit, for packets of at most `mtu` bytes.
pub(crate) fn shaper(limit: Limit, mtu: u32) -> Shaper {
    let rate = (limit.rate / 8).max(1);
    let frame = u64::from(mtu) + FRAME_BYTES;
    let chosen = limit.burst.map(|bits| bits / 8);
    let usual = (rate / PARTS_OF_A_SECOND).max(LEAST_PACKETS * frame);
    // A burst that holds no packet would let none pass.
    let burst = chosen.map_or(usual, |burst| burst.max(frame));
    let most = u64::from(u32::MAX) / 2;
    let burst = burst.min(most);
    let queue = (burst + waiting(rate)).min(u64::from(u32::MAX));
    Shaper {
        rate,
        burst: u32::try_from(burst).unwrap_or(u32::MAX),
        queue: u32::try_from(queue).unwrap_or(u32::MAX),
    }
}

/// The limit that a pace found in the kernel comes from.
fn limit(pace: Pace) -> Limit {
    let burst = u64::from(pace.queue).saturating_sub(waiting(pace.rate));
    Limit { rate: pace.rate.saturating_mul(8), burst: Some(burst * 8) }
}

/// Bytes that may wait beside a burst.
fn waiting(rate: u64) -> u64 {
    let most = u64::from(u32::MAX) / 2;
    (rate / PARTS_OF_A_SECOND).max(LARGEST_PACKET_BYTES).min(most)
}

/// A class of the limiter as the kernel numbers it.
pub(crate) fn class(number: NonZeroU16) -> u32 {
    u32::from(TREE) << 16 | u32::from(number.get())
}

/// The class by which what it sends is limited, where that is.
pub(crate) fn class_of(record: &Record) -> Option<(NonZeroU16, Shaper)> {
    let limit = record.limits.from_container?;
    Some((record.limit_class?, shaper(limit, record.attached.mtu)))
}

/// Makes or changes the class of an attachment, in the device of the limiter.
pub(crate) fn put_class(device: u32, record: &Record) -> Batch<'static> {
    let mut batch = Batch::new();
    if let Some((number, shaper)) = class_of(record) {
        batch.class(device, class(number), shaper);
    }
    batch
}

/// The host's end as its limit wants it, whatever it is.
pub(crate) fn reshape(record: &Record, found: Paces) -> Batch<'static> {
    let index = record.host_index;
    let mut batch = Batch::new();
    match record.limits.to_container {
        Some(limit) => {
            batch.shaper(index, shaper(limit, record.attached.mtu));
        }
        None if found.to_container.is_some() => {
            batch.delete_shaper(index);
        }
        None => {}
    }
    batch
}

#[cfg(test)]
mod tests;
