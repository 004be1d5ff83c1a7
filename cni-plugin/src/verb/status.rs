//! STATUS: would an ADD succeed? Quick, and without any effect.

use std::time::Duration;

use tartan_agent_api::plugin::{Action, Status};

use crate::agent::AgentError;
use crate::fault::{Failure, Remaining};
use crate::netconf::Asked;
use crate::verb::Scene;

/// How long the agent may take: a runtime asks in its own status loop.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks whether this network can take a container.
pub fn run(scene: &Scene) -> Result<(), Failure> {
    let asked = Asked::of(&scene.document)?;
    let (network, ipam) = scene.network(&asked)?;
    let action = Action::Status(Status {
        pools: network.pools,
        ranges: ipam.ranges,
        link: scene.link(),
    });
    match scene.agent.tell(action, None, PATIENCE) {
        Err(AgentError::Silent(source)) => {
            Err(Failure::NotReady { remaining: remaining(scene), source })
        }
        answered => Ok(answered?),
    }
}

fn remaining(scene: &Scene) -> Remaining {
    match scene.agent.run_dir().has_records() {
        true => Remaining::Containers,
        false => Remaining::Nothing,
    }
}
