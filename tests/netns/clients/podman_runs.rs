//! What podman does with our networks.

use std::process::Command;

use serde_json::{Value, json};
use tartan_stories::{Host, Network, inside, leftover, story, witness};

use crate::podman::Podman;

/// Our plugin as a network names it.
fn ours(host: &Host, team: &str) -> Value {
    json!({
        "type": "tartan-cni",
        "team": team,
        "ipam": {},
        "agent": host.run_dir().join("cni.sock"),
        "capabilities": {
            "ips": true, "mac": true, "aliases": true, "portMappings": true,
        },
    })
}

/// podman with the networks `one` (team shop) and `two` (team blog).
fn podman(world: &tartan_stories::World, host: &Host) -> Podman {
    let podman = Podman::on(world, host);
    podman.network("one", &ours(host, "shop"));
    podman.network("two", &ours(host, "blog"));
    podman
}

#[track_caller]
fn talk(podman: &Podman, from: &str, to: &str) {
    let [v4, v6] = podman.addresses(to, "one");
    for address in [v4, format!("[{v6}]")] {
        let page = podman.page(from, &address);
        assert_eq!(page.stdout, "told\n", "{address}: {page:?}");
    }
}

// The environment itself, with Debian's ptp: what fails below is ours.
story!(podman_works_with_the_plugins_of_others, |world| {
    let ambre = world.bare_host("ambre");
    let podman = Podman::on(world, &ambre);
    let ipam = json!({
        "type": "host-local",
        "dataDir": world.directory("host-local"),
        "ranges": [[{ "subnet": "10.88.0.0/24" }]],
        "routes": [{ "dst": "0.0.0.0/0" }],
    });
    podman.network("one", &json!({ "type": "ptp", "ipam": ipam }));

    podman.runs("front", "--network one");
    podman.runs("stock", "--network one");

    let [address, _] = podman.addresses("stock", "one");
    let page = podman.page("front", &address);
    assert_eq!(page.stdout, "told\n", "{page:?}");
    podman.does("rm -f -t 0 front stock");
});

// Two containers of one network talk, in both families, and are removed.
story!(podman_runs_and_removes_containers, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);

    podman.runs("front", "--network one");
    podman.runs("stock", "--network one");
    talk(&podman, "front", "stock");

    podman.does("rm -f -t 0 front stock");
    leftover::none_on(&ambre);
});

// One container on two networks: two attachments, each with its addresses.
story!(podman_puts_a_container_on_two_networks, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);

    podman.runs("front", "--network one --network two");
    podman.runs("stock", "--network one");

    let one = podman.addresses("front", "one");
    let two = podman.addresses("front", "two");
    assert_ne!(one, two);
    assert_eq!(witness::our_routes(ambre.netns()).len(), 6);
    talk(&podman, "stock", "front");

    podman.does("network disconnect two front");
    assert_eq!(witness::our_routes(ambre.netns()).len(), 4);
    podman.does("rm -f -t 0 front stock");
    leftover::none_on(&ambre);
});

// A static address, kept by a restart although it has not rested.
story!(podman_asks_for_an_address, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);

    podman.runs("front", "--network one --ip 10.77.3.9");
    assert_eq!(podman.addresses("front", "one")[0], "10.77.3.9");
    podman.does("restart -t 0 front");
    assert_eq!(podman.addresses("front", "one")[0], "10.77.3.9");

    let second = podman.run_line("second", "--network one --ip 10.77.3.9");
    let refused = podman.try_to(&second);
    assert!(!refused.is_success());
    assert!(refused.stderr.contains("10.77.3.9"), "{refused:?}");
    podman.does("rm -f -t 0 front second");
    leftover::none_on(&ambre);
});

// A restart is DEL and ADD within a moment.
story!(podman_restarts_a_container, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);
    podman.runs("front", "--network one");
    podman.runs("stock", "--network one");

    for _ in 0..3 {
        podman.does("restart -t 0 stock");
    }

    talk(&podman, "front", "stock");
    podman.does("rm -f -t 0 front stock");
    leftover::none_on(&ambre);
});

// `podman rm -f` succeeds while the agent is away; what is left is cleaned
// up when it comes back.
story!(podman_removes_a_container_without_the_agent, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);
    podman.runs("front", "--network one");

    ambre.kills_agent();
    let removed = podman.try_to("rm -f -t 0 front");
    assert!(removed.is_success(), "{removed:?}");
    let line = podman.run_line("stock", "--network one");
    assert!(!podman.try_to(&line).is_success(), "no agent, no ADD");

    ambre.starts_agent();
    podman.try_to("rm -f -t 0 stock");
    leftover::none_on(&ambre);
});

// After a reboot podman starts what it knew, under the same name
// and with a namespace of its own; what the old boot held is void.
story!(podman_starts_its_containers_after_a_reboot, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);
    podman.runs("front", "--network one --ip 10.77.3.9");
    podman.runs("stock", "--network one");

    podman.loses_power();
    ambre.loses_power();
    ambre.starts_agent();
    assert_eq!(leftover::held(&ambre).len(), 0);
    podman.does("start front stock");

    assert_eq!(podman.addresses("front", "one")[0], "10.77.3.9");
    talk(&podman, "stock", "front");
    podman.does("rm -f -t 0 front stock");
    leftover::none_on(&ambre);
});

// `podman run -p`: a page at a port of the host, for the host, for another
// container, and again after a restart; a port that is taken is refused.
story!(podman_publishes_ports, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);
    podman.runs("stock", "--network one");

    let ports = "-p 8080:80 -p 127.0.0.1:5353:53/udp";
    podman.runs("front", &format!("--network one {ports}"));

    let page = |address: &str| {
        let url = format!("http://{address}:8080/");
        let mut wget = Command::new("busybox");
        wget.args(["wget", "-q", "-O", "-", &url]);
        inside::run(ambre.netns(), &mut wget, b"").stdout
    };
    let addresses = ambre.addresses();
    for _ in 0..2 {
        assert_eq!(page("127.0.0.1"), "told\n");
        assert_eq!(page(&addresses[0].to_string()), "told\n");
        let own = format!("{}:8080", addresses[0]);
        assert_eq!(podman.page("stock", &own).stdout, "told\n");
        assert_eq!(podman.page("front", &own).stdout, "told\n");
        podman.does("restart -t 0 front");
    }
    let found = witness::translated(ambre.netns()).join("\n");
    assert!(found.contains("5353") && found.contains("127.0.0.1"), "{found}");
    let network = Network::named("shop").team("shop");
    let other = ambre.container("other");
    let taken = network.with_ports(&["tcp 8080 > 80"]);
    assert_eq!(other.attach(&taken).unwrap_err().code, 105);
    podman.does("rm -f -t 0 front stock");
    leftover::none_on(&ambre);
});

// Somebody else's container on the same host is not podman's business.
story!(podman_and_another_runtime_share_a_host, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);
    let other = ambre.runs("other", &Network::named("shop").team("shop"));

    podman.runs("front", "--network one");
    let address = other.addresses()[0];
    let found = podman.does("exec front /bin/ip route");
    assert!(found.contains("169.254.1.1"), "{found}: to {address}");
    podman.does("rm -f -t 0 front");

    let result = other.result();
    witness::confirms(ambre.netns(), other.netns(), "eth0", &result).unwrap();
});
