//! Which number a document may give to a team or an app: one that nobody else
//! ever had. Pure.
//!
//! The counters tell the highest number that was given, not to whom. So a
//! number up to there is given by a document only to the name that this host
//! knows it of; one above is nobody's yet.

use std::collections::BTreeMap;

use tartan_model::{
    App, AppNumber, BlockRecord, ClassId, SlotState, Team, TeamName, TeamNumber,
};
use thiserror::Error;

use crate::seen::Memory;

/// Numbers at the end that no document gives: they would use up all below.
const KEPT: u16 = 64;

/// What is known of the numbers that were given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// Where the counter of teams stands; none in an empty cluster.
    pub(crate) teams: Option<u16>,
    /// The same of the apps of each team.
    pub(crate) apps: BTreeMap<TeamName, u16>,
    /// What this host has seen.
    pub(crate) memory: Memory,
}

/// A number that a document may not give.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum NumberError {
    #[error("number 0 is nobody's")]
    Reserved,
    #[error(
        "number {number} may have been another's: numbers up to {last} were \
         given, and this host does not know {number} as that of {name}"
    )]
    Given { name: String, number: u16, last: u16 },
    #[error(
        "number {number} of {name} is too near the end: numbers are given \
         upwards, and only {most} are left to declare up to"
    )]
    NearEnd { name: String, number: u16, most: u16 },
}

/// A number that a document has, and what there is to judge it by.
struct Declared {
    name: String,
    number: u16,
    /// Where the counter stands.
    last: Option<u16>,
    /// The highest that this host has seen.
    seen: u16,
    /// The highest that there is.
    end: u16,
}

impl Declared {
    fn check(self) -> Result<(), NumberError> {
        let Self { name, number, last, seen, end } = self;
        if number == 0 {
            return Err(NumberError::Reserved);
        }
        let most = end - KEPT;
        if number > most {
            return Err(NumberError::NearEnd { name, number, most });
        }
        match last.map(|last| last.max(seen)) {
            Some(last) if number <= last => {
                Err(NumberError::Given { name, number, last })
            }
            _ => Ok(()),
        }
    }
}

impl Numbers {
    /// True of the number that a team of that name has or had.
    pub(crate) fn knows_team(&self, team: &Team) -> bool {
        let named = self.memory.named.get(&team.name);
        named.is_some_and(|it| it.number == team.number.get())
    }

    /// The same of an app of such a team.
    pub(crate) fn knows_app(&self, owner: &Team, app: &App) -> bool {
        let named = self.memory.named.get(&owner.name);
        let named = named.filter(|it| it.number == owner.number.get());
        let number = named.and_then(|it| it.apps.get(&app.name));
        number.is_some_and(|number| *number == app.number.0)
    }

    /// Refuses a number of a team that may have been another's.
    pub(crate) fn check_team(&self, team: &Team) -> Result<(), NumberError> {
        if self.knows_team(team) {
            return Ok(());
        }
        let declared = Declared {
            name: format!("team {}", team.name),
            number: team.number.get(),
            last: self.teams,
            seen: self.memory.team,
            end: TeamNumber::MAX,
        };
        declared.check()
    }

    /// Refuses a number of an app that may have been another's.
    pub(crate) fn check_app(
        &self,
        owner: &Team,
        app: &App,
    ) -> Result<(), NumberError> {
        if self.knows_app(owner, app) {
            return Ok(());
        }
        let declared = Declared {
            name: format!("app {}/{}", owner.name, app.name),
            number: app.number.0,
            last: self.apps.get(&owner.name).copied(),
            seen: self.memory.highest_app(owner.number),
            end: u16::MAX,
        };
        declared.check()
    }

    /// A team has been given its number.
    pub(crate) fn gave_team(&mut self, number: TeamNumber) {
        self.teams = self.teams.max(Some(number.get()));
    }

    /// An app has.
    pub(crate) fn gave_app(&mut self, team: &TeamName, number: AppNumber) {
        let last = self.apps.entry(team.clone()).or_default();
        *last = number.0.max(*last);
    }
}

/// How many addresses are given to the class; to any app of it where the
/// class is a team's.
pub(crate) fn uses<'a>(
    blocks: impl IntoIterator<Item = &'a BlockRecord>,
    class: ClassId,
) -> usize {
    let is_team = class == class.team_class();
    let is_meant = |other: ClassId| {
        other == class || (is_team && other.team_class() == class)
    };
    blocks
        .into_iter()
        .flat_map(|block| block.slots.values())
        .filter(|slot| is_meant(slot.class))
        .filter(|slot| !matches!(slot.state, SlotState::Resting { .. }))
        .count()
}
