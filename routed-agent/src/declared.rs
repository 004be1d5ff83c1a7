//! What was declared, held against what the store has: documents out, and for
//! documents that come in what would become of each. Pure.

use std::collections::BTreeSet;

use tartan_agent_api::people::declared::{
    DeclareLine, DeclareVerdict, DeclaredApp, DeclaredBlock, DeclaredHost,
    DeclaredReservation, DeclaredSettings, DeclaredSlot, DeclaredTeam,
    Document,
};
use tartan_ipam::records::Record as _;
use tartan_ipam::{Claimed, HostRecord};
use tartan_model::prefix::address_number;
use tartan_model::{
    App, AppNumber, ClassId, HostName, Pool, Reservation, Settings, Team,
    TeamName, TeamNumber,
};

use crate::registry::{Numbers, Setting, uses};

mod pool;

pub(crate) use pool::stored;

/// All that the store has of what can be declared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) settings: Settings,
    pub(crate) pools: Vec<Pool>,
    pub(crate) teams: Vec<Team>,
    pub(crate) apps: Vec<App>,
    pub(crate) reservations: Vec<Reservation>,
    pub(crate) hosts: Vec<(HostName, HostRecord)>,
    pub(crate) blocks: Vec<Claimed>,
    pub(crate) numbers: Numbers,
}

type Judged = (DeclareVerdict, Vec<String>);

impl Known {
    /// As documents, in an order that only changes with what they say.
    pub(crate) fn documents(&self) -> Vec<Document> {
        let values = Setting::ALL
            .map(|it| (it.to_string(), it.get(&self.settings)))
            .into_iter()
            .collect();
        let settings = Document::Settings(DeclaredSettings { values });
        let pools =
            self.pools.iter().map(|it| Document::Pool(pool::declared(it)));
        let teams = self.teams.iter().map(|it| {
            let (name, number) = (it.name.clone(), Some(it.number));
            Document::Team(DeclaredTeam { name, number })
        });
        let apps = self.apps.iter().map(|it| {
            let (team, name) = (it.team.clone(), it.name.clone());
            let number = Some(it.number);
            Document::App(DeclaredApp { team, name, number })
        });
        let kept = self.reservations.iter().map(|it| {
            let (address, name) = (it.address, it.name.clone());
            Document::Reservation(DeclaredReservation { address, name })
        });
        let all = [settings].into_iter().chain(pools).chain(teams);
        all.chain(apps).chain(kept).collect()
    }

    /// Hosts and blocks as documents.
    pub(crate) fn claims(&self) -> Vec<Document> {
        let hosts = self.hosts.iter().map(|(name, it)| {
            let (name, boot) = (name.clone(), it.boot.clone());
            Document::Host(DeclaredHost { name, boot, epoch: it.epoch })
        });
        let blocks = self.blocks.iter().map(|it| {
            let record = it.record.clone();
            Document::Block(Box::new(DeclaredBlock {
                block: it.prefix,
                pool: record.pool,
                host: record.host,
                epoch: record.epoch,
                boot: record.boot,
                affinity: record.affinity,
                slots: slots(it),
            }))
        });
        hosts.chain(blocks).collect()
    }

    /// What would become of each document, in the order in which they are
    /// taken: each is judged by what there is once those before it are done.
    /// What an earlier one makes, a later one may need, or contradict.
    pub(crate) fn judge(&self, documents: &mut [Document]) -> Vec<DeclareLine> {
        documents.sort_by_key(|it| (it.kind().0, rank(it), it.name()));
        let mut after = self.clone();
        let mut seen = BTreeSet::new();
        let declared = |it: &Document| {
            let Document::Team(team) = it else { return None };
            Some(team.name.clone())
        };
        let teams: BTreeSet<_> =
            documents.iter().filter_map(declared).collect();
        let mut lines = Vec::new();
        for document in documents.iter() {
            let (_, kind) = document.kind();
            let name = document.name();
            let (verdict, why) = match seen.insert((kind, name.clone())) {
                true => after.judge_one(document, &teams),
                false => refused("it is there twice"),
            };
            if matches!(verdict, DeclareVerdict::New | DeclareVerdict::Changed)
            {
                after.take(document);
            }
            lines.push(DeclareLine {
                kind: kind.to_owned(),
                name,
                verdict,
                why,
            });
        }
        lines
    }

