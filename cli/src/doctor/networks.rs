//! Plugins and network configurations as runtimes find them. The decisions
//! are pure; [`read`] is thin.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::finding::{Case, Finding, Severity};
use super::ground::Ground;

/// The plugin's name, as a network configuration has it.
const PLUGIN: &str = "tartan-cni";

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Networks {
    NoPlugin { dirs: String },
    NotExecutable { plugin: PathBuf },
    NoNetwork { dirs: String },
    Unparsable { file: PathBuf, why: String },
    UnknownTeam { file: PathBuf, team: String },
    UnknownPool { file: PathBuf, pool: String },
    Shadowed { file: PathBuf, by: PathBuf },
}

impl Case for Networks {
    fn finding(&self) -> Finding {
        use Severity::{Failure, Warning};
        let finding = |id, severity, object: String, why: String, remedy| {
            Finding { id, severity, object, why, remedy }
        };
        let shown = |path: &Path| path.display().to_string();
        match self {
            Self::NoPlugin { dirs } => finding(
                "plugin-missing",
                Failure,
                dirs.clone(),
                format!("{PLUGIN} is not there: runtimes cannot call it"),
                format!(
                    "install -m 755 target/*/plugin/{PLUGIN} /opt/cni/bin/, or \
                     say where it is: tartan doctor --cni-bin-dir DIR"
                ),
            ),
            Self::NotExecutable { plugin } => finding(
                "plugin-not-executable",
                Failure,
                shown(plugin),
                "nobody may execute it".to_owned(),
                format!("chmod 755 {}", plugin.display()),
            ),
            Self::NoNetwork { dirs } => finding(
                "network-missing",
                Warning,
                dirs.clone(),
                format!("no network there is of type {PLUGIN}"),
                "tartan init -o json prints one under `conflist`: put it into \
                 10-tartan.conflist there"
                    .to_owned(),
            ),
            Self::Unparsable { file, why } => finding(
                "network-unparsable",
                Failure,
                shown(file),
                format!("it is no JSON: {why}"),
                format!(
                    "mend it, or move it away: mv {0} {0}.bad",
                    shown(file)
                ),
            ),
            Self::UnknownTeam { file, team } => finding(
                "network-unknown-team",
                Failure,
                shown(file),
                format!("it names team '{team}', which nobody made"),
                format!("tartan team create {team}"),
            ),
            Self::UnknownPool { file, pool } => finding(
                "network-unknown-pool",
                Failure,
                shown(file),
                format!("it names pool '{pool}', which nobody made"),
                format!("tartan pool create {pool} --cidr CIDR"),
            ),
            Self::Shadowed { file, by } => finding(
                "network-shadowed",
                Warning,
                shown(file),
                format!(
                    "{} sorts before it: runtimes that take the first network \
                     (CRI) do not take this one",
                    by.display()
                ),
                format!(
                    "mv {} {}",
                    file.display(),
                    by.with_file_name("00-tartan.conflist").display()
                ),
            ),
        }
    }
}

/// What is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) bin_dirs: Vec<PathBuf>,
    /// Plugins of ours, and whether anybody may execute them.
    pub(super) plugins: Vec<(PathBuf, bool)>,
    pub(super) conf_dirs: Vec<PathBuf>,
    /// Configurations, in the order in which runtimes read them.
    pub(super) files: Vec<(PathBuf, String)>,
    /// What is known of teams and pools; none where nobody says.
    pub(super) teams: Option<Vec<String>>,
    pub(super) pools: Option<Vec<String>>,
}

/// Reads them.
pub(super) fn read(ground: &Ground) -> Facts {
    let plugins = ground.cni_bin_dirs.iter().filter_map(|dir| {
        let plugin = dir.join(PLUGIN);
        let mode = fs::metadata(&plugin).ok()?.permissions().mode();
        Some((plugin, mode & 0o111 != 0))
    });
    let files = ground.cni_conf_dirs.iter().flat_map(|dir| files(dir));
    let pools = ground.status.as_ref().ok().map(|status| {
        status.pools.iter().map(|pool| pool.name.to_string()).collect()
    });
    Facts {
        bin_dirs: ground.cni_bin_dirs.clone(),
        plugins: plugins.collect(),
        conf_dirs: ground.cni_conf_dirs.clone(),
        files: files.collect(),
        teams: ground.teams.clone(),
        pools,
    }
}

