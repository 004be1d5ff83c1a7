//! The configuration is edited under a running agent.

use std::fs;

use nix::sys::signal::{Signal, kill};
use tartan_stories::within::{seconds, within};
use tartan_stories::{Host, Network, story, witness};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

/// Writes `lines` below the host's name, and tells the agent.
fn edits(host: &Host, name: &str, lines: &str, says: &str) {
    let text =
        format!("host = \"{name}\"\n[metrics]\nlisten = \"off\"\n{lines}");
    fs::write(host.config(), text).expect("a configuration");
    let before = host.agent_log().matches(says).count();
    kill(host.agent_pid(), Signal::SIGHUP).expect("kill");
    within(seconds(30), says, || {
        (host.agent_log().matches(says).count() > before).then_some(())
    });
}

// A smaller MTU holds for containers that come, not for those that run; a slip
// of the pen changes nothing, and a new name needs a new start.
story!(an_edited_configuration_is_taken_over, |world| {
    let ambre = world.host("ambre");
    let before = ambre.runs("before", &shop());
    let mtu = |netns| witness::link(netns, "eth0").map(|link| link.mtu);

    edits(&ambre, "ambre", "[network]\nmtu = 1400", "taken over");
    let after = ambre.runs("after", &shop());
    edits(&ambre, "ambre", "[network]\nmut = 1300", "network.mtu");
    let later = ambre.runs("later", &shop());
    edits(&ambre, "basalte", "[network]\nmtu = 1400", "host has changed");

    assert_eq!(mtu(before.netns()), Some(1500));
    assert_eq!(mtu(after.netns()), Some(1400));
    assert_eq!(mtu(later.netns()), Some(1400));
    assert!(ambre.has_agent());
});