    /// What there is once a document is done, as far as others can
    /// contradict it.
    fn take(&mut self, document: &Document) {
        match document {
            Document::Pool(it) => {
                self.pools.retain(|pool| pool.name != it.name);
                self.pools.push(stored(it));
            }
            Document::Team(it) => {
                if let Some(team) = as_team(it) {
                    self.numbers.gave_team(team.number);
                    self.teams.push(team);
                }
            }
            Document::App(it) => {
                if let Some(app) = as_app(it) {
                    self.numbers.gave_app(&app.team, app.number);
                    self.apps.push(app);
                }
            }
            Document::Settings(_)
            | Document::Reservation(_)
            | Document::Host(_)
            | Document::Block(_) => {}
        }
    }

    fn judge_one(
        &self,
        document: &Document,
        declared: &BTreeSet<TeamName>,
    ) -> Judged {
        match document {
            Document::Settings(it) => self.settings(it),
            Document::Pool(it) => pool::judge(self, it),
            Document::Team(it) => self.team(it),
            Document::App(it) => self.app(it, declared),
            Document::Reservation(it) => self.reservation(it),
            Document::Host(it) => self.host(it),
            Document::Block(it) => self.block(it),
        }
    }

    fn settings(&self, wanted: &DeclaredSettings) -> Judged {
        let mut why = Vec::new();
        let mut after = self.settings.clone();
        for (key, value) in &wanted.values {
            let set = key
                .parse::<Setting>()
                .and_then(|it| it.set(&mut after, value).map(|()| it));
            let setting = match set {
                Ok(setting) => setting,
                Err(error) => return refused(&error.to_string()),
            };
            let (now, then) =
                (setting.get(&self.settings), setting.get(&after));
            if now != then {
                why.push(format!("{setting}: {now:?} becomes {then:?}"));
            }
        }
        if after.cluster != self.settings.cluster && !self.teams.is_empty() {
            return refused("cluster is part of the class of every team");
        }
        changed(why)
    }

    fn team(&self, wanted: &DeclaredTeam) -> Judged {
        let mine = self.teams.iter().find(|it| it.name == wanted.name);
        let number = wanted.number;
        let theirs = self.teams.iter().find(|it| Some(it.number) == number);
        match (mine, theirs) {
            (Some(it), _) if number.is_none_or(|n| n == it.number) => same(),
            (Some(it), _) => {
                refused(&format!("it has number {}", it.number.get()))
            }
            (None, Some(it)) => {
                refused(&format!("team {} has that number", it.name))
            }
            (None, None) => self.new_team(wanted),
        }
    }

    fn new_team(&self, wanted: &DeclaredTeam) -> Judged {
        let Some(team) = as_team(wanted) else { return new() };
        let is_known = self.numbers.knows_team(&team);
        let class = self.class(team.number, AppNumber::NONE);
        match self.numbers.check_team(&team) {
            Err(error) => refused(&error.to_string()),
            Ok(()) if is_known => new(),
            Ok(()) => self.new_class(class),
        }
    }

    fn new_app(&self, wanted: &DeclaredApp) -> Judged {
        let owner = self.teams.iter().find(|it| it.name == wanted.team);
        let (Some(app), Some(owner)) = (as_app(wanted), owner) else {
            return new();
        };
        let is_known = self.numbers.knows_app(owner, &app);
        let class = self.class(owner.number, app.number);
        match self.numbers.check_app(owner, &app) {
            Err(error) => refused(&error.to_string()),
            Ok(()) if is_known => new(),
            Ok(()) => self.new_class(class),
        }
    }

    fn class(&self, team: TeamNumber, app: AppNumber) -> ClassId {
        ClassId::new(self.settings.cluster, team, app)
    }

    fn new_class(&self, class: ClassId) -> Judged {
        match uses(self.blocks.iter().map(|it| &it.record), class) {
            0 => new(),
            _ => refused(&format!(
                "containers have addresses under its class {class}"
            )),
        }
    }

