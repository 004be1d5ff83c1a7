//! Changes the registry in the store. Acts.
//!
//! Every change is one transaction that compares what it was decided on, and
//! is decided anew where a comparison does not hold. A number is given once:
//! `numbers/teams` and `numbers/apps/TEAM` hold the last one given, and only
//! grow; what this host has seen counts as well, for a store restored from a
//! copy has forgotten some. Where the answer to a commit is lost, what it was
//! to write is read back.

use serde::{Deserialize, Serialize};
use tartan_ipam::records::{self, Record};
use tartan_model::{
    App, AppName, AppNumber, BlockRecord, ClassId, Settings, Team, TeamName,
    TeamNumber,
};
use tartan_store::{Compare, Entry, Key, Outcome, Range, Store, Transaction};

use super::error::RegistryError;
use super::numbers::{Numbers, uses};
use super::setting::Setting;
use crate::seen::{Memory, Seen};

/// How often a change is decided anew. Each time somebody else's change was
/// made, so it needs that many others at the same moment to fail.
const TRIES: usize = 32;

/// What is in the registry now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entered<T> {
    pub(crate) value: T,
    pub(crate) freshness: Freshness,
}

/// Whether this call entered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It did.
    New,
    /// It was there before.
    Found,
}

/// The last number that was given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Counter {
    v: u8,
    pub(crate) last: u16,
}

impl Record for Counter {
    const VERSION: u8 = 1;
}

/// A counter, and what has to hold for it to be raised.
struct Taken {
    key: Key,
    number: u16,
    unchanged: Compare,
}

/// Enters a team.
pub(super) async fn create_team(
    store: &Store,
    seen: &Seen,
    name: &TeamName,
) -> Result<Entered<Team>, RegistryError> {
    let key = Key::new(&["teams", name.as_str()]);
    let mut lost = Vec::new();
    for _ in 0..TRIES {
        if let Some((_, team)) = read::<Team>(store, &key).await? {
            return Ok(Entered::found(team, &lost));
        }
        let counter = Key::new(&["numbers", "teams"]);
        let given = seen.memory().team;
        let taken = take(store, counter, given..TeamNumber::MAX).await?;
        let number = TeamNumber::new(taken.number)
            .map_err(|_| RegistryError::NumbersUsedUp { last: taken.number })?;
        let team = Team { v: Team::VERSION, name: name.clone(), number };
        let change = taken
            .raise()
            .when(Compare::Absent(key.clone()))
            .put(key.clone(), records::encode(&key, &team)?);
        match commit(store, change).await? {
            Commit::Done => return Ok(Entered::new(team)),
            Commit::Refused => {}
            Commit::AnswerLost => lost.push(team),
        }
    }
    Err(RegistryError::Contended { key })
}

/// Enters an app; answers its team as well.
pub(super) async fn create_app(
    store: &Store,
    seen: &Seen,
    team: &TeamName,
    name: &AppName,
) -> Result<(Entered<App>, Team), RegistryError> {
    let team_key = Key::new(&["teams", team.as_str()]);
    let key = Key::new(&["apps", team.as_str(), name.as_str()]);
    let mut lost = Vec::new();
    for _ in 0..TRIES {
        let (team_entry, owner) = read::<Team>(store, &team_key)
            .await?
            .ok_or_else(|| RegistryError::UnknownTeam(team.clone()))?;
        if let Some((_, app)) = read::<App>(store, &key).await? {
            return Ok((Entered::found(app, &lost), owner));
        }
        let counter = Key::new(&["numbers", "apps", team.as_str()]);
        let given = seen.memory().highest_app(owner.number);
        let taken = take(store, counter, given..u16::MAX).await?;
        let number = AppNumber(taken.number);
        let (team, name) = (team.clone(), name.clone());
        let app = App { v: App::VERSION, team, name, number };
        let change = taken
            .raise()
            .when(Compare::Modified(team_key.clone(), team_entry.modified))
            .when(Compare::Absent(key.clone()))
            .put(key.clone(), records::encode(&key, &app)?);
        match commit(store, change).await? {
            Commit::Done => return Ok((Entered::new(app), owner)),
            Commit::Refused => {}
            Commit::AnswerLost => lost.push(app),
        }
    }
    Err(RegistryError::Contended { key })
}

