//! Why the command failed, and what it says then: what was attempted, on
//! which thing, why it failed, what to do. Never a backtrace.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use hyper::StatusCode;
use tartan_agent_api::config_keys::UnknownKey;
use tartan_agent_api::people::Failure;
use thiserror::Error;

/// Exit status of a wrong usage, as clap has it.
const WRONG_USAGE: u8 = 2;

/// A command that failed.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("cannot reach the agent at {}", socket.display())]
    NoAgent {
        socket: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot open {}: permission denied", socket.display())]
    NotAllowed { socket: PathBuf },
    #[error("cannot talk with the agent at {}", socket.display())]
    Talk {
        socket: PathBuf,
        #[source]
        source: Box<Talk>,
    },
    #[error("{} '{}'{}", .0.error, .0.object, because(.0.why.as_deref()))]
    Refused(Failure),
    /// It was asked for in a form that the agent does not take.
    #[error("{} '{}'{}", .0.error, .0.object, because(.0.why.as_deref()))]
    Usage(Failure),
    #[error("cannot read {}", path.display())]
    Config {
        path: PathBuf,
        #[source]
        source: Box<toml::de::Error>,
    },
    #[error("cannot read {}", path.display())]
    NoConfig {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "{}: unknown key '{}'; did you mean '{}'?",
        path.display(), unknown.key, unknown.nearest
    )]
    UnknownKey { path: PathBuf, unknown: UnknownKey },
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    #[error("cannot write {}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("--block-length {length} is no length of a block in {cidr}")]
    BlockLength { length: u8, cidr: tartan_model::Prefix },
    #[error("{0} of the differences stay")]
    Differences(usize),
    #[error("{0} of the steps failed")]
    Steps(usize),
    #[error("{0} findings")]
    Findings(usize),
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot apply {}", path.display())]
    Documents {
        path: PathBuf,
        #[source]
        source: Box<crate::declare::DocumentError>,
    },
    #[error("{0} of the documents contradict what there is; nothing was done")]
    Contradictions(usize),
    #[error("cannot write the answer")]
    Output(#[source] io::Error),
    #[error("cannot write the answer as JSON")]
    Json(#[source] serde_json::Error),
    #[error("cannot write the answer as YAML")]
    Yaml(#[source] serde_yaml_ng::Error),
    #[error("cannot start")]
    Process(#[source] io::Error),
    #[error("Tartan stays on this host; the line above says why")]
    Uninstall,
}

/// What went wrong between command and agent.
#[derive(Debug, Error)]
pub(crate) enum Talk {
    #[error("no answer came within {} s", .0.as_secs())]
    Slow(Duration),
    #[error("the request cannot be sent")]
    Request(#[source] hyper::http::Error),
    #[error("the connection broke")]
    Http(#[source] hyper::Error),
    #[error("the answer broke off or is too long")]
    Body(#[source] Box<dyn Error + Send + Sync>),
    #[error("it answers {0}; are command and agent of one release?")]
    Status(StatusCode),
    #[error(
        "its answer is not understood; are command and agent of one release?"
    )]
    Json(#[source] serde_json::Error),
}

impl Fault {
    /// Says it on stderr; answers the exit status.
    pub(crate) fn tell(&self) -> ExitCode {
        // `tartan ip list | head` is no failure.
        if let Self::Output(error) = self
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            return ExitCode::SUCCESS;
        }
        let mut line = format!("tartan: {self}");
        let mut source = self.source();
        while let Some(cause) = source {
            line = format!("{line}: {cause}");
            source = cause.source();
        }
        let mut stderr = io::stderr().lock();
        // Where stderr is closed there is nobody to tell.
        let _ = writeln!(stderr, "{line}");
        if let Some(remedy) = self.remedy() {
            let _ = writeln!(stderr, "{remedy}");
        }
        if matches!(self, Self::Usage(_)) {
            return ExitCode::from(WRONG_USAGE);
        }
        ExitCode::FAILURE
    }

    /// What to do about it.
    fn remedy(&self) -> Option<String> {
        match self {
            Self::NoAgent { .. } => Some(
                "Start it (systemctl start tartan-agent), or say where its \
                 socket is: --run-dir DIR or TARTAN_RUN_DIR."
                    .to_owned(),
            ),
            Self::NotAllowed { .. } => Some(
                "Only root and members of the group tartan may ask the agent."
                    .to_owned(),
            ),
            Self::Refused(failure) | Self::Usage(failure) => {
                (!failure.hint.is_empty()).then(|| failure.hint.clone())
            }
            Self::Exists(_) => Some(
                "Give --force to write over it, or --config FILE to write \
                 elsewhere."
                    .to_owned(),
            ),
            Self::BlockLength { .. } => Some(
                "It is the prefix length of a block: 26 for 64 IPv4 \
                 addresses, 122 for 64 IPv6 addresses."
                    .to_owned(),
            ),
            Self::Differences(_) => Some(
                "tartan ip check --fix repairs what can be repaired."
                    .to_owned(),
            ),
            Self::Talk { .. }
            | Self::Config { .. }
            | Self::NoConfig { .. }
            | Self::UnknownKey { .. }
            | Self::Write { .. }
            | Self::Steps(_)
            | Self::Findings(_)
            | Self::Read { .. }
            | Self::Documents { .. }
            | Self::Contradictions(_)
            | Self::Output(_)
            | Self::Json(_)
            | Self::Yaml(_)
            | Self::Uninstall
            | Self::Process(_) => None,
        }
    }
}

fn because(why: Option<&str>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}
