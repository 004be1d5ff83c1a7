//! `tartan team`: the upper half of a container's class. Acts.

use clap::Subcommand;
use tartan_agent_api::people::classes::{NewTeam, TeamView};
use tartan_agent_api::people::{Done, path};
use tartan_model::TeamName;

use crate::fault::Fault;
use crate::output::{Shown, Width};
use crate::session::Session;
use crate::table::{Table, fields, numbers, words};

/// What can be done with teams.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Enter a team in the registry; it gets the next number
    #[command(after_help = "Example:\n  tartan team create payments")]
    Create {
        /// Its name
        name: TeamName,
    },
    /// List all teams
    List,
    /// Show one team
    Show {
        /// Its name
        name: TeamName,
    },
    /// Remove a team that has no apps and no addresses
    Delete {
        /// Its name
        name: TeamName,
    },
}

/// Does it.
pub(crate) fn run(session: &Session, verb: Verb) -> Result<(), Fault> {
    let one = |name: &TeamName| path::item(path::TEAMS, &[name.as_str()]);
    match verb {
        Verb::Create { name } => {
            let team: TeamView =
                session.post(path::TEAMS, &NewTeam { name })?;
            let line = format!("team {} created: {}", team.name, team.class);
            session.report(&team, &line)
        }
        Verb::List => {
            session.print(&session.get::<Vec<TeamView>>(path::TEAMS)?)
        }
        Verb::Show { name } => {
            session.print(&session.get::<TeamView>(&one(&name))?)
        }
        Verb::Delete { name } => {
            let done: Done = session.delete(&one(&name))?;
            session.report(&done, &done.done)
        }
    }
}

impl Shown for Vec<TeamView> {
    fn text(&self, _width: Width) -> String {
        let mut table = Table::new(&[
            words("NAME"),
            words("CLASS"),
            numbers("APPS"),
            numbers("ENDPOINTS"),
        ]);
        for team in self {
            table.row(vec![
                team.name.to_string(),
                team.class.to_string(),
                team.apps.to_string(),
                team.endpoints.to_string(),
            ]);
        }
        table.text()
    }

    fn nothing(&self) -> &'static str {
        "There is no team yet. Make one: tartan team create NAME"
    }
}

impl Shown for TeamView {
    fn text(&self, _width: Width) -> String {
        fields(&[
            ("name", self.name.to_string()),
            ("number", self.number.get().to_string()),
            ("class", self.class.to_string()),
            ("apps", self.apps.to_string()),
            ("endpoints here", self.endpoints.to_string()),
        ])
    }
}
