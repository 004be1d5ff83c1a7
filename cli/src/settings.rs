//! `tartan settings`: what holds for the whole cluster. Acts.

use clap::Subcommand;
use tartan_agent_api::people::settings::{NewValue, SettingView};
use tartan_agent_api::people::{Done, path};

use crate::fault::Fault;
use crate::output::{Shown, Width};
use crate::session::Session;
use crate::table::{Table, words};

/// What can be done with settings.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show all settings
    Show,
    /// Change a setting, for all hosts
    #[command(after_help = "\
Examples:
  tartan settings set address_rest 60s
  tartan settings set cluster 1
  tartan settings set cluster_name fr1
  tartan settings set cluster_name ''      # clears it

Exit status: 2 where there is no such setting or it does not take the value,
1 where the agent refuses (such as another cluster while there are teams).")]
    Set {
        /// Which
        key: String,
        /// To what
        value: String,
    },
}

/// Does it.
pub(crate) fn run(session: &Session, verb: Verb) -> Result<(), Fault> {
    match verb {
        Verb::Show => {
            session.print(&session.get::<Vec<SettingView>>(path::SETTINGS)?)
        }
        Verb::Set { key, value } => {
            let path = path::item(path::SETTINGS, &[&key]);
            let done: Done = session.put(&path, &NewValue { value })?;
            session.report(&done, &done.done)
        }
    }
}

impl Shown for Vec<SettingView> {
    fn text(&self, width: Width) -> String {
        let mut columns = vec![words("KEY"), words("VALUE"), words("MEANING")];
        if width == Width::Wide {
            columns.extend([words("DEFAULT"), words("TAKES")]);
        }
        let mut table = Table::new(&columns);
        for setting in self {
            let mut cells = vec![
                setting.key.clone(),
                setting.value.clone(),
                setting.meaning.clone(),
            ];
            if width == Width::Wide {
                cells.push(setting.default.clone());
                cells.push(setting.takes.clone());
            }
            table.row(cells);
        }
        table.text()
    }
}
