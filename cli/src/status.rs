//! `tartan status`: this host on one screen. Acts.

use tartan_agent_api::people::endpoints::Dropped;
use tartan_agent_api::people::events::DriftStatus;
use tartan_agent_api::people::path;
use tartan_agent_api::people::status::{Status, Worker};

use crate::events::line;
use crate::fault::Fault;
use crate::output::{Shown, Width};
use crate::pool;
use crate::session::Session;
use crate::table::{Table, fields, words};
use crate::words as text;

/// Shows it.
pub(crate) fn run(session: &Session) -> Result<(), Fault> {
    session.print(&session.get::<Status>(path::STATUS)?)
}

impl Shown for Status {
    fn text(&self, width: Width) -> String {
        let mut shown = fields(&[
            ("host", self.host.to_string()),
            ("agent", format!("{}, boot {}", self.version, self.boot)),
            ("store", store(self)),
            ("registry", registry(self)),
            ("attached", attached(self)),
            ("dataplane", dataplane(self)),
            ("dropped", dropped(&self.dataplane.dropped)),
            ("drift", drift(&self.drift)),
        ]);
        for event in &self.drift.last {
            shown.push_str("       ");
            shown.push_str(&line(event));
        }
        let pools = pool::table(&self.pools, width).text();
        for section in [pools, workers(&self.workers)] {
            if !section.is_empty() {
                shown.push('\n');
                shown.push_str(&section);
            }
        }
        shown
    }
}

fn store(status: &Status) -> String {
    let engine = &status.store.engine;
    match (&status.store.trouble, status.store.revision) {
        (Some(trouble), _) => format!("{engine}, DOES NOT ANSWER: {trouble}"),
        (None, Some(revision)) => format!("{engine}, revision {revision}"),
        (None, None) => engine.clone(),
    }
}

fn registry(status: &Status) -> String {
    let registry = &status.registry;
    let teams = text::count(registry.teams, "team", "teams");
    let apps = text::count(registry.apps, "app", "apps");
    let origin = match registry.origin.as_str() {
        "store" => String::new(),
        "mirror" => ", FROM THE MIRROR: the store has not answered".to_owned(),
        other => format!(", NOT READ YET ({other})"),
    };
    format!("{teams}, {apps}, revision {}{origin}", registry.revision)
}

fn attached(status: &Status) -> String {
    let attached = &status.attachments;
    let ready = text::count(attached.ready, "container", "containers");
    let addresses = text::count(attached.addresses, "address", "addresses");
    let adding = match attached.adding {
        0 => String::new(),
        adding => format!(", {adding} being attached"),
    };
    format!("{ready}, {addresses}{adding}")
}

fn dataplane(status: &Status) -> String {
    let dataplane = &status.dataplane;
    let programs = dataplane.programs.iter();
    let mut said: Vec<String> = programs
        .map(|p| format!("{} id {} tag {}", p.name, p.id, p.tag))
        .collect();
    said.push(format!("attach {}", dataplane.attach));
    if let Some(endpoints) = dataplane.endpoints {
        said.insert(0, text::count(endpoints, "endpoint", "endpoints"));
    }
    if let Some(trouble) = &dataplane.trouble {
        said.push(format!("TROUBLE: {trouble}"));
    }
    said.join(", ")
}

fn dropped(dropped: &[Dropped]) -> String {
    let said: Vec<String> = dropped
        .iter()
        .map(|d| format!("{} {} ({})", d.packets, d.reason, d.direction))
        .collect();
    match said.is_empty() {
        true => "nothing".to_owned(),
        false => said.join(", "),
    }
}

fn drift(drift: &DriftStatus) -> String {
    let repaired = text::count(drift.repaired as usize, "repair", "repairs");
    match drift.given_up.is_empty() {
        true => repaired,
        false => format!(
            "{repaired}, GIVEN UP: {} (changed again and again; find out by \
             whom, then: tartan gc)",
            drift.given_up.join(", ")
        ),
    }
}

fn workers(workers: &[Worker]) -> String {
    let mut table = Table::new(&[words("WORKER"), words("STATE")]);
    for worker in workers {
        let state = match &worker.trouble {
            Some(trouble) => format!("{}; TROUBLE: {trouble}", worker.state),
            None => worker.state.clone(),
        };
        table.row(vec![worker.name.clone(), state]);
    }
    table.text()
}

#[cfg(test)]
mod tests;
