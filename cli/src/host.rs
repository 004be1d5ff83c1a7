//! `tartan host`: the hosts of the cluster. Acts.

use clap::Subcommand;
use tartan_agent_api::people::hosts::{Death, HostView, Remove};
use tartan_agent_api::people::{Done, path};
use tartan_model::HostName;

use crate::fault::Fault;
use crate::output::{Shown, Width};
use crate::session::Session;
use crate::table::{Table, fields, numbers, words};
use crate::words as text;

/// What can be done with hosts.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List the hosts of the store, and when each last spoke
    List,
    /// Show one host
    Show {
        /// Its name
        name: HostName,
    },
    /// Take a host out of the cluster that is gone for good. Its claims are
    /// void at once; its blocks are freed when they have rested as long as a
    /// host may go on without the store (max_offline). Asked again, it goes on
    #[command(after_help = "\
Examples:
  tartan host remove node-7
  tartan host remove node-7 --confirmed-dead   # frees its blocks now

Say --confirmed-dead only where the host runs no more, and none of its
containers: their addresses are given to others.")]
    Remove {
        /// Its name
        name: HostName,
        /// It runs no more, and no container of it: free its blocks now
        #[arg(long)]
        confirmed_dead: bool,
    },
    /// Go on without the hosts that have not made their claims again after
    /// the store was restored from a copy
    ForgetMissing,
}

/// Does it.
pub(crate) fn run(session: &Session, verb: Verb) -> Result<(), Fault> {
    let one = |name: &HostName| path::item(path::HOSTS, &[name.as_str()]);
    match verb {
        Verb::List => {
            session.print(&session.get::<Vec<HostView>>(path::HOSTS)?)
        }
        Verb::Show { name } => {
            session.print(&session.get::<HostView>(&one(&name))?)
        }
        Verb::Remove { name, confirmed_dead } => {
            let death = match confirmed_dead {
                true => Death::Confirmed,
                false => Death::Presumed,
            };
            let path = format!("{}/{}", one(&name), path::REMOVAL);
            let done: Done = session.post(&path, &Remove { death })?;
            session.report(&done, &done.done)
        }
        Verb::ForgetMissing => {
            let done: Done = session.post(path::FORGET_MISSING, &())?;
            session.report(&done, &done.done)
        }
    }
}

fn spoke(host: &HostView) -> String {
    let ago = |seconds| format!("{} ago", duration(seconds));
    host.silent_seconds.map(ago).unwrap_or_default()
}

fn freed(host: &HostView) -> String {
    let ahead = |seconds| format!("in {}", duration(seconds));
    host.freed_in_seconds.map(ahead).unwrap_or_default()
}

/// Seconds in the unit that tells most.
fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

impl Shown for Vec<HostView> {
    fn text(&self, width: Width) -> String {
        let mut columns = vec![
            words("NAME"),
            words("STATE"),
            words("SPOKE"),
            numbers("EPOCH"),
            numbers("BLOCKS"),
            numbers("ADDRESSES"),
            words("FREED"),
        ];
        if width == Width::Wide {
            columns.extend([words("BOOT"), words("INSTANCE")]);
        }
        let mut table = Table::new(&columns);
        for host in self {
            let mut cells = vec![
                host.name.to_string(),
                host.state.as_str().to_owned(),
                spoke(host),
                host.epoch.0.to_string(),
                host.blocks.to_string(),
                host.addresses.to_string(),
                freed(host),
            ];
            if width == Width::Wide {
                cells.push(host.boot.to_string());
                cells.push(host.instance.clone());
            }
            table.row(cells);
        }
        table.text()
    }

    fn nothing(&self) -> &'static str {
        "The store knows no host yet."
    }
}

impl Shown for HostView {
    fn text(&self, _width: Width) -> String {
        fields(&[
            ("name", self.name.to_string()),
            ("state", self.state.as_str().to_owned()),
            ("spoke", spoke(self)),
            ("epoch", self.epoch.0.to_string()),
            ("boot", self.boot.to_string()),
            ("instance", self.instance.clone()),
            ("address", text::or_nothing(self.address)),
            ("blocks", self.blocks.to_string()),
            ("addresses", self.addresses.to_string()),
            ("freed", freed(self)),
        ])
    }
}
