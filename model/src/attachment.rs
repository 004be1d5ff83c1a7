//! An attachment: one container's interface on one network. Its three names
//! together are its identity, for the whole of Tartan.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::names::{ContainerId, InterfaceName, NameError, NetworkName};

/// Identity of an attachment. Two attachments of one container differ in
/// network or interface.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Attachment {
    network: NetworkName,
    container: ContainerId,
    interface: InterfaceName,
}

#[derive(Clone, Serialize, Deserialize)]
struct Parts {
    network: NetworkName,
    container: ContainerId,
    interface: InterfaceName,
}

/// Names that cannot be an attachment.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AttachmentError {
    /// One of the three is not a name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The three do not fit in one file name.
    #[error(
        "network and container names have {bytes} bytes together; at most \
         {max} fit in the file name of a record"
    )]
    TooLong {
        /// Length found, in bytes.
        bytes: usize,
        /// Longest accepted.
        max: usize,
    },
    /// The text has not the form `network,container,interface`.
    #[error("'{0}' is not of the form network,container,interface")]
    Form(String),
}

impl Attachment {
    /// Longest network and container name together. A file name has 255 bytes
    /// (NAME_MAX); 15 are the interface's, 2 the commas, the rest is room for
    /// suffixes of temporary files.
    pub const MAX_NAMES_BYTES: usize = 220;

    /// Joins the names. Fails where they do not fit in one file name.
    pub fn new(
        network: NetworkName,
        container: ContainerId,
        interface: InterfaceName,
    ) -> Result<Self, AttachmentError> {
        let bytes = network.as_str().len() + container.as_str().len();
        if bytes > Self::MAX_NAMES_BYTES {
            let max = Self::MAX_NAMES_BYTES;
            return Err(AttachmentError::TooLong { bytes, max });
        }
        Ok(Self { network, container, interface })
    }

    /// The network.
    pub fn network(&self) -> &NetworkName {
        &self.network
    }

    /// The container, as its runtime calls it.
    pub fn container(&self) -> &ContainerId {
        &self.container
    }

    /// The interface inside the container.
    pub fn interface(&self) -> &InterfaceName {
        &self.interface
    }
}

/// `network,container,interface`: a name of a file as well. A comma occurs in
/// neither of the first two.
impl fmt::Display for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.network, self.container, self.interface)
    }
}

impl FromStr for Attachment {
    type Err = AttachmentError;

    fn from_str(text: &str) -> Result<Self, AttachmentError> {
        let mut parts = text.splitn(3, ',');
        let (Some(network), Some(container), Some(interface)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(AttachmentError::Form(text.to_owned()));
        };
        Self::new(network.parse()?, container.parse()?, interface.parse()?)
    }
}

impl TryFrom<Parts> for Attachment {
    type Error = AttachmentError;

    fn try_from(parts: Parts) -> Result<Self, AttachmentError> {
        Self::new(parts.network, parts.container, parts.interface)
    }
}

impl From<Attachment> for Parts {
    fn from(attachment: Attachment) -> Self {
        let Attachment { network, container, interface } = attachment;
        Self { network, container, interface }
    }
}

#[cfg(test)]
mod tests;
