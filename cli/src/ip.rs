//! `tartan ip`: single addresses. Acts.

use std::net::IpAddr;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;
use tartan_agent_api::people::ips::{
    Check, CheckReport, Finding, FindingKind, IpState, IpView, Outcome, Repair,
    Reserve,
};
use tartan_agent_api::people::{Done, path};
use tartan_model::PoolName;

use crate::fault::Fault;
use crate::output::{Shown, Width};
use crate::session::Session;
use crate::table::{Table, fields, words};
use crate::words as text;

/// What can be done with addresses.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List addresses of this host that are not simply free, and reservations
    #[command(after_help = "\
Examples:
  tartan ip list
  tartan ip list --pool default --state resting")]
    List {
        /// Only those of this pool
        #[arg(long)]
        pool: Option<PoolName>,
        /// Only those in this state
        #[arg(long, value_enum)]
        state: Option<State>,
    },
    /// Show who has an address
    Show {
        /// The address
        address: IpAddr,
    },
    /// Keep an address: nobody gets it but the workload of that name
    #[command(after_help = "\
Examples:
  tartan ip reserve 10.77.0.9                # nobody gets it
  tartan ip reserve 10.77.0.10 --for db-0
  tartan ip list --state reserved

A container gets it that is started with TARTAN_STICKY=db-0 in CNI_ARGS, on a
network whose configuration says \"sticky\": true.")]
    Reserve {
        /// The address
        address: IpAddr,
        /// The workload that gets it
        #[arg(long = "for", alias = "name", value_name = "NAME")]
        name: Option<String>,
    },
    /// Give up a reservation, or the address that a workload keeps
    Release {
        /// The address
        address: IpAddr,
    },
    /// Hold ledger, records, kernel and store against one another: leaks,
    /// conflicts, dead containers, lost claims. Exit status 0 where all is as
    /// it should be, 1 where something stays
    #[command(after_help = check_help())]
    Check {
        /// Repair what can be repaired
        #[arg(long)]
        fix: bool,
    },
}

/// What has become of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    Pending,
    Used,
    Unconfirmed,
    Resting,
    Reserved,
}

impl From<State> for IpState {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Used => Self::Used,
            State::Unconfirmed => Self::Unconfirmed,
            State::Resting => Self::Resting,
            State::Reserved => Self::Reserved,
        }
    }
}

/// Does it.
pub(crate) fn run(session: &Session, verb: Verb) -> Result<(), Fault> {
    match verb {
        Verb::List { pool, state } => {
            let mut ips: Vec<IpView> = session.get(path::IPS)?;
            let state = state.map(IpState::from);
            ips.retain(|ip| {
                (pool.is_none() || ip.pool == pool)
                    && state.is_none_or(|state| ip.state == state)
            });
            let is_part = pool.is_some() || state.is_some();
            let nothing = if is_part { NONE_SO } else { NONE_AT_ALL };
            session.print(&Listed { ips, nothing })
        }
        Verb::Show { address } => {
            session.print(&session.get::<IpView>(&one(address))?)
        }
        Verb::Reserve { address, name } => {
            let done: Done =
                session.put(&reservation(address), &Reserve { name })?;
            session.report(&done, &done.done)
        }
        Verb::Release { address } => {
            let done: Done = session.delete(&reservation(address))?;
            session.report(&done, &done.done)
        }
        Verb::Check { fix: false } => check(session, Repair::Nothing),
        Verb::Check { fix: true } => check(session, Repair::Fix),
    }
}

fn one(address: IpAddr) -> String {
    path::item(path::IPS, &[&address.to_string()])
}

fn reservation(address: IpAddr) -> String {
    format!("{}/{}", one(address), path::RESERVATION)
}

fn check(session: &Session, repair: Repair) -> Result<(), Fault> {
    let report: CheckReport =
        session.post(path::CHECK_IPS, &Check { repair })?;
    session.print(&report)?;
    let is_open = |finding: &&Finding| finding.outcome != Outcome::Fixed;
    match report.findings.iter().filter(is_open).count() {
        0 => Ok(()),
        stay => Err(Fault::Differences(stay)),
    }
}

/// What is said where no address is given.
const NONE_AT_ALL: &str = "No address is given or reserved.";
/// What is said where none is of the pool or in the state asked for.
const NONE_SO: &str =
    "No such address is given or reserved; `tartan ip list` shows all.";

/// Addresses, and what to say where there are none.
#[derive(Serialize)]
#[serde(transparent)]
struct Listed {
    ips: Vec<IpView>,
    #[serde(skip)]
    nothing: &'static str,
}

impl Shown for Listed {
    fn text(&self, width: Width) -> String {
        let mut columns = vec![
            words("ADDRESS"),
            words("STATE"),
            words("POOL"),
            words("CLASS"),
            words("ATTACHMENT"),
        ];
        if width == Width::Wide {
            columns.extend([words("CLASS ID"), words("RESERVED FOR")]);
        }
        let mut table = Table::new(&columns);
        for ip in &self.ips {
            let mut cells = vec![
                ip.address.to_string(),
                ip.state.as_str().to_owned(),
                text::or_nothing(ip.pool.as_ref()),
                text::or_nothing(ip.class_name.as_ref()),
                text::or_nothing(ip.attachment.as_ref()),
            ];
            if width == Width::Wide {
                cells.push(text::or_nothing(ip.class));
                cells.push(text::or_nothing(ip.reserved_for.as_ref()));
            }
            table.row(cells);
        }
        table.text()
    }

    fn nothing(&self) -> &'static str {
        self.nothing
    }
}

impl Shown for IpView {
    fn text(&self, _width: Width) -> String {
        let generation = self.generation.map(|g| g.0.to_string());
        fields(&[
            ("address", self.address.to_string()),
            ("state", self.state.as_str().to_owned()),
            ("pool", text::or_nothing(self.pool.as_ref())),
            ("attachment", text::or_nothing(self.attachment.as_ref())),
            ("generation", text::or_nothing(generation)),
            ("class", text::or_nothing(self.class_name.as_ref())),
            ("class id", text::or_nothing(self.class)),
            ("reserved for", text::or_nothing(self.reserved_for.as_ref())),
        ])
    }
}

impl Shown for CheckReport {
    fn text(&self, _width: Width) -> String {
        let looked_at = text::count(self.looked_at, "address", "addresses");
        if self.findings.is_empty() {
            return format!("{looked_at} looked at: no difference\n");
        }
        let mut table = Table::new(&[
            words("WHAT"),
            words("SUBJECT"),
            words("HELD FOR"),
            words("FOUND AT"),
            words("OUTCOME"),
        ]);
        for finding in &self.findings {
            table.row(vec![
                finding.kind.as_str().to_owned(),
                finding.subject.clone(),
                text::or_nothing(finding.holder.as_ref()),
                text::or_nothing(finding.found.as_ref()),
                outcome(&finding.outcome),
            ]);
        }
        table.text()
    }
}

/// What each finding means.
fn check_help() -> String {
    let kinds = FindingKind::ALL
        .iter()
        .map(|(_, word, meaning)| format!("  {word:<20} {meaning}\n"));
    format!("What it finds:\n{}", kinds.collect::<String>())
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Told => "stays".to_owned(),
        Outcome::Fixed => "fixed".to_owned(),
        Outcome::Stays { why } => format!("stays: {why}"),
    }
}