/// Enters a team under a number that it had elsewhere; it is there already
/// where it has that number.
pub(super) async fn enter_team(
    store: &Store,
    seen: &Seen,
    team: &Team,
) -> Result<(), RegistryError> {
    let (name, number) = (&team.name, team.number);
    let key = Key::new(&["teams", name.as_str()]);
    let counter_key = Key::new(&["numbers", "teams"]);
    let all = Range::prefix("teams/");
    for _ in 0..TRIES {
        // The counter first: whoever enters another one changes it.
        let (last, unchanged) = counter(store, &counter_key).await?;
        let teams = store.list(&all, None).await?.entries;
        let teams = teams.iter().map(records::decode::<Team>);
        let teams = teams.collect::<Result<Vec<_>, _>>()?;
        if teams.contains(team) {
            return Ok(());
        }
        let is_other = |it: &&Team| it.name == *name || it.number == number;
        if let Some(other) = teams.iter().find(is_other) {
            let owner = format!("team {}", other.name);
            let number = other.number.get();
            return Err(RegistryError::OtherNumber { owner, number });
        }
        let memory = seen.memory();
        let numbers = Numbers { teams: last, memory, ..Numbers::default() };
        numbers.check_team(team)?;
        if !numbers.knows_team(team) {
            let cluster = settings(store).await?.1.cluster;
            let class = ClassId::new(cluster, number, AppNumber::NONE);
            refuse_if_used(store, class).await?;
        }
        let raised = last.unwrap_or(0).max(number.get());
        let taken =
            Taken { key: counter_key.clone(), number: raised, unchanged };
        let change = taken
            .raise()
            .when(Compare::Absent(key.clone()))
            .put(key.clone(), records::encode(&key, team)?);
        if let Commit::Done = commit(store, change).await? {
            return Ok(());
        }
    }
    Err(RegistryError::Contended { key })
}

/// The same for an app; answers its team.
pub(super) async fn enter_app(
    store: &Store,
    seen: &Seen,
    app: &App,
) -> Result<Team, RegistryError> {
    let (team, name, number) = (&app.team, &app.name, app.number);
    let team_key = Key::new(&["teams", team.as_str()]);
    let key = Key::new(&["apps", team.as_str(), name.as_str()]);
    let counter_key = Key::new(&["numbers", "apps", team.as_str()]);
    let all = Range::prefix(&format!("apps/{team}/"));
    for _ in 0..TRIES {
        let (team_entry, owner) = read::<Team>(store, &team_key)
            .await?
            .ok_or_else(|| RegistryError::UnknownTeam(team.clone()))?;
        let (last, unchanged) = counter(store, &counter_key).await?;
        let apps = store.list(&all, None).await?.entries;
        let apps = apps.iter().map(records::decode::<App>);
        let apps = apps.collect::<Result<Vec<_>, _>>()?;
        if apps.contains(app) {
            return Ok(owner);
        }
        let is_other = |it: &&App| it.name == *name || it.number == number;
        if let Some(other) = apps.iter().find(is_other) {
            let owner = format!("app {team}/{}", other.name);
            let number = other.number.0;
            return Err(RegistryError::OtherNumber { owner, number });
        }
        let memory = seen.memory();
        let last_apps = last.map(|last| (team.clone(), last));
        let apps = last_apps.into_iter().collect();
        let numbers = Numbers { apps, memory, ..Numbers::default() };
        numbers.check_app(&owner, app)?;
        if !numbers.knows_app(&owner, app) {
            let cluster = settings(store).await?.1.cluster;
            let class = ClassId::new(cluster, owner.number, number);
            refuse_if_used(store, class).await?;
        }
        let raised = last.unwrap_or(0).max(number.0);
        let taken =
            Taken { key: counter_key.clone(), number: raised, unchanged };
        let change = taken
            .raise()
            .when(Compare::Modified(team_key.clone(), team_entry.modified))
            .when(Compare::Absent(key.clone()))
            .put(key.clone(), records::encode(&key, app)?);
        if let Commit::Done = commit(store, change).await? {
            return Ok(owner);
        }
    }
    Err(RegistryError::Contended { key })
}

