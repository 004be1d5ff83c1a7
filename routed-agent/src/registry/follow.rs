//! Follows the registry in the store: a listing, then watches from there, and
//! a new snapshot at each change. Acts.
//!
//! Tasks: [`Follower::run`], and one task for each part's watch, which ends
//! with it. Where a watch cannot go on (compacted, cut for good), everything
//! is listed again.

use std::sync::Arc;
use std::time::Duration;

use tartan_store::{
    Event, Key, Range, Revision, Store, StoreError, Watch, WatchError,
};
use thiserror::Error;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::mirror::Mirror;
use super::snapshot::{Damaged, Origin, Part, Snapshot};
use crate::seen::Seen;

/// How long to wait before listing again: doubled up to the longest while it
/// fails.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Batches of changes that may wait for the follower. It only has to keep the
/// watches from waiting for one another.
const DEPTH: usize = 8;

/// Why following stopped.
#[derive(Debug, Error)]
enum FollowError {
    #[error("cannot list the registry")]
    List(#[from] StoreError),
    #[error("cannot go on watching the registry")]
    Watch(#[from] WatchError),
    #[error("every watch of the registry has ended")]
    Ended,
    #[error("the registry may have been exchanged")]
    Again,
}

/// The one that writes snapshots.
pub(super) struct Follower {
    pub(super) store: Store,
    pub(super) latest: watch::Sender<Arc<Snapshot>>,
    pub(super) mirror: Mirror,
    /// Told of every number, and where a watch cannot go on.
    pub(super) seen: Arc<Seen>,
    /// Tells to list everything again.
    pub(super) again: Arc<Notify>,
}

/// What the watches send.
type Changes = Result<Vec<Event>, WatchError>;

impl Follower {
    /// Follows until the runtime ends; tells `read` when the store was read
    /// for the first time.
    pub(super) async fn run(self, read: oneshot::Sender<()>) {
        let mut read = Some(read);
        let mut pause = SHORTEST_PAUSE;
        loop {
            let Err(error) = self.follow(&mut read).await;
            if read.is_none() && !matches!(error, FollowError::List(_)) {
                pause = SHORTEST_PAUSE;
                self.seen.suspect();
            }
            tracing::warn!("{}; trying again", crate::chain(&error));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn follow(
        &self,
        read: &mut Option<oneshot::Sender<()>>,
    ) -> Result<std::convert::Infallible, FollowError> {
        let mut watches = JoinSet::new();
        let (sender, mut changes) = mpsc::channel(DEPTH);
        let mut snapshot = Snapshot::empty(Origin::Store);
        for part in Part::ALL {
            let revision = self.list(part, &mut snapshot).await?;
            let watch = self.store.watch(&range(part), revision).await?;
            watches.spawn(forward(watch, sender.clone()));
        }
        drop(sender);
        self.publish(&mut snapshot);
        if let Some(read) = read.take() {
            // The start may have stopped waiting.
            let _ = read.send(());
        }
        loop {
            let events = tokio::select! {
                events = changes.recv() => events.ok_or(FollowError::Ended)??,
                () = self.again.notified() => return Err(FollowError::Again),
            };
            warn(&snapshot.apply(&events));
            self.publish(&mut snapshot);
        }
    }

    /// Each part is read at its own moment and watched from there, so nothing
    /// is missed; they mean nothing to one another but by name.
    async fn list(
        &self,
        part: Part,
        snapshot: &mut Snapshot,
    ) -> Result<Revision, StoreError> {
        let listing = self.store.list(&range(part), None).await?;
        warn(&snapshot.read(&listing.entries));
        snapshot.revision = snapshot.revision.max(listing.revision);
        Ok(listing.revision)
    }

    /// The mirror first: what is used must survive the agent.
    fn publish(&self, snapshot: &mut Snapshot) {
        snapshot.serial = self.latest.borrow().serial + 1;
        self.seen.saw_registry(snapshot);
        if let Err(error) = self.mirror.write(snapshot) {
            tracing::warn!("{}", crate::chain(&error));
        }
        self.latest.send_replace(Arc::new(snapshot.clone()));
    }
}

/// Sends what a watch tells, until it ends or nobody listens.
async fn forward(mut watch: Watch, changes: mpsc::Sender<Changes>) {
    loop {
        let next = watch.next().await;
        let has_ended = next.is_err();
        if changes.send(next).await.is_err() || has_ended {
            return;
        }
    }
}

fn range(part: Part) -> Range {
    match part {
        Part::Settings => Range::one(&Key::new(&[part.as_str()])),
        Part::Pools | Part::Teams | Part::Apps | Part::Reservations => {
            Range::prefix(&format!("{}/", part.as_str()))
        }
    }
}

fn warn(damaged: &[Damaged]) {
    for entry in damaged {
        tracing::warn!("{}; going on without it", crate::chain(entry));
    }
}
