//! The verbs, one file each. They act: each brings a call to the agent and
//! the agent's answer back. What a configuration means is decided elsewhere.

pub mod add;
pub mod check;
pub mod delete;
pub mod garbage;
pub mod status;
pub mod version;

use tartan_agent_api::plugin::Link;
use tartan_model::{Attachment, AttachmentError};

use crate::agent::Agent;
use crate::document::Document;
use crate::environment::Subject;
use crate::fault::Failure;
use crate::ipam::Ipam;
use crate::netconf::{Asked, NetConf};
use crate::network::{Identity, Network};
use crate::program::Program;
use crate::version::Version;

/// What every verb but VERSION starts from.
#[derive(Debug)]
pub struct Scene {
    /// Which program was called.
    pub program: Program,
    /// The configuration.
    pub document: Document,
    /// Its version.
    pub version: Version,
    /// Its network.
    pub identity: Identity,
    /// The agent to ask.
    pub agent: Agent,
}

impl Scene {
    /// What the configuration says of the network, and of addresses.
    pub fn network(&self, asked: &Asked) -> Result<(Network, Ipam), Failure> {
        let conf = NetConf::of(self.program, &self.document)?;
        let section = conf.ipam.clone();
        let network = Network::of(self.program, conf)?;
        let section = section.as_ref();
        let ipam = Ipam::of(self.program, section, asked, self.version)?;
        Ok((network, ipam))
    }

    /// Who makes the links.
    pub fn link(&self) -> Link {
        match self.program {
            Program::Cni => Link::Ours,
            Program::Ipam => Link::Foreign,
        }
    }

    /// The attachment of this network that `subject` is.
    pub fn attachment(
        &self,
        subject: &Subject,
    ) -> Result<Attachment, AttachmentError> {
        Attachment::new(
            self.identity.name.clone(),
            subject.container.clone(),
            subject.interface.clone(),
        )
    }
}