/// Removes a team that nothing is left of; answers what was removed.
pub(super) async fn delete_team(
    store: &Store,
    name: &TeamName,
) -> Result<Team, RegistryError> {
    let key = Key::new(&["teams", name.as_str()]);
    let apps = Range::prefix(&format!("apps/{name}/"));
    let unknown = || RegistryError::UnknownTeam(name.clone());
    let (_, team) = read::<Team>(store, &key).await?.ok_or_else(unknown)?;
    for _ in 0..TRIES {
        let Some((entry, now)) = read::<Team>(store, &key).await? else {
            return Ok(team);
        };
        if now != team {
            return Ok(team);
        }
        let count = store.list(&apps, None).await?.entries.len();
        if count > 0 {
            let team = name.clone();
            return Err(RegistryError::TeamHasApps { team, count });
        }
        let cluster = settings(store).await?.1.cluster;
        let class = ClassId::new(cluster, team.number, AppNumber::NONE);
        refuse_if_used(store, class).await?;
        let change = Transaction::new()
            .when(Compare::Modified(key.clone(), entry.modified))
            .when(Compare::Empty(apps.clone()))
            // Its counter of apps stays: a document may bring the team back.
            .delete(key.clone());
        if let Commit::Done = commit(store, change).await? {
            return Ok(team);
        }
    }
    Err(RegistryError::Contended { key })
}

/// Removes an app that has no addresses; answers what was removed.
pub(super) async fn delete_app(
    store: &Store,
    team: &TeamName,
    name: &AppName,
) -> Result<App, RegistryError> {
    let team_key = Key::new(&["teams", team.as_str()]);
    let key = Key::new(&["apps", team.as_str(), name.as_str()]);
    let (_, owner) = read::<Team>(store, &team_key)
        .await?
        .ok_or_else(|| RegistryError::UnknownTeam(team.clone()))?;
    let (_, app) = read::<App>(store, &key).await?.ok_or_else(|| {
        RegistryError::UnknownApp { team: team.clone(), app: name.clone() }
    })?;
    for _ in 0..TRIES {
        let Some((entry, now)) = read::<App>(store, &key).await? else {
            return Ok(app);
        };
        if now != app {
            return Ok(app);
        }
        let cluster = settings(store).await?.1.cluster;
        let class = ClassId::new(cluster, owner.number, app.number);
        refuse_if_used(store, class).await?;
        let change = Transaction::new()
            .when(Compare::Modified(key.clone(), entry.modified))
            .delete(key.clone());
        if let Commit::Done = commit(store, change).await? {
            return Ok(app);
        }
    }
    Err(RegistryError::Contended { key })
}

/// Changes a setting; answers all of them.
pub(super) async fn set(
    store: &Store,
    setting: Setting,
    text: &str,
) -> Result<Settings, RegistryError> {
    let key = Key::new(&["settings"]);
    let teams = Range::prefix("teams/");
    for _ in 0..TRIES {
        let (entry, before) = settings(store).await?;
        let mut after = before.clone();
        setting.set(&mut after, text)?;
        if after == before {
            return Ok(after);
        }
        let mut change = Transaction::new().when(match entry {
            Some(entry) => Compare::Modified(key.clone(), entry.modified),
            None => Compare::Absent(key.clone()),
        });
        if after.cluster != before.cluster {
            let count = store.list(&teams, None).await?.entries.len();
            if count > 0 {
                return Err(RegistryError::ClusterInUse { count });
            }
            change = change.when(Compare::Empty(teams.clone()));
        }
        let change = change.put(key.clone(), records::encode(&key, &after)?);
        if let Commit::Done = commit(store, change).await? {
            return Ok(after);
        }
    }
    Err(RegistryError::Contended { key })
}

/// Puts the counters up to what is known to have been given.
pub(super) async fn raise_numbers(
    store: &Store,
    known: &Memory,
) -> Result<(), RegistryError> {
    raise(store, &Key::new(&["numbers", "teams"]), known.team).await?;
    let teams = store.list(&Range::prefix("teams/"), None).await?.entries;
    let teams = teams.iter().filter_map(|e| records::decode::<Team>(e).ok());
    for team in teams {
        let counter = Key::new(&["numbers", "apps", team.name.as_str()]);
        let given = known.highest_app(team.number);
        raise(store, &counter, given).await?;
    }
    Ok(())
}

