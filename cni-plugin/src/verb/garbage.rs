//! GC: the runtime's list goes to the agent, which knows the rest.

use std::time::Duration;

use tartan_agent_api::plugin::{Action, CollectGarbage};

use crate::fault::Failure;
use crate::garbage;
use crate::verb::Scene;

/// How long the agent may take: it may have a host's containers to detach.
const PATIENCE: Duration = Duration::from_mins(2);

/// Detaches what the list has not.
pub fn run(scene: &Scene) -> Result<(), Failure> {
    let valid = garbage::valid(&scene.document)?;
    let network = scene.identity.name.clone();
    let action = Action::CollectGarbage(CollectGarbage { network, valid });
    Ok(scene.agent.tell(action, None, PATIENCE)?)
}
