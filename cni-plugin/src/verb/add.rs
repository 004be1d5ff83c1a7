//! ADD: everything is read and checked, then the agent is asked once.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use tartan_agent_api::plugin::{Action, Add, Attached, Delete, Link, Reply};
use tartan_model::{Attachment, CgroupPath, Translation};

use crate::arguments::Arguments;
use crate::encode::encode;
use crate::environment::Added;
use crate::fault::Failure;
use crate::ipam::Ipam;
use crate::labels::Said;
use crate::netconf::Asked;
use crate::network::Network;
use crate::program::Program;
use crate::request::Wish;
use crate::result::{Dns, Outcome};
use crate::verb::Scene;
use crate::{netns, previous, resolv};

/// How long an ADD may take. A runtime's own patience is longer (kubelet: two
/// minutes for a sandbox); an ADD that must claim a block asks the store.
const PATIENCE: Duration = Duration::from_mins(1);

/// Attaches a container, or gives addresses to what another plugin attaches;
/// the text is the result.
pub fn run(added: &Added, scene: &Scene) -> Result<String, Failure> {
    let asked = Asked::of(&scene.document)?;
    let (network, ipam) = scene.network(&asked)?;
    let before = before(scene)?;
    let said = dns(&network, &ipam)?;
    let dns = match &asked.runtime.dns {
        Some(asked) => Some(said.unwrap_or_default().overridden(asked)),
        None => said,
    };
    let plan = Plan { dns: dns.filter(Dns::is_set), network, ipam };
    let add = wanted(added, scene, (&plan.network, &plan.ipam), &asked)?;
    let attachment = add.attachment.clone();
    let netns = netns::open(Path::new(&added.netns), added.own_netns)?;
    let action = Action::Add(Box::new(add));
    let reply = scene.agent.ask(action, Some(&netns), PATIENCE)?;
    let Reply::Attached(attached) = reply else {
        return Err(scene.agent.odd().into());
    };
    // An agent of an earlier release knows no links but its own.
    if attached.host_link.is_empty() != (scene.link() == Link::Foreign) {
        undo(scene, attachment);
        return Err(scene.agent.odd().into());
    }
    let outcome = outcome(before, &plan, &attached, (scene, added));
    written(&outcome, scene).inspect_err(|_| undo(scene, attachment))
}

/// The configuration, read.
struct Plan {
    network: Network,
    ipam: Ipam,
    dns: Option<Dns>,
}

/// What the plugins before us made. Nothing of it is in the result of a
/// plugin that only gives addresses.
fn before(scene: &Scene) -> Result<Outcome, Failure> {
    match scene.program {
        Program::Cni => Ok(previous::chained(&scene.document)?),
        Program::Ipam => Ok(Outcome::default()),
    }
}

/// `dns` of the network, else what the file of `resolvConf` says.
fn dns(network: &Network, ipam: &Ipam) -> Result<Option<Dns>, Failure> {
    let (None, Some(path)) = (&network.dns, &ipam.resolv_conf) else {
        return Ok(network.dns.clone());
    };
    let mut text = String::new();
    let read = File::open(path)
        .and_then(|f| f.take(resolv::MAX_BYTES).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(Some(resolv::parse(&text))),
        Err(source) => {
            let path = path.clone();
            Err(Failure::ResolvConf { path, source })
        }
    }
}

/// What the agent is asked for: everything is read and checked by then.
pub(crate) fn wanted(
    added: &Added,
    scene: &Scene,
    (network, ipam): (&Network, &Ipam),
    asked: &Asked,
) -> Result<Add, Failure> {
    let arguments = Arguments::parse(&added.arguments)?;
    let said = Said::by(&arguments, asked)?;
    let wish = match scene.program {
        Program::Cni => Wish::of(&arguments, asked, scene.version)?,
        Program::Ipam => Wish::of_addresses(&arguments, asked)?,
    };
    Ok(Add {
        attachment: scene.attachment(&added.subject)?,
        netns_path: added.netns.clone(),
        class: network.class.wish(&scene.identity.name, &said)?,
        sticky: network.sticky.wish(&scene.identity.name, &said)?,
        pools: network.pools.clone(),
        ranges: ipam.ranges.clone(),
        link: scene.link(),
        addresses: wish.addresses,
        mac: wish.mac,
        mtu: network.mtu,
        translation: Translation {
            masquerade: network.masquerade,
            ports: wish.ports,
        },
        attach: network.attach,
        limits: network.limits.and(wish.limits),
        cgroup: cgroup(asked),
    })
}

/// The container's control group. A name in systemd's form (`SLICE:PREFIX:ID`)
/// is no path, and says nothing of net_cls.
fn cgroup(asked: &Asked) -> Option<CgroupPath> {
    asked.runtime.cgroup_path.as_deref()?.parse().ok()
}

fn outcome(
    before: Outcome,
    plan: &Plan,
    attached: &Attached,
    (scene, added): (&Scene, &Added),
) -> Outcome {
    let mut outcome = before;
    match scene.program {
        Program::Cni => {
            outcome.append(attached, &added.subject.interface, &added.netns);
        }
        Program::Ipam => {
            outcome.give(attached);
            outcome.routes.clone_from(&plan.ipam.routes);
        }
    }
    if let Some(dns) = &plan.dns {
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
