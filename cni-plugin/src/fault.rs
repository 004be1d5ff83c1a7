//! What went wrong, in the words of the CNI specification. Decides.
//!
//! The one place where our errors become numbers that runtimes know. Each
//! match names every case, so that a new error cannot go without its code.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use serde::Serialize;
use tartan_agent_api::plugin::{Fault, code};
use tartan_agent_api::run_dir::RunDirError;
use tartan_agent_api::seqpacket::CallError;
use tartan_model::AttachmentError;
use thiserror::Error;

use crate::agent::AgentError;
use crate::arguments::ArgumentsError;
use crate::class_wish::ClassError;
use crate::document::DocumentError;
use crate::encode::EncodeError;
use crate::environment::EnvironmentError;
use crate::garbage::GarbageError;
use crate::ipam::IpamError;
use crate::labels::LabelsError;
use crate::netns::NetnsError;
use crate::network::NetworkError;
use crate::previous::PreviousError;
use crate::program::Program;
use crate::request::{Place, RequestError};
use crate::sticky::StickyError;
use crate::version::{Version, VersionError};

/// Whatever can keep a call from success.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each variant is the error that it holds")]
pub enum Failure {
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    #[error(transparent)]
    Arguments(#[from] ArgumentsError),
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error(transparent)]
    Version(#[from] VersionError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Ipam(#[from] IpamError),
    #[error("cannot read \"resolvConf\" {path}")]
    ResolvConf {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Attachment(#[from] AttachmentError),
    #[error(transparent)]
    Labels(#[from] LabelsError),
    #[error(transparent)]
    Class(#[from] ClassError),
    #[error(transparent)]
    Sticky(#[from] StickyError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Previous(#[from] PreviousError),
    #[error(transparent)]
    Garbage(#[from] GarbageError),
    #[error(transparent)]
    Netns(#[from] NetnsError),
    #[error(transparent)]
    Agent(#[from] AgentError),
    #[error(transparent)]
    RunDir(#[from] RunDirError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("cannot write the result as JSON")]
    Unwritable(#[source] serde_json::Error),
    #[error("no container can be attached now")]
    NotReady {
        remaining: Remaining,
        #[source]
        source: CallError,
    },
}

/// What an absent agent leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remaining {
    /// No container of this host is attached.
    Nothing,
    /// Containers that run on without it.
    Containers,
}

/// An error as it is printed (CNI specification 1.1.0, section 5, "Error").
#[derive(Debug, Serialize)]
struct Printed<'a> {
    #[serde(rename = "cniVersion")]
    version: &'static str,
    code: u32,
    msg: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    details: &'a str,
}

/// The error object that is printed for a failed call in `version`.
pub fn printed(fault: &Fault, version: Version) -> String {
    let printed = Printed {
        version: version.as_str(),
        code: fault.code,
        msg: &fault.msg,
        details: &fault.details,
    };
    serde_json::to_string(&printed).unwrap_or_default()
}

/// The error object of a fault in the program itself.
pub fn unforeseen(program: Program, what: &str) -> String {
    /// Of an error without a code, in the reference (pkg/skel).
    const NO_CODE: u32 = 999;
    let details = String::new();
    let msg = format!("{program} has a fault: {what}");
    printed(&Fault { code: NO_CODE, msg, details }, Version::LATEST)
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        if let Failure::Agent(AgentError::Refused(fault)) = failure {
            return fault;
        }
        Self {
            code: code_of(&failure),
            msg: chain(&failure),
            details: details_of(&failure),
        }
    }
}

/// An error and what lies beneath it, in one line.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut beneath = error.source();
    while let Some(source) = beneath {
        line.push_str(": ");
        line.push_str(&source.to_string());
        beneath = source.source();
    }
    line
}

fn code_of(failure: &Failure) -> u32 {
    match failure {
        Failure::Environment(error) => environment(error),
        Failure::Arguments(error) => arguments(error),
        Failure::Input(_) | Failure::Unwritable(_) => code::IO,
        Failure::Document(error) => document(error),
        Failure::Version(error) => version(error),
        Failure::Network(error) => network(error),
        Failure::Ipam(error) => ipam(error),
        Failure::ResolvConf { .. } => code::IO,
        Failure::Attachment(error) => attachment(error),
        Failure::Labels(_) | Failure::Class(_) | Failure::Sticky(_) => {
            code::INVALID_CONFIG
        }
        Failure::Request(error) => request(error),
        Failure::Previous(error) => previous(error),
        Failure::Garbage(error) => garbage(error),
        Failure::Netns(error) => netns(error),
        Failure::Agent(error) => agent(error),
        Failure::RunDir(error) => run_dir(error),
        Failure::Encode(EncodeError) => code::INVALID_CONFIG,
        Failure::NotReady { remaining, .. } => not_ready(*remaining),
    }
}

fn environment(error: &EnvironmentError) -> u32 {
    match error {
        EnvironmentError::UnknownVerb(_)
        | EnvironmentError::Missing(_)
        | EnvironmentError::Container(_)
        | EnvironmentError::LongContainer(_)
        | EnvironmentError::Interface(_)
        | EnvironmentError::NotText { .. } => code::INVALID_ENVIRONMENT,
    }
}

fn arguments(error: &ArgumentsError) -> u32 {
    match error {
        ArgumentsError::Pair(_) | ArgumentsError::Contradiction { .. } => {
            code::INVALID_ENVIRONMENT
        }
    }
}

fn document(error: &DocumentError) -> u32 {
    match error {
        DocumentError::TooLong
        | DocumentError::Empty
        | DocumentError::ByteOrderMark
        | DocumentError::NotJson(_)
        | DocumentError::NotAnObject { .. }
        | DocumentError::NotAnObjectAt { .. }
        | DocumentError::Field { .. } => code::DECODE,
    }
}

fn version(error: &VersionError) -> u32 {
    match error {
        VersionError::Unknown { .. } | VersionError::NotAllowed { .. } => {
            code::INCOMPATIBLE_VERSION
        }
    }
}

fn network(error: &NetworkError) -> u32 {
    match error {
        NetworkError::Unsupported { .. } => code::UNSUPPORTED_FIELD,
        NetworkError::NoName
        | NetworkError::Name(_)
        | NetworkError::Type(_)
        | NetworkError::Agent(_)
        | NetworkError::Word { .. }
        | NetworkError::Ipam(_)
        | NetworkError::TeamTwice(_)
        | NetworkError::Half { .. }
        | NetworkError::TeamFrom(_)
        | NetworkError::Attach(_)
        | NetworkError::Bandwidth(_)
        | NetworkError::Mtu(_) => code::INVALID_CONFIG,
    }
}

fn ipam(error: &IpamError) -> u32 {
    match error {
        IpamError::Unknown { .. } | IpamError::RouteBy { .. } => {
            code::UNSUPPORTED_FIELD
        }
        IpamError::Key { .. }
        | IpamError::ResolvConf(_)
        | IpamError::Ranges(_)
        | IpamError::Asked(_)
        | IpamError::OnePerFamily(_)
        | IpamError::TooManyForVersion(_) => code::INVALID_CONFIG,
    }
}

fn attachment(error: &AttachmentError) -> u32 {
    match error {
        AttachmentError::Name(_)
        | AttachmentError::TooLong { .. }
        | AttachmentError::Form(_) => code::INVALID_CONFIG,
    }
}

fn request(error: &RequestError) -> u32 {
    match (error, error.place()) {
        (_, Some(Place::Arguments(_))) => code::INVALID_ENVIRONMENT,
        (
            RequestError::Address { .. }
            | RequestError::SameFamily { .. }
            | RequestError::Mac { .. }
            | RequestError::Ports(_)
            | RequestError::Bandwidth(_)
            | RequestError::Mesos(_),
            _,
        ) => code::INVALID_CONFIG,
    }
}

fn previous(error: &PreviousError) -> u32 {
    match error {
        PreviousError::Unreadable(error) => document(error),
        PreviousError::Missing | PreviousError::NoInterface(_) => {
            code::INVALID_CONFIG
        }
    }
}

fn garbage(error: &GarbageError) -> u32 {
    match error {
        GarbageError::Unreadable(error) => document(error),
        GarbageError::Missing => code::INVALID_CONFIG,
    }
}

fn netns(error: &NetnsError) -> u32 {
    match error {
        NetnsError::Open { .. } | NetnsError::NotNetns { .. } => {
            code::INVALID_ENVIRONMENT
        }
        NetnsError::Own { .. } => code::INVALID_NETNS,
    }
}

fn agent(error: &AgentError) -> u32 {
    match error {
        AgentError::Silent(CallError::TooLong { .. }) => code::INVALID_CONFIG,
        AgentError::Silent(
            CallError::Absent { .. } | CallError::Unanswered { .. },
        ) => code::TRY_AGAIN,
        AgentError::Refused(fault) => fault.code,
        AgentError::Odd { .. } => code::IO,
    }
}

/// A DEL that could not leave its tombstone succeeds once the agent is back.
fn run_dir(error: &RunDirError) -> u32 {
    match error {
        RunDirError::Io { .. } | RunDirError::Damaged { .. } => code::TRY_AGAIN,
    }
}

fn not_ready(remaining: Remaining) -> u32 {
    match remaining {
        Remaining::Nothing => code::NOT_AVAILABLE,
        Remaining::Containers => code::LIMITED,
    }
}

fn details_of(failure: &Failure) -> String {
    const START: &str = "is tartan-agent running on this host?";
    match failure {
        Failure::Environment(error) => error.details(),
        Failure::Version(error) => error.details(),
        Failure::Network(error) => error.details(),
        Failure::Agent(AgentError::Silent(CallError::Absent { .. })) => {
            START.into()
        }
        Failure::NotReady { remaining, .. } => match remaining {
            Remaining::Nothing => START.into(),
            Remaining::Containers => format!(
                "{START} containers keep their connections; changes of \
                 policy do not reach them"
            ),
        },
        Failure::Arguments(_)
        | Failure::Input(_)
        | Failure::Document(_)
        | Failure::Ipam(_)
        | Failure::ResolvConf { .. }
        | Failure::Attachment(_)
        | Failure::Labels(_)
        | Failure::Class(_)
        | Failure::Sticky(_)
        | Failure::Request(_)
        | Failure::Previous(_)
        | Failure::Garbage(_)
        | Failure::Netns(_)
        | Failure::Agent(_)
        | Failure::RunDir(_)
        | Failure::Encode(_)
        | Failure::Unwritable(_) => String::new(),
    }
}

#[cfg(test)]
mod tests;
