//! ADDs that have to wait for the store, on their way from the workers that
//! found it out to those that wait. Acts.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tartan_agent_api::plugin::Add;
use tartan_agent_api::seqpacket::Connection;

use crate::attach::inside::Inside;

/// Most that wait their turn. Each holds three descriptors; a host that is
/// full at once has as many.
const MOST: usize = 1024;

/// An ADD, with the plugin that waits for its answer.
pub(super) struct Waiting {
    pub(super) connection: Connection,
    pub(super) wish: Box<Add>,
    pub(super) inside: Inside,
    /// When it came.
    pub(super) began: Instant,
}

/// Those whose turn has not come.
pub(super) struct Queue {
    back: SyncSender<Waiting>,
    front: Mutex<Receiver<Waiting>>,
}

impl Queue {
    pub(super) fn new() -> Self {
        let (back, front) = sync_channel(MOST);
        Self { back, front: Mutex::new(front) }
    }

    /// Puts one at the end; gives it back where there is no room.
    pub(super) fn put(&self, one: Waiting) -> Result<(), Waiting> {
        self.back.try_send(one).map_err(|error| match error {
            std::sync::mpsc::TrySendError::Full(one)
            | std::sync::mpsc::TrySendError::Disconnected(one) => one,
        })
    }

    /// Waits for the next; none never, for both ends are here.
    pub(super) fn next(&self) -> Option<Waiting> {
        let front = self.front.lock();
        front.unwrap_or_else(PoisonError::into_inner).recv().ok()
    }
}
