//! Which attachments a runtime says it still has. Decides.
//!
//! A missing list is not an empty one: `cnitool gc` sends none and does not
//! mean that everything shall go. `null` is what a runtime without a single
//! container sends, and is an empty list.

use serde_json::Value;
use tartan_agent_api::plugin::ValidAttachment;
use thiserror::Error;

use crate::document::{Document, DocumentError};
use crate::netconf::ListedAttachment;

/// The key of the specification.
const KEY: &str = "cni.dev/valid-attachments";
/// The key before the specification's erratum; libcni still sends both.
const OLD_KEY: &str = "cni.dev/attachments";

/// No usable list.
#[derive(Debug, Error)]
pub enum GarbageError {
    /// It is not there.
    #[error(
        "\"{KEY}\" is missing: without it every attachment of the network \
         would be deleted"
    )]
    Missing,
    /// It is no list of attachments.
    #[error(transparent)]
    Unreadable(#[from] DocumentError),
}

/// The attachments listed. One whose names could never have been an
/// attachment of ours is left out: it protects nothing.
pub fn valid(
    document: &Document,
) -> Result<Vec<ValidAttachment>, GarbageError> {
    let key = [KEY, OLD_KEY]
        .into_iter()
        .find(|key| document.written(key).is_some())
        .ok_or(GarbageError::Missing)?;
    if document.written(key).is_some_and(Value::is_null) {
        return Ok(Vec::new());
    }
    let listed: Option<Vec<ListedAttachment>> = document.field(key)?;
    Ok(listed.into_iter().flatten().filter_map(|one| named(&one)).collect())
}

fn named(listed: &ListedAttachment) -> Option<ValidAttachment> {
    Some(ValidAttachment {
        container: listed.container.parse().ok()?,
        interface: listed.ifname.parse().ok()?,
    })
}

#[cfg(test)]
mod tests;
