//! The registry: which teams and apps there are and which numbers they have;
//! pools, reservations and settings with them, for they are read in the same
//! way. What others write is followed; what people (and `createApps`) enter is
//! written here.
//!
//! | file | |
//! |---|---|
//! | `snapshot` | pure: the registry at one moment, names to classes and back |
//! | `setting` | pure: the settings by the names that people type |
//! | `mirror` | acts: the last snapshot, kept in the run directory |
//! | `follow` | acts: listing and watches -> snapshots |
//! | `write` | acts: changes of the store |
//! | `error` | why a change was not made |
//!
//! Tasks: one that follows the store, with one more for each part of the
//! registry; they end with the runtime. Aborted, the last snapshot stays.

mod error;
mod follow;
mod mirror;
mod numbers;
mod setting;
mod snapshot;
mod write;

use std::sync::Arc;
use std::time::Duration;

use tartan_agent_api::Places;
use tartan_ipam::records::Record as _;
use tartan_model::{
    App, AppName, AppNumber, ClassId, Team, TeamName, TeamNumber,
};
use tartan_store::Store;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

pub(crate) use error::RegistryError;
pub(crate) use mirror::reprinted;
pub(crate) use numbers::{Numbers, uses};
pub(crate) use setting::{Setting, SettingError};
pub(crate) use snapshot::{Origin, Snapshot};
pub(crate) use write::{Counter, Entered, Freshness};

use follow::Follower;
use mirror::Mirror;

use crate::seen::Seen;

/// How long a start waits for the store before it goes on from the mirror.
const FIRST_ANSWER: Duration = Duration::from_secs(3);
/// How long a change may take to come back by the watch. It is done whether
/// or not this host has heard of it; only the next question could be early.
const ECHO: Duration = Duration::from_secs(2);
/// How long an ADD waits for its app to be entered: runtimes give a plugin
/// some ten seconds and more.
const APP_PATIENCE: Duration = Duration::from_secs(8);

/// The registry as this host knows it, and the way to change it. Asking costs
/// no I/O: ADD does it.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    store: Store,
    latest: watch::Receiver<Arc<Snapshot>>,
    seen: Arc<Seen>,
    again: Arc<Notify>,
    runtime: Handle,
}

impl Registry {
    /// Reads the registry, from the mirror of the run directory where the
    /// store does not answer, and starts to follow it.
    pub(crate) async fn start(
        store: &Store,
        places: &Places,
        seen: &Arc<Seen>,
    ) -> Result<Self, RegistryError> {
        let mirror = Mirror::in_run_dir(&places.run_dir);
        let (sender, latest) = watch::channel(Arc::new(mirror.read()?));
        let (read, first) = tokio::sync::oneshot::channel();
        seen.saw_registry(&latest.borrow());
        let again = Arc::new(Notify::new());
        let follower = Follower {
            store: store.clone(),
            latest: sender,
            mirror,
            seen: Arc::clone(seen),
            again: Arc::clone(&again),
        };
        tokio::spawn(follower.run(read));
        if tokio::time::timeout(FIRST_ANSWER, first).await.is_err() {
            tracing::warn!(
                origin = ?latest.borrow().origin,
                "the store does not answer; going on from what is known"
            );
        }
        let (store, seen) = (store.clone(), Arc::clone(seen));
        let runtime = Handle::current();
        Ok(Self { store, latest, seen, again, runtime })
    }

    /// Reads everything again: the store is not the one it was, and its
    /// watches do not tell what it has forgotten.
    pub(crate) fn read_again(&self) {
        self.again.notify_one();
    }

    /// Lets a restored store forget no number that was given: each counter
    /// is put up to what this host has seen.
    pub(crate) async fn raise_numbers(&self) -> Result<(), RegistryError> {
        write::raise_numbers(&self.store, &self.seen.memory()).await
    }

    /// While hosts have not said what a restored store forgot, nobody takes
    /// a number.
    fn refuse_unless_agreed(&self) -> Result<(), RegistryError> {
        match self.seen.has_agreed() {
            true => Ok(()),
            false => Err(RegistryError::Restored),
        }
    }

