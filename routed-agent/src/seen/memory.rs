//! What a host remembers of the store, and whether the store that it meets is
//! still that one. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tartan_ipam::Claimed;
use tartan_model::{
    App, AppName, AppNumber, BlockRecord, Prefix, Team, TeamName, TeamNumber,
};
use tartan_store::{Revision, StoreId};

/// The memory, as the state directory keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Which store it is of; none before the first one was met.
    pub(crate) store: Option<StoreId>,
    /// The highest revision seen of it.
    pub(crate) revision: Revision,
    /// The highest number of a team.
    #[serde(default)]
    pub(crate) team: u16,
    /// The highest number of an app, by the number of its team.
    #[serde(default)]
    pub(crate) apps: BTreeMap<u16, u16>,
    /// The teams that were seen by name, gone ones too, so that a document may
    /// bring them back with their numbers.
    #[serde(default)]
    pub(crate) named: BTreeMap<TeamName, Named>,
    /// The claims of this host, without their slots: what of a block is
    /// taken, the living say.
    #[serde(default)]
    pub(crate) claims: Vec<Claimed>,
    /// The call to make claims again that was followed last.
    #[serde(default)]
    pub(crate) call: Option<String>,
    /// The call that every host was last seen to have followed.
    #[serde(default)]
    pub(crate) agreed: Option<String>,
}

/// The numbers under a team's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Named {
    /// The team's own.
    pub(crate) number: u16,
    /// Those of its apps.
    #[serde(default)]
    pub(crate) apps: BTreeMap<AppName, u16>,
}

/// What to think of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No store was met before, as far as is known.
    First,
    /// It is the one it was.
    Same,
    /// It has forgotten: it was restored from a copy.
    Restored {
        /// Where it had been.
        seen: Revision,
        /// Where it is.
        found: Revision,
    },
    /// It is another one.
    Another {
        /// The one it was.
        seen: StoreId,
        /// The one it is.
        found: StoreId,
    },
}

impl Verdict {
    /// True where the store may lack what this host has.
    pub(crate) fn is_restored(&self) -> bool {
        match self {
            Self::First | Self::Same => false,
            Self::Restored { .. } | Self::Another { .. } => true,
        }
    }
}

impl Memory {
    /// What to think of a store of that name and revision. The revision must
    /// have been read after this memory was.
    pub(crate) fn judge(&self, found: &StoreId, at: Revision) -> Verdict {
        match &self.store {
            None => Verdict::First,
            Some(seen) if seen != found => {
                let (seen, found) = (seen.clone(), found.clone());
                Verdict::Another { seen, found }
            }
            Some(_) if at < self.revision => {
                Verdict::Restored { seen: self.revision, found: at }
            }
            Some(_) => Verdict::Same,
        }
    }

    /// The store was at a revision.
    pub(super) fn saw(&mut self, revision: Revision) {
        self.revision = self.revision.max(revision);
    }

    /// From now on this store, at this revision, is the one to expect.
    pub(super) fn accept(&mut self, store: StoreId, at: Revision) {
        self.store = Some(store);
        self.revision = at;
    }

    /// A team has a number.
    pub(super) fn saw_team(&mut self, number: TeamNumber) {
        self.team = self.team.max(number.get());
    }

    /// An app of a team has a number.
    pub(super) fn saw_app(&mut self, team: TeamNumber, number: AppNumber) {
        let highest = self.apps.entry(team.get()).or_default();
        *highest = number.0.max(*highest);
    }

    /// A team was seen under its name.
    pub(super) fn saw_name(&mut self, team: &Team) {
        let number = team.number.get();
        let named = self.named.entry(team.name.clone()).or_default();
        if named.number != number {
            *named = Named { number, apps: BTreeMap::new() };
        }
    }

    /// An app of a team that was seen.
    pub(super) fn saw_app_name(&mut self, app: &App) {
        if let Some(named) = self.named.get_mut(&app.team) {
            named.apps.insert(app.name.clone(), app.number.0);
        }
    }

    /// The highest number of an app that a team is known to have had.
    pub(crate) fn highest_app(&self, team: TeamNumber) -> u16 {
        self.apps.get(&team.get()).copied().unwrap_or(0)
    }

    /// This host has claimed a block.
    pub(super) fn claimed(&mut self, claimed: &Claimed) {
        self.lost(claimed.prefix);
        let record =
            BlockRecord { slots: BTreeMap::new(), ..claimed.record.clone() };
        self.claims.push(Claimed { record, ..claimed.clone() });
        self.claims.sort_by_key(|claim| claim.prefix.first());
    }

    /// A block is no longer this host's.
    pub(super) fn lost(&mut self, prefix: Prefix) {
        self.claims.retain(|claim| claim.prefix != prefix);
    }
}

#[cfg(test)]
mod tests;
