//! What a runtime says in the environment: which verb, on which container.
//! Decides; the variables come from a function.
//!
//! A variable that is set and empty is missing: runtimes send both forms.
//! `CNI_PATH` is asked for by nobody here, because nothing is delegated.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use tartan_model::{ContainerId, InterfaceName};
use thiserror::Error;

/// Answers for a variable of the environment.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// A verb of the CNI specification 1.1.0, section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Attach a container to a network.
    Add,
    /// Detach it.
    Delete,
    /// Is it attached as it was?
    Check,
    /// Detach whatever is not listed.
    CollectGarbage,
    /// Could an ADD succeed?
    Status,
    /// Which versions are spoken?
    Version,
}

/// One call, with all that its verb needs from the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Attach.
    Add(Added),
    /// Detach.
    Delete(Deleted),
    /// Compare with what the ADD answered.
    Check(Checked),
    /// Detach what is not listed.
    CollectGarbage,
    /// Could an ADD succeed?
    Status,
    /// Which versions are spoken?
    Version,
}

/// The interface in question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// `CNI_CONTAINERID`.
    pub container: ContainerId,
    /// `CNI_IFNAME`.
    pub interface: InterfaceName,
}

/// Environment of an ADD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Which interface of which container.
    pub subject: Subject,
    /// `CNI_NETNS`; text, because the result repeats it.
    pub netns: String,
    /// `CNI_ARGS`, empty where absent.
    pub arguments: String,
    /// What to do where the netns is our own.
    pub own_netns: OwnNetns,
}

/// Environment of a DEL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Which interface of which container.
    pub subject: Subject,
    /// `CNI_NETNS`, where the runtime still has one.
    pub netns: Option<PathBuf>,
    /// What to do where the netns is our own.
    pub own_netns: OwnNetns,
}

/// Environment of a CHECK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Which interface of which container.
    pub subject: Subject,
    /// `CNI_NETNS`.
    pub netns: PathBuf,
    /// What to do where the netns is our own.
    pub own_netns: OwnNetns,
}

/// What to do where `CNI_NETNS` is the netns that the plugin runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnNetns {
    /// Refuse it: it is the host's, named by mistake.
    Refuse,
    /// `CNI_NETNS_OVERRIDE` says that it is meant.
    Accept,
}

/// An environment that is not a call.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EnvironmentError {
    /// `CNI_COMMAND` is none of the verbs.
    #[error("unknown CNI_COMMAND: {0}")]
    UnknownVerb(String),
    /// Variables that the verb needs are absent or empty: all of them.
    #[error("required env variables [{}] missing", .0.join(","))]
    Missing(Vec<&'static str>),
    /// The container's id has a form that the specification excludes.
    #[error("invalid characters in containerID")]
    Container(String),
    /// The container's id is longer than a record's file name can hold.
    #[error("CNI_CONTAINERID is too long")]
    LongContainer(String),
    /// The interface's name is one that the kernel does not take.
    #[error("invalid interface name in CNI_IFNAME")]
    Interface(String),
    /// A variable is not UTF-8.
    #[error("{name} is not UTF-8 text")]
    NotText {
        /// Which variable.
        name: &'static str,
        /// What it holds, as well as it can be shown.
        value: String,
    },
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 6] = [
        Self::Add,
        Self::Delete,
        Self::Check,
        Self::CollectGarbage,
        Self::Status,
        Self::Version,
    ];

    /// The verb as `CNI_COMMAND` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Delete => "DEL",
            Self::Check => "CHECK",
            Self::CollectGarbage => "GC",
            Self::Status => "STATUS",
            Self::Version => "VERSION",
        }
    }

    fn parse(text: &str) -> Result<Self, EnvironmentError> {
        Self::ALL
            .into_iter()
            .find(|verb| verb.as_str() == text)
            .ok_or_else(|| EnvironmentError::UnknownVerb(text.into()))
    }

    /// The variables without which this verb means nothing, in the order in
    /// which the reference skeleton lists them.
    fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Add | Self::Check => {
                &["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"]
            }
            Self::Delete => &["CNI_CONTAINERID", "CNI_IFNAME"],
            Self::CollectGarbage | Self::Status | Self::Version => &[],
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Call {
    /// Reads the environment.
    pub fn read(variables: Variables<'_>) -> Result<Self, EnvironmentError> {
        let given = Given(variables);
        let verb = Verb::parse(&given.required("CNI_COMMAND")?)?;
        let missing: Vec<_> = (verb.needs().iter().copied())
            .filter(|name| given.raw(name).is_none())
            .collect();
        if !missing.is_empty() {
            return Err(EnvironmentError::Missing(missing));
        }
        Ok(match verb {
            Verb::Add => Self::Add(given.added()?),
            Verb::Delete => Self::Delete(given.deleted()?),
            Verb::Check => Self::Check(given.checked()?),
            Verb::CollectGarbage => Self::CollectGarbage,
            Verb::Status => Self::Status,
            Verb::Version => Self::Version,
        })
    }

    /// The verb of this call.
    pub fn verb(&self) -> Verb {
        match self {
            Self::Add(_) => Verb::Add,
            Self::Delete(_) => Verb::Delete,
            Self::Check(_) => Verb::Check,
            Self::CollectGarbage => Verb::CollectGarbage,
            Self::Status => Verb::Status,
            Self::Version => Verb::Version,
        }
    }
}

