//! What the agent of this host says of itself, and whether it says anything.
//! The decisions are pure; [`read`] is thin.

use std::path::PathBuf;

use tartan_agent_api::people::status::Status;

use super::finding::{Case, Finding, Severity};
use super::ground::{self, Ground, Silence};

/// This build.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Agent {
    Absent { socket: PathBuf },
    Mute { socket: PathBuf, why: String },
    OtherVersion { agent: String },
    PluginVersion { plugin: PathBuf, version: String, agent: String },
    DriftGivenUp { what: String },
    StoreSilent { engine: String, why: String },
    StoreNotOurs { why: String },
    Behind { worker: String, why: String },
}

impl Case for Agent {
    #[expect(clippy::too_many_lines, reason = "a table: a row for each case")]
    fn finding(&self) -> Finding {
        use Severity::{Failure, Warning};
        let finding = |id, severity, object: String, why, remedy: String| {
            Finding { id, severity, object, why, remedy }
        };
        let restart = "install command, agent and plugins of one release, \
                       then: systemctl restart tartan-agent";
        match self {
            Self::Absent { socket } => finding(
                "agent-absent",
                Failure,
                socket.display().to_string(),
                "no agent listens there: no container can be attached"
                    .to_owned(),
                "systemctl start tartan-agent".to_owned(),
            ),
            Self::Mute { socket, why } => finding(
                "agent-mute",
                Failure,
                socket.display().to_string(),
                format!("the agent does not answer: {why}"),
                "systemctl restart tartan-agent (containers go on)".to_owned(),
            ),
            Self::OtherVersion { agent } => finding(
                "agent-other-version",
                Warning,
                format!("agent {agent}"),
                format!("this command is of version {VERSION}"),
                restart.to_owned(),
            ),
            Self::PluginVersion { plugin, version, agent } => finding(
                "plugin-other-version",
                Warning,
                plugin.display().to_string(),
                format!("it is of version {version}, the agent of {agent}"),
                restart.to_owned(),
            ),
            Self::DriftGivenUp { what } => finding(
                "drift-given-up",
                Warning,
                what.clone(),
                "somebody changes it again and again; it is not repaired any \
                 more"
                    .to_owned(),
                "find out by whom (tartan events), have them stop, then: \
                 tartan gc"
                    .to_owned(),
            ),
            Self::StoreSilent { engine, why } => finding(
                "store-silent",
                Failure,
                format!("{engine} store"),
                format!("it does not answer, new blocks and apps wait: {why}"),
                "see that it runs and that this host reaches it; the agent \
                 goes on by itself"
                    .to_owned(),
            ),
            Self::StoreNotOurs { why } => finding(
                "store-restored",
                Warning,
                "store".to_owned(),
                why.clone(),
                "start the agents of all hosts that it knows, and wait until \
                 tartan status says that own blocks are confirmed"
                    .to_owned(),
            ),
            Self::Behind { worker, why } => finding(
                "worker-behind",
                Warning,
                worker.clone(),
                why.clone(),
                "look at the agent's log: journalctl -u tartan-agent"
                    .to_owned(),
            ),
        }
    }
}

/// What is read.
pub(super) struct Facts {
    pub(super) socket: PathBuf,
    pub(super) status: Result<Status, Silence>,
    /// Plugins, and the version that each says it has.
    pub(super) plugins: Vec<(PathBuf, String)>,
}

/// Reads them.
pub(super) fn read(ground: &Ground) -> Facts {
    let plugins = ground.cni_bin_dirs.iter().filter_map(|dir| {
        let plugin = dir.join("tartan-cni");
        let said = ground::output(&[&plugin.to_string_lossy(), "--version"])?;
        let version = said.split_whitespace().last()?.to_owned();
        Some((plugin, version))
    });
    Facts {
        socket: ground.places.people_socket(),
        status: ground.status.clone(),
        plugins: plugins.collect(),
    }
}

/// Decides.
pub(super) fn decide(facts: &Facts) -> Vec<Agent> {
    let socket = || facts.socket.clone();
    let status = match &facts.status {
        Ok(status) => status,
        Err(Silence::Absent) => {
            return vec![Agent::Absent { socket: socket() }];
        }
        Err(Silence::NotAllowed | Silence::Unasked) => return Vec::new(),
        Err(Silence::Mute(why)) => {
            return vec![Agent::Mute { socket: socket(), why: why.clone() }];
        }
    };
    let mut all = Vec::new();
    let agent = || status.version.clone();
    if status.version != VERSION {
        all.push(Agent::OtherVersion { agent: agent() });
    }
    for (plugin, version) in &facts.plugins {
        if version.trim_start_matches('v') != status.version {
            let (plugin, version) = (plugin.clone(), version.clone());
            all.push(Agent::PluginVersion { plugin, version, agent: agent() });
        }
    }
    for what in &status.drift.given_up {
        all.push(Agent::DriftGivenUp { what: what.clone() });
    }
    if let Some(why) = status.store.trouble.clone() {
        let engine = status.store.engine.clone();
        all.push(Agent::StoreSilent { engine, why });
    }
    for worker in &status.workers {
        let Some(why) = worker.trouble.clone() else { continue };
        all.push(match worker.name.as_str() {
            "own blocks" => Agent::StoreNotOurs { why },
            name => Agent::Behind { worker: name.to_owned(), why },
        });
    }
    all
}

/// One of each, for the manual.
#[cfg(test)]
pub(super) fn examples() -> Vec<Agent> {
    let text = |text: &str| text.to_owned();
    let (socket, agent) = (|| PathBuf::from("SOCKET"), || text("VERSION"));
    let why = || text("REASON");
    vec![
        Agent::Absent { socket: socket() },
        Agent::Mute { socket: socket(), why: why() },
        Agent::OtherVersion { agent: agent() },
        Agent::PluginVersion {
            plugin: "FILE".into(),
            version: text("VERSION"),
            agent: agent(),
        },
        Agent::DriftGivenUp { what: text("KIND of OBJECT") },
        Agent::StoreSilent { engine: text("ENGINE"), why: why() },
        Agent::StoreNotOurs { why: why() },
        Agent::Behind { worker: text("WORKER"), why: why() },
    ]
}

#[cfg(test)]
mod tests;
