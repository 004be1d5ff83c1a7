//! The agent of this host: where it is, and one question at a time. Acts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tartan_agent_api::plugin::{Action, Fault, Reply, Request, VERSION};
use tartan_agent_api::run_dir::RunDir;
use tartan_agent_api::seqpacket::{self, CallError};
use tartan_agent_api::{Places, places};
use thiserror::Error;

use crate::netns::Netns;
use crate::network::Identity;

/// The agent that a network belongs to.
#[derive(Clone, Debug)]
pub struct Agent {
    socket: PathBuf,
    run_dir: PathBuf,
}

/// A question without a useful answer.
#[derive(Debug, Error)]
pub enum AgentError {
    /// None came.
    #[error(transparent)]
    Silent(#[from] CallError),
    /// The agent says no, in the words of the specification.
    #[error("{}", .0.msg)]
    Refused(Fault),
    /// It answers another question.
    #[error("the agent at {socket} did not answer what was asked")]
    Odd {
        /// Where it is.
        socket: PathBuf,
    },
}

impl Agent {
    /// The agent that the configuration names; otherwise that of the run
    /// directory. A socket stands in the run directory of its agent, so that
    /// one path tells the other.
    pub fn of(identity: &Identity, places: &Places) -> Self {
        let named = identity.agent.as_deref();
        let run_dir = named.and_then(Path::parent).unwrap_or(&places.run_dir);
        Self {
            socket: named
                .map_or_else(|| places::plugin_socket(run_dir), Path::to_owned),
            run_dir: run_dir.to_owned(),
        }
    }

    /// Its run directory.
    pub fn run_dir(&self) -> RunDir {
        RunDir::at(&self.run_dir)
    }

    /// Asks, and waits no longer than `patience`.
    pub fn ask(
        &self,
        action: Action,
        netns: Option<&Netns>,
        patience: Duration,
    ) -> Result<Reply, AgentError> {
        let request = Request { v: VERSION, action };
        let beside = netns.into_iter().flat_map(Netns::beside);
        match seqpacket::call(&self.socket, &request, beside, patience)? {
            Reply::Fault(fault) => Err(AgentError::Refused(fault)),
            reply @ (Reply::Attached(_) | Reply::Done) => Ok(reply),
        }
    }

    /// Asks for something to which there is nothing to say.
    pub fn tell(
        &self,
        action: Action,
        netns: Option<&Netns>,
        patience: Duration,
    ) -> Result<(), AgentError> {
        match self.ask(action, netns, patience)? {
            Reply::Done => Ok(()),
            Reply::Attached(_) | Reply::Fault(_) => Err(self.odd()),
        }
    }

    /// The error of an answer to another question.
    pub fn odd(&self) -> AgentError {
        AgentError::Odd { socket: self.socket.clone() }
    }
}
