//! What is left of earlier times, and what is too small: links that no agent
//! knows, names of ours that others have, the clock, limits of the host. The
//! decisions are pure; [`read`] is thin.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tartan_hostnet::{Link, Rtnl};

use super::finding::{Case, Finding, Severity};
use super::ground::{self, Ground};

/// Files of ours that are from further ahead than this mean that the clock
/// was set back.
const CLOCK_SLACK: Duration = Duration::from_secs(60);
/// Fewer than these of a user, and daemons beside ours take all.
const LEAST_INOTIFY: u64 = 16;
/// The links that keep the shared blocks, and the name by which they are
/// known as ours.
const KEEPER: &str = "tartan0";
const KEEPER_ALT_NAME: &str = "tartan-keeper";

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remains {
    Links { names: String },
    ForeignName { link: String },
    ClockSetBack { file: PathBuf, ahead: Duration },
    InotifyLow { instances: u64 },
}

impl Case for Remains {
    fn finding(&self) -> Finding {
        match self {
            Self::Links { names } => Finding {
                id: "links-of-nobody",
                severity: Severity::Warning,
                object: names.clone(),
                why: "these links are ours, and no record knows them"
                    .to_owned(),
                remedy: "start the agent and let it adopt or remove them: \
                         systemctl start tartan-agent; or remove them: ip link \
                         delete NAME"
                    .to_owned(),
            },
            Self::ForeignName { link } => Finding {
                id: "name-taken",
                severity: Severity::Failure,
                object: format!("link {link}"),
                why: "another made a link of this name: the agent does not \
                      start"
                    .to_owned(),
                remedy: format!("ip link delete {link}"),
            },
            Self::ClockSetBack { file, ahead } => Finding {
                id: "clock-set-back",
                severity: Severity::Warning,
                object: file.display().to_string(),
                why: format!(
                    "it was written {} s ahead of now: the clock was set back, \
                     or is wrong",
                    ahead.as_secs()
                ),
                remedy: format!(
                    "set the clock right (timedatectl set-ntp true); where it is \
                     right: touch {}",
                    file.display()
                ),
            },
            Self::InotifyLow { instances } => Finding {
                id: "inotify-low",
                severity: Severity::Warning,
                object: "fs.inotify.max_user_instances".to_owned(),
                why: format!(
                    "{instances}: where others use them up, the embedded store \
                     hears of changes a second late"
                ),
                remedy: "sysctl -w fs.inotify.max_user_instances=128"
                    .to_owned(),
            },
        }
    }
}

/// What is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) links: Vec<Link>,
    /// Names of the host's ends that records know; none where an agent looks
    /// after them itself.
    pub(super) known: Option<Vec<String>>,
    /// The file of ours that is furthest ahead of the clock.
    pub(super) ahead: Option<(PathBuf, Duration)>,
    pub(super) inotify_instances: Option<u64>,
}

/// Reads them.
pub(super) fn read(ground: &Ground) -> Facts {
    let places = &ground.places;
    let links = Rtnl::open().ok().and_then(|mut rtnl| rtnl.links().ok());
    let records = places.run_dir.join("attachments");
    let known = ground.status.is_err().then(|| known(&records));
    let dirs = [places.state_dir.clone(), places.state_dir.join("store")];
    let ahead = dirs.iter().flat_map(|dir| ahead(dir)).max_by_key(|a| a.1);
    let instances = "/proc/sys/fs/inotify/max_user_instances";
    Facts {
        links: links.unwrap_or_default(),
        known,
        ahead,
        inotify_instances: ground::number(instances),
    }
}

fn children(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// The host's ends that records name.
fn known(records: &Path) -> Vec<String> {
    children(records)
        .filter_map(|path| {
            let text = fs::read_to_string(path).ok()?;
            let record: serde_json::Value =
                serde_json::from_str(text.lines().next()?).ok()?;
            let link = record.pointer("/attached/host_link")?;
            link.as_str().map(str::to_owned)
        })
        .collect()
}

fn ahead(dir: &Path) -> Vec<(PathBuf, Duration)> {
    let now = SystemTime::now();
    children(dir)
        .filter_map(|path| {
            let written = fs::metadata(&path).ok()?.modified().ok()?;
            Some((path, written.duration_since(now).ok()?))
        })
        .collect()
}

/// Decides.
pub(super) fn decide(facts: &Facts) -> Vec<Remains> {
    let mut all = Vec::new();
    let is_of_attachment = |link: &&Link| {
        link.alt_names.iter().any(|name| name.starts_with("tartan,"))
    };
    if let Some(known) = &facts.known {
        let names: Vec<_> = facts
            .links
            .iter()
            .filter(is_of_attachment)
            .map(|link| link.name.clone())
            .filter(|name| !known.contains(name))
            .collect();
        if !names.is_empty() {
            all.push(Remains::Links { names: names.join(", ") });
        }
    }
    let keeper = facts.links.iter().find(|link| link.name == KEEPER);
    if keeper.is_some_and(|link| !link.is_called(KEEPER_ALT_NAME)) {
        all.push(Remains::ForeignName { link: KEEPER.to_owned() });
    }
    if let Some((file, ahead)) = &facts.ahead
        && *ahead > CLOCK_SLACK
    {
        let (file, ahead) = (file.clone(), *ahead);
        all.push(Remains::ClockSetBack { file, ahead });
    }
    if let Some(instances) = facts.inotify_instances
        && instances < LEAST_INOTIFY
    {
        all.push(Remains::InotifyLow { instances });
    }
    all
}

/// One of each, for the manual.
#[cfg(test)]
pub(super) fn examples() -> Vec<Remains> {
    vec![
        Remains::Links { names: "LINKS".to_owned() },
        Remains::ForeignName { link: KEEPER.to_owned() },
        Remains::ClockSetBack { file: "FILE".into(), ahead: CLOCK_SLACK },
        Remains::InotifyLow { instances: 1 },
    ]
}

#[cfg(test)]
mod tests;
