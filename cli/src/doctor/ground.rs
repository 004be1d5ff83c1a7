//! Where the doctor looks: this host's places and what its agent says. Acts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;
use tartan_agent_api::people::classes::TeamView;
use tartan_agent_api::people::path;
use tartan_agent_api::people::pools::PoolView;
use tartan_agent_api::people::status::Status;
use tartan_agent_api::{Places, config_keys};

use crate::session::Session;

/// What the subjects read from.
pub(super) struct Ground {
    pub(super) places: Places,
    /// Why the configuration cannot be used.
    pub(super) config_trouble: Option<String>,
    /// True where the store is the embedded one.
    pub(super) has_embedded_store: bool,
    pub(super) cni_bin_dirs: Vec<PathBuf>,
    pub(super) cni_conf_dirs: Vec<PathBuf>,
    /// What the agent says of itself; else why it does not.
    pub(super) status: Result<Status, Silence>,
    /// Names of teams; none where nobody says.
    pub(super) teams: Option<Vec<String>>,
    /// Pools, with what all hosts have of them; none where nobody says.
    pub(super) pools: Option<Vec<PoolView>>,
}

/// Why the agent says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// Nobody listens.
    Absent,
    /// Somebody does, and does not answer, or not in our words.
    Mute(String),
    /// The configuration, which says where it is, cannot be used: that is a
    /// finding of its own.
    Unasked,
    /// We may not ask.
    NotAllowed,
}

impl Ground {
    pub(super) fn read(
        session: &Session,
        cni_bin_dirs: Vec<PathBuf>,
        cni_conf_dirs: Vec<PathBuf>,
    ) -> Self {
        let (places, config_trouble, has_etcd) = configured(session);
        let status = ask(session, path::STATUS);
        let teams = ask::<Vec<TeamView>>(session, path::TEAMS).ok();
        let names = |all: Vec<TeamView>| {
            all.into_iter().map(|team| team.name.to_string()).collect()
        };
        let pools = status.as_ref().ok().map(|status: &Status| {
            let names = status.pools.iter().map(|pool| pool.name.as_str());
            let whole = |name| {
                let path = path::item(path::POOLS, &[name]);
                ask::<PoolView>(session, &path).ok()
            };
            names.filter_map(whole).collect()
        });
        Self {
            pools,
            places,
            config_trouble,
            has_embedded_store: !has_etcd,
            cni_bin_dirs,
            cni_conf_dirs,
            status,
            teams: teams.map(names),
        }
    }
}

fn ask<T: DeserializeOwned>(
    session: &Session,
    path: &str,
) -> Result<T, Silence> {
    use crate::fault::Fault;
    session.get(path).map_err(|fault| {
        if matches!(fault, Fault::NoAgent { .. }) {
            return Silence::Absent;
        }
        if matches!(fault, Fault::NotAllowed { .. }) {
            return Silence::NotAllowed;
        }
        let is_unasked = matches!(
            fault,
            Fault::Config { .. }
                | Fault::NoConfig { .. }
                | Fault::UnknownKey { .. }
        );
        if is_unasked {
            return Silence::Unasked;
        }
        Silence::Mute(chain(&fault))
    })
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line = format!("{line}: {cause}");
        source = cause.source();
    }
    line
}

/// The places as the agent would have them, and what is wrong with the
/// configuration.
fn configured(session: &Session) -> (Places, Option<String>, bool) {
    let set =
        |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let mut places = Places::from_variables(set);
    places.config = session.config().to_owned();
    let text = match std::fs::read_to_string(&places.config) {
        Ok(text) => text,
        Err(_) if places.config == Places::default().config => String::new(),
        Err(error) => {
            return (places, Some(format!("cannot be read: {error}")), false);
        }
    };
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let said = toml::de::Error::message(&error).to_owned();
            return (places, Some(said), false);
        }
    };
    let unknown = config_keys::unknown(&table).map(|unknown| {
        format!("unknown key '{}', like '{}'", unknown.key, unknown.nearest)
    });
    let said = |key: &str| {
        table.get(key).and_then(toml::Value::as_str).map(PathBuf::from)
    };
    for (name, key, place) in [
        ("TARTAN_RUN_DIR", "run_dir", &mut places.run_dir),
        ("TARTAN_STATE_DIR", "state_dir", &mut places.state_dir),
        ("TARTAN_BPF_DIR", "bpf_dir", &mut places.bpf_dir),
    ] {
        if let (None, Some(dir)) = (set(name), said(key)) {
            *place = dir;
        }
    }
    (places, unknown, table.contains_key("store"))
}

/// What a file says, without the blanks around it; none where it cannot be
/// read.
pub(super) fn says(path: impl AsRef<Path>) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}

/// A number that a file says.
pub(super) fn number(path: impl AsRef<Path>) -> Option<u64> {
    says(path)?.parse().ok()
}

/// What a program of others says, where it is installed and succeeds.
#[expect(
    clippy::disallowed_methods,
    reason = "a person waits for the doctor, and some things are told only by \
              programs"
)]
pub(super) fn output(line: &[&str]) -> Option<String> {
    let (program, arguments) = line.split_first()?;
    let done = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    done.status.success().then(|| String::from_utf8(done.stdout).ok())?
}
