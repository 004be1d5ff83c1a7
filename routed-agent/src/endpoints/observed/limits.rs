//! At which pace the kernel lets endpoints send and be sent to. Acts, by
//! reading only.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use tartan_hostnet::{Pace, Queue, QueueKind, Rtnl};

use crate::attach::shaping::{Paces, TREE};
use crate::endpoints::LimiterState;
use crate::limiter::{self, LimiterError};

/// What was found.
pub(super) struct Found {
    pub(super) limiter: LimiterState,
    pub(super) queues: Vec<Queue>,
    /// Of the limiter's classes.
    of_classes: BTreeMap<NonZeroU16, Pace>,
    /// At the roots of links.
    of_links: BTreeMap<u32, Pace>,
}

impl Found {
    /// The paces of an endpoint: of what is sent to it at its link, of what it
    /// sends in its class.
    pub(super) fn paces(&self, link: u32, class: Option<NonZeroU16>) -> Paces {
        Paces {
            from_container: class
                .and_then(|number| self.of_classes.get(&number))
                .copied(),
            to_container: self.of_links.get(&link).copied(),
        }
    }
}

/// Reads all of it.
pub(super) fn read(rtnl: &mut Rtnl) -> Result<Found, LimiterError> {
    let queues = rtnl.queues()?;
    let root = |queue: &Queue| {
        let QueueKind::TokenBucket(pace) = queue.kind else { return None };
        (queue.parent == Queue::ROOT).then_some((queue.link, pace))
    };
    let of_links = queues.iter().filter_map(root).collect();
    let of_classes = match limiter::device(rtnl)? {
        Some(device) => classes(rtnl, device.index, &queues)?,
        None => BTreeMap::new(),
    };
    let limiter = LimiterState {
        is_whole: limiter::is_whole(rtnl, &queues)?,
        classes: of_classes.keys().copied().collect(),
    };
    Ok(Found { limiter, queues, of_classes, of_links })
}

fn classes(
    rtnl: &mut Rtnl,
    device: u32,
    queues: &[Queue],
) -> Result<BTreeMap<NonZeroU16, Pace>, LimiterError> {
    let rooms: BTreeMap<u32, u32> = queues
        .iter()
        .filter(|queue| queue.link == device)
        .filter_map(|queue| {
            let QueueKind::Bytes(bytes) = queue.kind else { return None };
            Some((queue.parent, bytes))
        })
        .collect();
    let found = rtnl.classes(device)?.into_iter().filter_map(|class| {
        let number = number(class.id)?;
        // One without its queue has no pace of ours.
        let queue = rooms.get(&class.id).copied().unwrap_or(0);
        Some((number, Pace { rate: class.rate, queue }))
    });
    Ok(found.collect())
}

fn number(class: u32) -> Option<NonZeroU16> {
    let [a, b, c, d] = class.to_be_bytes();
    let is_ours = u16::from_be_bytes([a, b]) == TREE;
    NonZeroU16::new(u16::from_be_bytes([c, d])).filter(|_| is_ours)
}