    /// The registry as last seen.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.latest.borrow())
    }

    /// Wakes at each change.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.latest.clone()
    }

    /// Enters a team, with the next number.
    pub(crate) async fn create_team(
        &self,
        name: &TeamName,
    ) -> Result<Entered<Team>, RegistryError> {
        self.refuse_unless_agreed()?;
        let entered = write::create_team(&self.store, &self.seen, name).await?;
        self.seen.saw_team(entered.value.number);
        self.heard(|now| now.teams.contains_key(name)).await;
        Ok(entered)
    }

    /// Enters an app of a team, with the next number of that team.
    pub(crate) async fn create_app(
        &self,
        team: &TeamName,
        name: &AppName,
    ) -> Result<Entered<App>, RegistryError> {
        self.refuse_unless_agreed()?;
        let entered = write::create_app(&self.store, &self.seen, team, name);
        let (entered, owner) = entered.await?;
        self.seen.saw_app(owner.number, entered.value.number);
        let key = (team.clone(), name.clone());
        self.heard(|now| now.apps.contains_key(&key)).await;
        Ok(entered)
    }

    /// Enters a team under a number that it had elsewhere.
    pub(crate) async fn enter_team(
        &self,
        name: &TeamName,
        number: TeamNumber,
    ) -> Result<(), RegistryError> {
        self.refuse_unless_agreed()?;
        let team = Team { v: Team::VERSION, name: name.clone(), number };
        write::enter_team(&self.store, &self.seen, &team).await?;
        self.seen.saw_team(number);
        self.heard(|now| now.teams.contains_key(name)).await;
        Ok(())
    }

    /// Enters an app under a number that it had elsewhere.
    pub(crate) async fn enter_app(
        &self,
        team: &TeamName,
        name: &AppName,
        number: AppNumber,
    ) -> Result<(), RegistryError> {
        self.refuse_unless_agreed()?;
        let (v, of) = (App::VERSION, team.clone());
        let app = App { v, team: of, name: name.clone(), number };
        let entering = write::enter_app(&self.store, &self.seen, &app);
        let owner = entering.await?;
        self.seen.saw_app(owner.number, number);
        let key = (team.clone(), name.clone());
        self.heard(|now| now.apps.contains_key(&key)).await;
        Ok(())
    }

    /// As [`Self::create_app`], for threads without a runtime; answers the
    /// class. An app that somebody else has entered meanwhile is as good.
    pub(crate) fn create_app_blocking(
        &self,
        team: &TeamName,
        name: &AppName,
    ) -> Result<ClassId, RegistryError> {
        self.refuse_unless_agreed()?;
        let entering = async {
            let work = write::create_app(&self.store, &self.seen, team, name);
            tokio::time::timeout(APP_PATIENCE, work).await
        };
        let entered = self.runtime.block_on(entering);
        let (app, team) =
            entered.unwrap_or(Err(RegistryError::TooLong(APP_PATIENCE)))?;
        self.seen.saw_app(team.number, app.value.number);
        let cluster = self.snapshot().settings.cluster;
        Ok(ClassId::new(cluster, team.number, app.value.number))
    }

    /// Removes a team that has no apps and no addresses. Its number is not
    /// given again.
    pub(crate) async fn delete_team(
        &self,
        name: &TeamName,
    ) -> Result<(), RegistryError> {
        let team = write::delete_team(&self.store, name).await?;
        self.heard(|now| now.teams.get(name) != Some(&team)).await;
        Ok(())
    }

    /// Removes an app that has no addresses. Its number is not given again.
    pub(crate) async fn delete_app(
        &self,
        team: &TeamName,
        name: &AppName,
    ) -> Result<(), RegistryError> {
        let app = write::delete_app(&self.store, team, name).await?;
        let key = (team.clone(), name.clone());
        self.heard(|now| now.apps.get(&key) != Some(&app)).await;
        Ok(())
    }

    /// Changes one setting.
    pub(crate) async fn set(
        &self,
        setting: Setting,
        text: &str,
    ) -> Result<(), RegistryError> {
        let settings = write::set(&self.store, setting, text).await?;
        self.heard(|now| now.settings == settings).await;
        Ok(())
    }

    /// Waits until the snapshot shows what was just done, so that whoever
    /// asked for it finds it there.
    pub(crate) async fn heard(&self, is_there: impl Fn(&Snapshot) -> bool) {
        let mut latest = self.latest.clone();
        let echo = latest.wait_for(|now| is_there(now));
        if tokio::time::timeout(ECHO, echo).await.is_err() {
            tracing::debug!("a change has not come back by the watch yet");
        }
    }
}

#[cfg(test)]
mod tests;
