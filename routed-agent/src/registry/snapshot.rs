//! What the registry says at one moment: teams and apps with their numbers,
//! pools, reservations, settings. Pure: built from entries of the store, and
//! carried on by its events.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use tartan_ipam::records::{self, Record, RecordError};
use tartan_model::{
    App, AppName, AppNumber, ClassId, ClassName, Pool, PoolName, Reservation,
    Settings, Team, TeamName, TeamNumber,
};
use tartan_store::{Entry, Event, Key, Revision};
use thiserror::Error;

/// Where a snapshot comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nothing was read yet, neither from the store nor from the mirror.
    #[default]
    Nowhere,
    /// The mirror in the run directory: the store has not answered since the
    /// agent started.
    Mirror,
    /// The store.
    Store,
}

/// The registry at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// Which of this agent's snapshots it is: each has a higher number than
    /// those before. The revision does not tell them apart, for a change of
    /// one part may come by the watch before an older one of another.
    pub(crate) serial: u64,
    /// The last change it contains.
    pub(crate) revision: Revision,
    /// What holds for the whole cluster.
    pub(crate) settings: Settings,
    /// Pools by name.
    pub(crate) pools: BTreeMap<PoolName, Pool>,
    /// Teams by name.
    pub(crate) teams: BTreeMap<TeamName, Team>,
    /// Apps by team and name.
    pub(crate) apps: BTreeMap<(TeamName, AppName), App>,
    /// Addresses that are kept by name.
    pub(crate) reservations: BTreeMap<IpAddr, Reservation>,
    /// The way back from numbers to names.
    names: HashMap<(TeamNumber, AppNumber), ClassName>,
}

/// An entry of the store that is not what its key promises. The snapshot goes
/// on without it.
#[derive(Debug, Error)]
pub(crate) enum Damaged {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("entry {0} of the store names something else")]
    OtherName(Key),
}

/// The parts of the store that a registry is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Settings,
    Pools,
    Teams,
    Apps,
    Reservations,
}

impl Part {
    /// All, in the order in which they are read: an app after its team.
    pub(crate) const ALL: [Self; 5] = [
        Self::Settings,
        Self::Pools,
        Self::Teams,
        Self::Apps,
        Self::Reservations,
    ];

    /// First component of its keys.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Pools => "pools",
            Self::Teams => "teams",
            Self::Apps => "apps",
            Self::Reservations => "reservations",
        }
    }

    fn of(key: &Key) -> Option<Self> {
        let name = key.as_str().split('/').next()?;
        Self::ALL.into_iter().find(|part| part.as_str() == name)
    }
}

impl Snapshot {
    /// Nothing yet, to be filled from there.
    pub(super) fn empty(origin: Origin) -> Self {
        Self { origin, ..Self::default() }
    }

    /// The class of a team, or of an app of it; none where the registry does
    /// not know it.
    pub(crate) fn class_of(
        &self,
        team: &TeamName,
        app: Option<&AppName>,
    ) -> Option<ClassId> {
        let number = self.teams.get(team)?.number;
        let app = match app {
            None => AppNumber::NONE,
            Some(app) => self.apps.get(&(team.clone(), app.clone()))?.number,
        };
        Some(ClassId::new(self.settings.cluster, number, app))
    }

    /// The name of a class of this cluster; none for reserved classes and
    /// those whose name is gone.
    pub(crate) fn name_of(&self, class: ClassId) -> Option<&ClassName> {
        (class.cluster() == self.settings.cluster)
            .then(|| self.names.get(&(class.team(), class.app())))
            .flatten()
    }

    /// A class as people read it: its name, the word of a reserved one, or
    /// its number.
    pub(crate) fn label(&self, class: ClassId) -> String {
        if let Some(word) = class.reserved_name() {
            return word.to_owned();
        }
        self.name_of(class)
            .map_or_else(|| class.to_string(), ClassName::to_string)
    }

    /// What a mirror kept: revision and settings, then the rest.
    pub(super) fn mirrored(
        (revision, settings): (Revision, Settings),
        pools: Vec<Pool>,
        teams: Vec<Team>,
        apps: Vec<App>,
        reservations: Vec<Reservation>,
    ) -> Self {
        let apps = apps.into_iter();
        let apps = apps.map(|a| ((a.team.clone(), a.name.clone()), a));
        let kept = reservations.into_iter().map(|r| (r.address, r));
        let mut snapshot = Self {
            origin: Origin::Mirror,
            serial: 1,
            revision,
            settings,
            pools: pools.into_iter().map(|p| (p.name.clone(), p)).collect(),
            teams: teams.into_iter().map(|t| (t.name.clone(), t)).collect(),
            apps: apps.collect(),
            reservations: kept.collect(),
            names: HashMap::new(),
        };
        snapshot.index();
        snapshot
    }

