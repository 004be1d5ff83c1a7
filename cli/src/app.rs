//! `tartan app`: the lower half of a container's class. Acts.

use std::str::FromStr;

use clap::Subcommand;
use tartan_agent_api::people::classes::{AppView, NewApp};
use tartan_agent_api::people::{Done, path};
use tartan_model::{AppName, ClassName, TeamName};

use crate::fault::Fault;
use crate::output::{Shown, Width};
use crate::session::Session;
use crate::table::{Table, fields, numbers, words};

/// What can be done with apps.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Enter an app in the registry; it gets the next number of its team
    #[command(after_help = "Example:\n  tartan app create payments/api")]
    Create {
        /// Team and name
        #[arg(value_name = "TEAM/APP")]
        app: TeamApp,
    },
    /// List apps
    List {
        /// Only those of this team
        team: Option<TeamName>,
    },
    /// Show one app
    Show {
        /// Team and name
        #[arg(value_name = "TEAM/APP")]
        app: TeamApp,
    },
    /// Remove an app that has no addresses
    Delete {
        /// Team and name
        #[arg(value_name = "TEAM/APP")]
        app: TeamApp,
    },
}

/// `payments/api`.
#[derive(Clone, Debug)]
pub(crate) struct TeamApp {
    team: TeamName,
    app: AppName,
}

impl FromStr for TeamApp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name: ClassName =
            text.parse().map_err(|error: tartan_model::names::NameError| {
                error.to_string()
            })?;
        let app = name.app.ok_or_else(|| {
            format!("an app is written with its team: {text}/APP")
        })?;
        Ok(Self { team: name.team, app })
    }
}

impl TeamApp {
    fn path(&self) -> String {
        path::item(path::APPS, &[self.team.as_str(), self.app.as_str()])
    }
}

/// Does it.
pub(crate) fn run(session: &Session, verb: Verb) -> Result<(), Fault> {
    match verb {
        Verb::Create { app: TeamApp { team, app } } => {
            let new = NewApp { team, name: app };
            let app: AppView = session.post(path::APPS, &new)?;
            let AppView { team, name, class, .. } = &app;
            let line = format!("app {team}/{name} created: {class}");
            session.report(&app, &line)
        }
        Verb::List { team } => {
            let mut apps: Vec<AppView> = session.get(path::APPS)?;
            apps.retain(|app| team.as_ref().is_none_or(|t| app.team == *t));
            session.print(&apps)
        }
        Verb::Show { app } => {
            session.print(&session.get::<AppView>(&app.path())?)
        }
        Verb::Delete { app } => {
            let done: Done = session.delete(&app.path())?;
            session.report(&done, &done.done)
        }
    }
}

impl Shown for Vec<AppView> {
    fn text(&self, _width: Width) -> String {
        let mut table =
            Table::new(&[words("NAME"), words("CLASS"), numbers("ENDPOINTS")]);
        for app in self {
            table.row(vec![
                format!("{}/{}", app.team, app.name),
                app.class.to_string(),
                app.endpoints.to_string(),
            ]);
        }
        table.text()
    }

    fn nothing(&self) -> &'static str {
        "There is no app. Make one: tartan app create TEAM/APP"
    }
}

impl Shown for AppView {
    fn text(&self, _width: Width) -> String {
        fields(&[
            ("name", format!("{}/{}", self.team, self.name)),
            ("number", self.number.0.to_string()),
            ("class", self.class.to_string()),
            ("endpoints here", self.endpoints.to_string()),
        ])
    }
}
