//! The verbs, one file each. They act: each brings a call to the agent and
//! the agent's answer back. What a configuration means is decided elsewhere.

pub mod add;
pub mod check;
pub mod delete;
pub mod garbage;
pub mod status;
pub mod version;

use tartan_model::{Attachment, AttachmentError};

use crate::agent::Agent;
use crate::document::Document;
use crate::environment::Subject;
use crate::network::Identity;
use crate::version::Version;

/// What every verb but VERSION starts from.
#[derive(Debug)]
pub struct Scene {
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