    /// Takes in what a listing found; tells what it could not read.
    pub(crate) fn read(&mut self, entries: &[Entry]) -> Vec<Damaged> {
        let found = entries.iter().filter_map(|entry| self.put(entry).err());
        let damaged = found.collect();
        self.index();
        damaged
    }

    /// Takes in changes; tells what it could not read.
    pub(crate) fn apply(&mut self, events: &[Event]) -> Vec<Damaged> {
        let mut damaged = Vec::new();
        for event in events {
            match event {
                Event::Put(entry) => damaged.extend(self.put(entry).err()),
                Event::Deleted { key, .. } => self.remove(key),
            }
            self.revision = self.revision.max(event.revision());
        }
        self.index();
        damaged
    }

    fn put(&mut self, entry: &Entry) -> Result<(), Damaged> {
        self.remove(&entry.key);
        match Part::of(&entry.key) {
            None => Ok(()),
            Some(Part::Settings) => {
                value(entry).map(|settings| self.settings = settings)
            }
            Some(Part::Pools) => named(entry, |pool: &Pool| {
                vec![Part::Pools.as_str(), pool.name.as_str()]
            })
            .map(|pool| drop(self.pools.insert(pool.name.clone(), pool))),
            Some(Part::Teams) => named(entry, |team: &Team| {
                vec![Part::Teams.as_str(), team.name.as_str()]
            })
            .map(|team| drop(self.teams.insert(team.name.clone(), team))),
            Some(Part::Apps) => named(entry, |app: &App| {
                vec![Part::Apps.as_str(), app.team.as_str(), app.name.as_str()]
            })
            .map(|app| {
                let key = (app.team.clone(), app.name.clone());
                self.apps.insert(key, app);
            }),
            Some(Part::Reservations) => {
                let kept: Reservation = value(entry)?;
                let address = kept.address.to_string();
                let place = [Part::Reservations.as_str(), &address];
                is_at(entry, &place)?;
                self.reservations.insert(kept.address, kept);
                Ok(())
            }
        }
    }

    /// Forgets what a key named. Settings stay as they were last understood.
    fn remove(&mut self, key: &Key) {
        let names = key.components();
        let (Some(part), Some(name)) = (Part::of(key), names.get(1)) else {
            return;
        };
        match part {
            Part::Settings => {}
            Part::Pools => drop(name.parse().map(|n| self.pools.remove(&n))),
            Part::Teams => drop(name.parse().map(|n| self.teams.remove(&n))),
            Part::Apps => {
                let app = names.get(2).and_then(|app| app.parse().ok());
                if let (Ok(team), Some(app)) = (name.parse(), app) {
                    self.apps.remove(&(team, app));
                }
            }
            Part::Reservations => {
                drop(name.parse().map(|ip| self.reservations.remove(&ip)));
            }
        }
    }

    /// Makes the way back from numbers to names anew.
    fn index(&mut self) {
        let teams = self.teams.values().map(|team| {
            let name = ClassName { team: team.name.clone(), app: None };
            ((team.number, AppNumber::NONE), name)
        });
        let apps = self.apps.values().filter_map(|app| {
            let team = self.teams.get(&app.team)?;
            let name = ClassName {
                team: team.name.clone(),
                app: Some(app.name.clone()),
            };
            Some(((team.number, app.number), name))
        });
        self.names = teams.chain(apps).collect();
    }
}

fn value<T: Record>(entry: &Entry) -> Result<T, Damaged> {
    Ok(records::decode(entry)?)
}

/// The value, where it names what its key names.
fn named<T: Record>(
    entry: &Entry,
    key: impl Fn(&T) -> Vec<&str>,
) -> Result<T, Damaged> {
    let value: T = value(entry)?;
    is_at(entry, &key(&value))?;
    Ok(value)
}

/// What goes elsewhere would stay when its key is deleted.
fn is_at(entry: &Entry, place: &[&str]) -> Result<(), Damaged> {
    if Key::new(place) != entry.key {
        return Err(Damaged::OtherName(entry.key.clone()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
