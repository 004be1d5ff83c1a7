//! `tartan events`: what others changed of ours, and what became of it. Acts.

use std::thread;
use std::time::Duration;

use clap::Args;
use tartan_agent_api::people::events::{Event, Outcome};
use tartan_agent_api::people::path;

use crate::fault::Fault;
use crate::output::{Format, Shown, Width};
use crate::session::Session;
use crate::table::{Table, words};

/// Between two questions of `--follow`.
const PAUSE: Duration = Duration::from_millis(300);
const SECONDS_OF_A_DAY: u64 = 86_400;

/// What others changed of ours on this host, and what became of it: the last
/// 256 events since the agent started.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Events {
    /// Go on with what happens from now on, until interrupted; in JSON one
    /// object per line
    #[arg(long)]
    follow: bool,
}

/// Shows them.
pub(crate) fn run(session: &Session, events: Events) -> Result<(), Fault> {
    let all: Vec<Event> = session.get(path::EVENTS)?;
    if !events.follow {
        return session.print(&all);
    }
    let mut last = 0;
    let mut fresh = all;
    loop {
        for event in &fresh {
            last = last.max(event.number);
            let line = match session.format() {
                Format::Json => {
                    serde_json::to_string(event).map_err(Fault::Json)? + "\n"
                }
                Format::Yaml => {
                    let text = serde_yaml_ng::to_string(event);
                    format!("---\n{}", text.map_err(Fault::Yaml)?)
                }
                Format::Table | Format::Wide => line(event),
            };
            crate::output::write(&line)?;
        }
        thread::park_timeout(PAUSE);
        fresh = session.get(&format!("{}?after={last}", path::EVENTS))?;
    }
}

/// An event in one line.
pub(crate) fn line(event: &Event) -> String {
    let Event { kind, object, found, .. } = event;
    let (time, outcome) = (time(event), outcome(event));
    format!("{time} {kind} of {object}: {found}: {outcome}\n")
}

/// The time of day (UTC).
fn time(event: &Event) -> String {
    let seconds = event.unix_ms / 1000 % SECONDS_OF_A_DAY;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

fn outcome(event: &Event) -> String {
    let said = match event.outcome {
        Outcome::Repaired => "repaired",
        Outcome::Failed => "NOT REPAIRED",
        Outcome::GivenUp => "GIVEN UP",
        Outcome::GoesOn => "repaired again from now on",
        Outcome::Told => "left to whoever did it",
    };
    match &event.why {
        Some(why) => format!("{said}: {why}"),
        None => said.to_owned(),
    }
}

impl Shown for Vec<Event> {
    fn text(&self, _width: Width) -> String {
        let columns = ["TIME", "KIND", "OBJECT", "FOUND", "OUTCOME"];
        let mut table = Table::new(&columns.map(words));
        for event in self {
            table.row(vec![
                time(event),
                event.kind.clone(),
                event.object.clone(),
                event.found.clone(),
                outcome(event),
            ]);
        }
        table.text()
    }

    fn nothing(&self) -> &'static str {
        "Nobody has changed anything of ours since the agent started."
    }
}
