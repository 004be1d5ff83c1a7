//! What this host has seen of the store, kept in the state directory: only
//! who remembers notices that a store was restored from a copy, and forgets
//! neither its claims nor which numbers were given. Acts.
//!
//! | file | |
//! |---|---|
//! | `memory` | pure: the memory, and what it says of a store |
//! | `file` | acts: its file |
//!
//! Tasks: [`keep_written`], the one that writes the file: at once where a
//! claim or a number is new, else within [`LAZY`]. Nobody waits for it, least
//! of all an ADD. Aborted, [`Seen::write`] writes what is missing.

mod file;
mod memory;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tartan_ipam::Claimed;
use tartan_model::{AppNumber, Prefix, TeamNumber};
use tartan_store::{Revision, StoreId};
use tokio::sync::Notify;

pub(crate) use file::{SeenError, reprinted};
pub(crate) use memory::{Memory, Verdict};

use crate::registry::{Origin, Snapshot};
use file::MemoryFile;

/// How long a mere revision may stay unwritten: each burst of ADDs raises it,
/// and a write waits for the disk.
const LAZY: Duration = Duration::from_secs(1);

/// The memory of this host.
#[derive(Debug)]
pub(crate) struct Seen {
    file: MemoryFile,
    memory: Mutex<Memory>,
    written: Mutex<Memory>,
    changed: Notify,
    suspicion: Notify,
}

impl Seen {
    /// As the state directory has it.
    pub(crate) fn in_state_dir(state_dir: &Path) -> Result<Self, SeenError> {
        let file = MemoryFile::in_state_dir(state_dir);
        let memory = file.read()?.unwrap_or_default();
        Ok(Self {
            file,
            written: Mutex::new(memory.clone()),
            memory: Mutex::new(memory),
            changed: Notify::new(),
            suspicion: Notify::new(),
        })
    }

    /// The memory as it is.
    pub(crate) fn memory(&self) -> Memory {
        lock(&self.memory).clone()
    }

    /// The highest revision seen.
    pub(crate) fn revision(&self) -> Revision {
        lock(&self.memory).revision
    }

    /// The store was at a revision.
    pub(crate) fn saw(&self, revision: Revision) {
        self.change(|memory| memory.saw(revision));
    }

    /// What the registry says was seen: a number that was once given is not
    /// given again, whatever the store remembers of it.
    pub(crate) fn saw_registry(&self, registry: &Snapshot) {
        self.change(|memory| {
            if registry.origin == Origin::Store {
                memory.saw(registry.revision);
            }
            for team in registry.teams.values() {
                memory.saw_team(team.number);
                memory.saw_name(team);
            }
            for app in registry.apps.values() {
                if let Some(team) = registry.teams.get(&app.team) {
                    memory.saw_app(team.number, app.number);
                    memory.saw_app_name(app);
                }
            }
        });
    }

    /// A team was given a number.
    pub(crate) fn saw_team(&self, number: TeamNumber) {
        self.change(|memory| memory.saw_team(number));
    }

    /// An app of a team was given a number.
    pub(crate) fn saw_app(&self, team: TeamNumber, number: AppNumber) {
        self.change(|memory| memory.saw_app(team, number));
    }

    /// This host owns a block.
    pub(crate) fn claimed(&self, claimed: &Claimed) {
        self.change(|memory| {
            memory.saw(claimed.revision);
            memory.claimed(claimed);
        });
    }

    /// This host owns a block no longer.
    pub(crate) fn lost(&self, prefix: Prefix) {
        self.change(|memory| memory.lost(prefix));
    }

    /// From now on this store, at this revision, is the one to expect.
    pub(crate) fn accept(&self, store: StoreId, at: Revision) {
        self.change(|memory| memory.accept(store, at));
    }

    /// This host has followed a call to make its claims again.
    pub(crate) fn followed(&self, call: Option<String>) {
        self.change(|memory| memory.call = call);
    }

    /// Every host has.
    pub(crate) fn agreed(&self, call: Option<String>) {
        self.change(|memory| memory.agreed = call);
    }

    /// True where every host has followed the call that this one has.
    pub(crate) fn has_agreed(&self) -> bool {
        let memory = lock(&self.memory);
        memory.call == memory.agreed
    }

    fn change(&self, change: impl FnOnce(&mut Memory)) {
        change(&mut lock(&self.memory));
        self.changed.notify_one();
    }

    /// Somebody has met something that a restored store would explain.
    pub(crate) fn suspect(&self) {
        self.suspicion.notify_one();
    }

    /// Waits for [`Self::suspect`].
    pub(crate) async fn suspicion(&self) {
        self.suspicion.notified().await;
    }

    /// Writes the file where it is behind. Waits for the disk.
    pub(crate) fn write(&self) -> Result<(), SeenError> {
        let mut written = lock(&self.written);
        let memory = self.memory();
        if *written != memory {
            self.file.write(&memory)?;
            *written = memory;
        }
        Ok(())
    }

    /// True where more than the revision is not written yet.
    fn is_urgent(&self) -> bool {
        let written = lock(&self.written).clone();
        let memory = self.memory();
        memory != Memory { revision: memory.revision, ..written }
    }
}

/// Writes the memory whenever it changes, until it is aborted.
pub(crate) async fn keep_written(seen: Arc<Seen>) {
    loop {
        seen.changed.notified().await;
        let lazy = tokio::time::sleep(LAZY);
        tokio::pin!(lazy);
        while !seen.is_urgent() {
            tokio::select! {
                () = &mut lazy => break,
                () = seen.changed.notified() => {}
            }
        }
        let writing = Arc::clone(&seen);
        let written = tokio::task::spawn_blocking(move || writing.write());
        if let Ok(Err(error)) = written.await {
            tracing::warn!("{}", crate::chain(&error));
            // A full disk is no reason to try all the time.
            tokio::time::sleep(LAZY).await;
            seen.changed.notify_one();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change under these locks leaves a whole value.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
