//! DEL: succeeds whenever another DEL could not do better.
//!
//! Nothing of the configuration but the network's name and its agent counts:
//! the rest may have changed since the ADD. Without an agent the wish stays
//! behind as a tombstone, which names the life of the attachment that the
//! record shows, so that it never deletes a later one. Where there is no
//! record there is nothing to delete, and nothing is written.

use std::time::Duration;

use tartan_agent_api::plugin::{Action, Delete};
use tartan_model::Attachment;

use crate::agent::AgentError;
use crate::environment::Deleted;
use crate::fault::Failure;
use crate::netns::{self, Netns};
use crate::verb::Scene;

/// How long the agent may take: a DEL asks no store.
const PATIENCE: Duration = Duration::from_secs(30);

/// Detaches a container.
pub fn run(deleted: &Deleted, scene: &Scene) -> Result<(), Failure> {
    // Names too long for a record were never attached.
    let Ok(attachment) = scene.attachment(&deleted.subject) else {
        return Ok(());
    };
    // Gone, no namespace or the host's own: the agent does without.
    let netns = deleted.netns.as_deref();
    let netns =
        netns.and_then(|path| netns::open(path, deleted.own_netns).ok());
    match ask(scene, &attachment, netns.as_ref()) {
        Err(AgentError::Silent(_)) => {
            without_agent(scene, &attachment, netns.as_ref())
        }
        answered => Ok(answered?),
    }
}

fn ask(
    scene: &Scene,
    attachment: &Attachment,
    netns: Option<&Netns>,
) -> Result<(), AgentError> {
    let attachment = attachment.clone();
    let action = Action::Delete(Delete { attachment });
    scene.agent.tell(action, netns, PATIENCE)
}

fn without_agent(
    scene: &Scene,
    attachment: &Attachment,
    netns: Option<&Netns>,
) -> Result<(), Failure> {
    let run_dir = scene.agent.run_dir();
    let Some(record) = run_dir.record(attachment)? else { return Ok(()) };
    run_dir.put_tombstone(attachment, record.generation())?;
    // An agent that started meanwhile may have read the tombstones before
    // this one was there; then its socket is open by now.
    match ask(scene, attachment, netns) {
        Ok(()) => Ok(run_dir.remove_tombstone(attachment)?),
        Err(AgentError::Silent(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
