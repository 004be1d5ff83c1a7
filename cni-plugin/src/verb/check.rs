//! CHECK: changes nothing.

use std::time::Duration;

use tartan_agent_api::plugin::{Action, Check};

use crate::environment::Checked;
use crate::fault::Failure;
use crate::verb::Scene;
use crate::{netns, previous};

/// How long the agent may look: an ADD that has just ended may still settle.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks whether an attachment is as its ADD answered.
pub fn run(checked: &Checked, scene: &Scene) -> Result<(), Failure> {
    let interface = &checked.subject.interface;
    let addresses = previous::addresses_of(&scene.document, interface)?;
    let attachment = scene.attachment(&checked.subject)?;
    let netns = netns::open(&checked.netns, checked.own_netns)?;
    let action = Action::Check(Check { attachment, addresses });
    Ok(scene.agent.tell(action, Some(&netns), PATIENCE)?)
}
