//! Which team, app and sticky name (in the same places: `TARTAN_STICKY`,
//! `tartan.sticky`, `tartan/sticky`) a request names, wherever a runtime can put it.
//! Decides; whether they may be had is [`crate::class_wish`]'s matter.
//!
//! | place | team | app | who puts it there |
//! |---|---|---|---|
//! | `CNI_ARGS` | `TARTAN_TEAM` | `TARTAN_APP` | Nomad (`cni { args }`), people |
//! | `args.cni.labels` | `tartan.team` | `tartan.app` | cnitool, people |
//! | label of Mesos | `tartan.team` | `tartan.app` | Marathon, Mesos |
//! | annotation of the pod | `tartan/team` | `tartan/app` | containerd, CRI-O |

use std::fmt;

use thiserror::Error;

use crate::arguments::Arguments;
use crate::netconf::{Asked, Label};

/// What a request says about the class that it wishes for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its team.
    pub team: Option<Mention>,
    /// Its app.
    pub app: Option<Mention>,
    /// The workload whose addresses it wants.
    pub sticky: Option<Mention>,
    /// The Kubernetes namespace of its pod.
    pub k8s_namespace: Option<Mention>,
    /// Its Nomad namespace.
    pub nomad_namespace: Option<Mention>,
}

/// A name and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The name as it was written.
    pub name: String,
    /// Where.
    pub place: Place,
}

/// Where a request can name a team or an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A key of `CNI_ARGS`.
    Arguments(&'static str),
    /// A label of `args.cni`.
    CniLabel(&'static str),
    /// A label of Mesos' `network_info`.
    MesosLabel(&'static str),
    /// An annotation of the pod.
    Annotation(&'static str),
}

/// Two places name different things.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "the request contradicts itself: {} is \"{}\", {} is \"{}\"",
    first.place, first.name, second.place, second.name
)]
pub struct LabelsError {
    first: Mention,
    second: Mention,
}

impl Said {
    /// Looks at every place.
    pub fn by(
        arguments: &Arguments,
        asked: &Asked,
    ) -> Result<Self, LabelsError> {
        let places = Places { arguments, asked };
        let team = ["TARTAN_TEAM", "tartan.team", "tartan/team"];
        let app = ["TARTAN_APP", "tartan.app", "tartan/app"];
        let sticky = ["TARTAN_STICKY", "tartan.sticky", "tartan/sticky"];
        Ok(Self {
            team: one(places.mentions(team))?,
            app: one(places.mentions(app))?,
            sticky: one(places.mentions(sticky))?,
            k8s_namespace: places.argument("K8S_POD_NAMESPACE"),
            nomad_namespace: places.argument("NOMAD_NAMESPACE"),
        })
    }
}

struct Places<'a> {
    arguments: &'a Arguments,
    asked: &'a Asked,
}

impl Places<'_> {
    /// What is called by one of three keys: of arguments, labels, annotations.
    fn mentions(
        &self,
        [argument, label, annotation]: [&'static str; 3],
    ) -> impl Iterator<Item = Mention> {
        [
            self.argument(argument),
            self.cni_label(label),
            self.mesos_label(label),
            self.annotation(annotation),
        ]
        .into_iter()
        .flatten()
    }

    fn argument(&self, key: &'static str) -> Option<Mention> {
        mention(Place::Arguments(key), self.arguments.get(key))
    }

    fn cni_label(&self, key: &'static str) -> Option<Mention> {
        let labels = self.asked.args.cni.as_ref()?.labels.as_deref()?;
        mention(Place::CniLabel(key), value_of(labels, key))
    }

    fn mesos_label(&self, key: &'static str) -> Option<Mention> {
        let info = self.asked.args.mesos.as_ref()?.network_info.as_ref()?;
        let labels = info.labels.as_ref()?.labels.as_deref()?;
        mention(Place::MesosLabel(key), value_of(labels, key))
    }

    fn annotation(&self, key: &'static str) -> Option<Mention> {
        let annotations = self.asked.runtime.annotations.as_ref()?;
        mention(
            Place::Annotation(key),
            annotations.get(key).map(String::as_str),
        )
    }
}

fn value_of<'a>(labels: &'a [Label], key: &str) -> Option<&'a str> {
    labels.iter().find(|label| label.key == key)?.value.as_deref()
}

fn mention(place: Place, name: Option<&str>) -> Option<Mention> {
    let name = name.filter(|name| !name.is_empty())?.to_owned();
    Some(Mention { name, place })
}

fn one(
    mut mentions: impl Iterator<Item = Mention>,
) -> Result<Option<Mention>, LabelsError> {
    let Some(first) = mentions.next() else { return Ok(None) };
    match mentions.find(|other| other.name != first.name) {
        Some(second) => Err(LabelsError { first, second }),
        None => Ok(Some(first)),
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(key) => write!(f, "{key} of CNI_ARGS"),
            Self::CniLabel(key) => write!(f, "label {key} of args.cni"),
            Self::MesosLabel(key) => write!(f, "Mesos label {key}"),
            Self::Annotation(key) => write!(f, "annotation {key}"),
        }
    }
}

#[cfg(test)]
mod tests;
