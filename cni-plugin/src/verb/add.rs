//! ADD: everything is read and checked, then the agent is asked once.

use std::path::Path;
use std::time::Duration;

use tartan_agent_api::plugin::{Action, Add, Attached, Delete, Reply};
use tartan_model::{Attachment, Translation};

use crate::arguments::Arguments;
use crate::encode::encode;
use crate::environment::Added;
use crate::fault::Failure;
use crate::labels::Said;
use crate::netconf::{Asked, NetConf};
use crate::network::Network;
use crate::request::Wish;
use crate::result::Outcome;
use crate::verb::Scene;
use crate::{netns, previous};

/// How long an ADD may take. A runtime's own patience is longer (kubelet: two
/// minutes for a sandbox); an ADD that must claim a block asks the store.
const PATIENCE: Duration = Duration::from_mins(1);

/// Attaches a container; the text is the result.
pub fn run(added: &Added, scene: &Scene) -> Result<String, Failure> {
    let network = Network::try_from(NetConf::of(&scene.document)?)?;
    let before = previous::chained(&scene.document)?;
    let add = wanted(added, scene, &network)?;
    let attachment = add.attachment.clone();
    let netns = netns::open(Path::new(&added.netns), added.own_netns)?;
    let action = Action::Add(Box::new(add));
    let reply = scene.agent.ask(action, Some(&netns), PATIENCE)?;
    let Reply::Attached(attached) = reply else {
        return Err(scene.agent.odd().into());
    };
    let outcome = outcome(before, &network, &attached, added);
    written(&outcome, scene).inspect_err(|_| undo(scene, attachment))
}

/// What the agent is asked for: everything is read and checked by then.
pub(crate) fn wanted(
    added: &Added,
    scene: &Scene,
    network: &Network,
) -> Result<Add, Failure> {
    let asked = Asked::of(&scene.document)?;
    let arguments = Arguments::parse(&added.arguments)?;
    let said = Said::by(&arguments, &asked)?;
    let wish = Wish::of(&arguments, &asked, scene.version)?;
    Ok(Add {
        attachment: scene.attachment(&added.subject)?,
        netns_path: added.netns.clone(),
        class: network.class.wish(&scene.identity.name, &said)?,
        sticky: network.sticky.wish(&scene.identity.name, &said)?,
        pools: network.pools.clone(),
        addresses: wish.addresses,
        mac: wish.mac,
        mtu: network.mtu,
        translation: Translation {
            masquerade: network.masquerade,
            ports: wish.ports,
        },
        attach: network.attach,
        limits: network.limits.and(wish.limits),
    })
}

fn outcome(
    before: Outcome,
    network: &Network,
    attached: &Attached,
    added: &Added,
) -> Outcome {
    let mut outcome = before;
    outcome.append(attached, &added.subject.interface, &added.netns);
    if let Some(dns) = &network.dns {
        outcome.dns = dns.clone();
    }
    outcome
}

fn written(outcome: &Outcome, scene: &Scene) -> Result<String, Failure> {
    let encoded = encode(outcome, scene.version)?;
    serde_json::to_string(&encoded).map_err(Failure::Unwritable)
}

/// An ADD that fails leaves nothing. Should this fail as well, the runtime's
/// DEL follows.
fn undo(scene: &Scene, attachment: Attachment) {
    let action = Action::Delete(Delete { attachment });
    let _ = scene.agent.tell(action, None, PATIENCE);
}