fn files(dir: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
        .into_iter()
        .filter(|path| {
            let extension = path.extension().and_then(|it| it.to_str());
            matches!(extension, Some("conf" | "conflist" | "json"))
        })
        .filter_map(|path| Some((path.clone(), fs::read_to_string(path).ok()?)))
        .collect()
}

/// Decides.
pub(super) fn decide(facts: &Facts) -> Vec<Networks> {
    let mut all = Vec::new();
    if facts.plugins.is_empty() {
        all.push(Networks::NoPlugin { dirs: list(&facts.bin_dirs) });
    }
    for (plugin, is_executable) in &facts.plugins {
        if !is_executable {
            let plugin = plugin.clone();
            all.push(Networks::NotExecutable { plugin });
        }
    }
    let mut has_network = false;
    let mut first: Option<&Path> = None;
    for (file, text) in &facts.files {
        match serde_json::from_str::<Value>(text) {
            Err(error) => {
                let (file, why) = (file.clone(), error.to_string());
                all.push(Networks::Unparsable { file, why });
            }
            Ok(value) => {
                let ours: Vec<_> = plugins(&value)
                    .into_iter()
                    .filter(|p| is_ours(p))
                    .collect();
                if let (false, Some(by)) =
                    (ours.is_empty() || has_network, first)
                    && by.parent() == file.parent()
                {
                    let (file, by) = (file.clone(), by.to_owned());
                    all.push(Networks::Shadowed { file, by });
                }
                has_network |= !ours.is_empty();
                for plugin in ours {
                    unknown(facts, file, plugin, &mut all);
                }
                first.get_or_insert(file);
            }
        }
    }
    if !has_network {
        all.push(Networks::NoNetwork { dirs: list(&facts.conf_dirs) });
    }
    all
}

/// The plugins of a network: those of a list, or the only one.
fn plugins(value: &Value) -> Vec<&Value> {
    match value.get("plugins").and_then(Value::as_array) {
        Some(plugins) => plugins.iter().collect(),
        None => vec![value],
    }
}

fn is_ours(plugin: &Value) -> bool {
    plugin.get("type").and_then(Value::as_str) == Some(PLUGIN)
}

fn unknown(
    facts: &Facts,
    file: &Path,
    plugin: &Value,
    all: &mut Vec<Networks>,
) {
    let named = |key: &str| -> Vec<String> {
        let value = plugin.get(key);
        let one = value.and_then(Value::as_str).map(str::to_owned);
        let many = value.and_then(Value::as_array).into_iter().flatten();
        one.into_iter()
            .chain(many.filter_map(Value::as_str).map(str::to_owned))
            .collect()
    };
    let is_unknown = |known: &Option<Vec<String>>, name: &String| {
        known.as_ref().is_some_and(|known| !known.contains(name))
    };
    for team in named("team").into_iter().chain(named("teams")) {
        if is_unknown(&facts.teams, &team) {
            let file = file.to_owned();
            all.push(Networks::UnknownTeam { file, team });
        }
    }
    for pool in named("pools") {
        if is_unknown(&facts.pools, &pool) {
            let file = file.to_owned();
            all.push(Networks::UnknownPool { file, pool });
        }
    }
}

fn list(dirs: &[PathBuf]) -> String {
    let all: Vec<_> = dirs.iter().map(|d| d.display().to_string()).collect();
    all.join(", ")
}

/// One of each, for the manual.
#[cfg(test)]
pub(super) fn examples() -> Vec<Networks> {
    let (dirs, file) = (|| "DIRS".to_owned(), || PathBuf::from("FILE"));
    vec![
        Networks::NoPlugin { dirs: dirs() },
        Networks::NotExecutable { plugin: file() },
        Networks::NoNetwork { dirs: dirs() },
        Networks::Unparsable { file: file(), why: "REASON".to_owned() },
        Networks::UnknownTeam { file: file(), team: "TEAM".to_owned() },
        Networks::UnknownPool { file: file(), pool: "POOL".to_owned() },
        Networks::Shadowed { file: file(), by: "OTHER".into() },
    ]
}

#[cfg(test)]
mod tests;