    fn app(
        &self,
        wanted: &DeclaredApp,
        declared: &BTreeSet<TeamName>,
    ) -> Judged {
        let of_team = |it: &&App| it.team == wanted.team;
        let apps: Vec<_> = self.apps.iter().filter(of_team).collect();
        let mine = apps.iter().find(|it| it.name == wanted.name);
        let number = wanted.number;
        let theirs = apps.iter().find(|it| Some(it.number) == number);
        let is_there = declared.contains(&wanted.team)
            || self.teams.iter().any(|it| it.name == wanted.team);
        match (mine, theirs) {
            (Some(it), _) if number.is_none_or(|n| n == it.number) => same(),
            (Some(it), _) => refused(&format!("it has number {}", it.number.0)),
            (None, Some(it)) => {
                let other = &it.name;
                refused(&format!("app {}/{other} has that number", it.team))
            }
            (None, None) if is_there => self.new_app(wanted),
            (None, None) => {
                refused(&format!("there is no team {}", wanted.team))
            }
        }
    }

    fn reservation(&self, wanted: &DeclaredReservation) -> Judged {
        let mut kept = self.reservations.iter();
        match kept.find(|it| it.address == wanted.address) {
            None => new(),
            Some(it) if it.name == wanted.name => same(),
            Some(it) => {
                let name = it.name.as_deref().unwrap_or("nothing");
                refused(&format!("it is reserved for {name}"))
            }
        }
    }

    fn host(&self, wanted: &DeclaredHost) -> Judged {
        match self.hosts.iter().find(|(name, _)| *name == wanted.name) {
            Some(_) => same(),
            None => waits("its agent enters it when it starts on this store"),
        }
    }

    fn block(&self, wanted: &DeclaredBlock) -> Judged {
        let overlaps = |it: &&Claimed| it.prefix.overlaps(wanted.block);
        match self.blocks.iter().find(overlaps) {
            None => waits("its owner's agent claims it again"),
            Some(it) if it.record.host != wanted.host => {
                refused(&format!("host {} owns {}", it.record.host, it.prefix))
            }
            Some(it) if it.prefix != wanted.block => {
                refused(&format!("its owner has {} instead", it.prefix))
            }
            Some(_) => same(),
        }
    }
}

fn as_team(wanted: &DeclaredTeam) -> Option<Team> {
    let (v, name) = (Team::VERSION, wanted.name.clone());
    wanted.number.map(|number| Team { v, name, number })
}

fn as_app(wanted: &DeclaredApp) -> Option<App> {
    let (v, team) = (App::VERSION, wanted.team.clone());
    let name = wanted.name.clone();
    wanted.number.map(|number| App { v, team, name, number })
}

/// Among teams, and among the apps of a team: by number, for numbers only
/// grow; those that are to get the next number come last.
fn rank(document: &Document) -> (Option<TeamName>, u16) {
    match document {
        Document::Team(it) => {
            (None, it.number.map_or(u16::MAX, |number| number.get()))
        }
        Document::App(it) => {
            let number = it.number.map_or(u16::MAX, |number| number.0);
            (Some(it.team.clone()), number)
        }
        Document::Settings(_)
        | Document::Pool(_)
        | Document::Reservation(_)
        | Document::Host(_)
        | Document::Block(_) => (None, 0),
    }
}

fn slots(block: &Claimed) -> Vec<DeclaredSlot> {
    let first = address_number(block.prefix.first());
    let family = block.prefix.family();
    let slots = block.record.slots.iter();
    let slots = slots.map(|(offset, slot)| DeclaredSlot {
        address: family.address(first + u128::from(*offset)),
        slot: slot.clone(),
    });
    slots.collect()
}

fn new() -> Judged {
    (DeclareVerdict::New, Vec::new())
}

fn same() -> Judged {
    (DeclareVerdict::Same, Vec::new())
}

fn waits(why: &str) -> Judged {
    (DeclareVerdict::Waits, vec![why.to_owned()])
}

fn refused(why: &str) -> Judged {
    (DeclareVerdict::Refused, vec![why.to_owned()])
}

fn changed(why: Vec<String>) -> Judged {
    match why.is_empty() {
        true => same(),
        false => (DeclareVerdict::Changed, why),
    }
}

#[cfg(test)]
mod tests;