/// The variables that are set and not empty.
struct Given<'a>(Variables<'a>);

impl Given<'_> {
    fn raw(&self, name: &str) -> Option<OsString> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn text(
        &self,
        name: &'static str,
    ) -> Result<Option<String>, EnvironmentError> {
        let not_text = |value: OsString| EnvironmentError::NotText {
            name,
            value: value.to_string_lossy().into_owned(),
        };
        (self.raw(name))
            .map(|value| value.into_string().map_err(not_text))
            .transpose()
    }

    fn required(&self, name: &'static str) -> Result<String, EnvironmentError> {
        let missing = || EnvironmentError::Missing(vec![name]);
        self.text(name)?.ok_or_else(missing)
    }

    fn subject(&self) -> Result<Subject, EnvironmentError> {
        let container = self.required("CNI_CONTAINERID")?;
        let interface = self.required("CNI_IFNAME")?;
        Ok(Subject {
            container: container_id(container)?,
            interface: (interface.parse())
                .map_err(|_| EnvironmentError::Interface(interface))?,
        })
    }

    fn added(&self) -> Result<Added, EnvironmentError> {
        Ok(Added {
            subject: self.subject()?,
            netns: self.required("CNI_NETNS")?,
            arguments: self.text("CNI_ARGS")?.unwrap_or_default(),
            own_netns: self.own_netns(),
        })
    }

    fn deleted(&self) -> Result<Deleted, EnvironmentError> {
        Ok(Deleted {
            subject: self.subject()?,
            netns: self.raw("CNI_NETNS").map(PathBuf::from),
            own_netns: self.own_netns(),
        })
    }

    fn checked(&self) -> Result<Checked, EnvironmentError> {
        Ok(Checked {
            subject: self.subject()?,
            netns: self.raw("CNI_NETNS").unwrap_or_default().into(),
            own_netns: self.own_netns(),
        })
    }

    /// As the reference skeleton: `1`, or `true` in any case.
    fn own_netns(&self) -> OwnNetns {
        let value = self.raw("CNI_NETNS_OVERRIDE").unwrap_or_default();
        if value == "1" || value.eq_ignore_ascii_case("true") {
            return OwnNetns::Accept;
        }
        OwnNetns::Refuse
    }
}

fn container_id(text: String) -> Result<ContainerId, EnvironmentError> {
    // What would be accepted if it were shorter is too long, nothing else.
    let start: String = text.chars().take(64).collect();
    match (text.parse(), start.parse::<ContainerId>()) {
        (Ok(container), _) => Ok(container),
        (Err(_), Ok(_)) if is_plain(&text) => {
            Err(EnvironmentError::LongContainer(text))
        }
        (Err(_), _) => Err(EnvironmentError::Container(text)),
    }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

impl EnvironmentError {
    /// The value in question.
    pub fn details(&self) -> String {
        match self {
            Self::Container(value)
            | Self::LongContainer(value)
            | Self::Interface(value)
            | Self::NotText { value, .. } => value.clone(),
            Self::UnknownVerb(_) | Self::Missing(_) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests;