async fn raise(
    store: &Store,
    key: &Key,
    given: u16,
) -> Result<(), RegistryError> {
    for _ in 0..TRIES {
        let (last, unchanged) = counter(store, key).await?;
        if last.unwrap_or(0) >= given {
            return Ok(());
        }
        let (key, number) = (key.clone(), given);
        commit(store, Taken { key, number, unchanged }.raise()).await?;
    }
    Err(RegistryError::Contended { key: key.clone() })
}

/// The number after the last one that was given: by the store's counter, or
/// by what else is known to have been `given`, up to the last there is.
async fn take(
    store: &Store,
    key: Key,
    given: std::ops::Range<u16>,
) -> Result<Taken, RegistryError> {
    let (last, unchanged) = counter(store, &key).await?;
    let last = last.unwrap_or(0).max(given.start);
    if last >= given.end {
        return Err(RegistryError::NumbersUsedUp { last });
    }
    Ok(Taken { key, number: last + 1, unchanged })
}

/// Where a counter stands, and what holds while it does.
async fn counter(
    store: &Store,
    key: &Key,
) -> Result<(Option<u16>, Compare), RegistryError> {
    Ok(match read::<Counter>(store, key).await? {
        Some((entry, counter)) => {
            let unchanged = Compare::Modified(key.clone(), entry.modified);
            (Some(counter.last), unchanged)
        }
        None => (None, Compare::Absent(key.clone())),
    })
}

impl Taken {
    /// Begins the transaction that gives the number away.
    fn raise(&self) -> Transaction {
        let (v, last) = (Counter::VERSION, self.number);
        let value = format!("{{\"v\":{v},\"last\":{last}}}");
        Transaction::new()
            .when(self.unchanged.clone())
            .put(self.key.clone(), value)
    }
}

impl<T: PartialEq> Entered<T> {
    fn new(value: T) -> Self {
        Self { value, freshness: Freshness::New }
    }

    /// What the store has. It is new if it is what this call tried to enter
    /// when the answer was lost: nobody else is given the same number, but by
    /// a transaction that refuses ours.
    fn found(value: T, lost: &[T]) -> Self {
        let freshness = match lost.contains(&value) {
            true => Freshness::New,
            false => Freshness::Found,
        };
        Self { value, freshness }
    }
}

/// Refuses where an address of any host is given to the class; to any app of
/// it where the class is a team's. An address that is given at this moment is
/// not seen: it then belongs to a class without a name, never to another's.
async fn refuse_if_used(
    store: &Store,
    class: ClassId,
) -> Result<(), RegistryError> {
    let listing = store.list(&Range::prefix("blocks/"), None).await?;
    // What cannot be read may hold an address of the class.
    let blocks = listing.entries.iter().map(records::decode::<BlockRecord>);
    let blocks: Vec<_> = blocks.collect::<Result<_, _>>()?;
    let count = uses(&blocks, class);
    if count > 0 {
        return Err(RegistryError::InUse { class, count });
    }
    Ok(())
}

async fn settings(
    store: &Store,
) -> Result<(Option<Entry>, Settings), RegistryError> {
    let found = read::<Settings>(store, &Key::new(&["settings"])).await?;
    Ok(match found {
        Some((entry, settings)) => (Some(entry), settings),
        None => (None, Settings::default()),
    })
}

async fn read<T: Record>(
    store: &Store,
    key: &Key,
) -> Result<Option<(Entry, T)>, RegistryError> {
    let Some(entry) = store.get(key).await? else { return Ok(None) };
    let value = records::decode(&entry)?;
    Ok(Some((entry, value)))
}

/// How one try of a change ended.
enum Commit {
    Done,
    /// What it was decided on has changed.
    Refused,
    /// It was made or not: reading again shows which.
    AnswerLost,
}

async fn commit(
    store: &Store,
    change: Transaction,
) -> Result<Commit, RegistryError> {
    match store.commit(change).await {
        Ok(Outcome::Committed(_)) => Ok(Commit::Done),
        Ok(Outcome::Refused) => Ok(Commit::Refused),
        Err(error) if error.may_have_been_done() => Ok(Commit::AnswerLost),
        Err(error) => Err(error.into()),
    }
}
