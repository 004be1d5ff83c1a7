//! What becomes of a podman container's network between its start and its
//! end: stop, kill, reload, more networks; and pods.

use serde_json::{Value, json};
use tartan_stories::{Host, World, leftover, story, witness};

use crate::podman::Podman;

/// podman with the networks `one`, `two` and `three`, of one team.
fn podman(world: &World, host: &Host) -> Podman {
    let podman = Podman::on(world, host);
    for name in ["one", "two", "three"] {
        podman.network(
            name,
            &json!({
                "type": "tartan-cni",
                "team": "shop",
                "agent": host.run_dir().join("cni.sock"),
                "capabilities": { "ips": true, "mac": true, "aliases": true },
            }),
        );
    }
    podman
}

/// Address and MAC address of a container on a network.
#[track_caller]
fn seen(podman: &Podman, name: &str, network: &str) -> [String; 3] {
    let [v4, v6] = podman.addresses(name, network);
    let said: Value =
        serde_json::from_str(&podman.does(&format!("inspect {name}"))).unwrap();
    let seen = &said[0]["NetworkSettings"]["Networks"][network];
    [v4, v6, seen["MacAddress"].as_str().unwrap().to_owned()]
}

#[track_caller]
fn reads(podman: &Podman, from: &str, address: &str) {
    let page = podman.page(from, address);
    assert_eq!(page.stdout, "told\n", "{address}: {page:?}");
}

// A reload takes a container off its network and puts it back, with the
// addresses it had, although they have not rested.
story!(podman_reloads_the_network_of_a_container, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);
    podman.runs("front", "--network one");
    podman.runs("stock", "--network one");
    let before = seen(&podman, "stock", "one");

    podman.does("network reload stock");
    podman.does("network reload --all");

    assert_eq!(seen(&podman, "stock", "one"), before);
    reads(&podman, "front", &before[0]);
    reads(&podman, "front", &format!("[{}]", before[1]));
    podman.does("rm -f -t 0 front stock");
    leftover::none_on(&ambre);
});

// Networks come and go while the container runs.
story!(podman_connects_and_disconnects, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);
    podman.runs("front", "--network one --network two");
    podman.runs("stock", "--network one");

    podman.does("network connect three front");
    podman.does("network connect three stock");
    assert_eq!(witness::our_routes(ambre.netns()).len(), 10);
    reads(&podman, "stock", &podman.addresses("front", "three")[0]);
    podman.does("network disconnect one front");

    assert_eq!(witness::our_routes(ambre.netns()).len(), 8);
    reads(&podman, "stock", &podman.addresses("front", "two")[0]);
    podman.does("rm -f -t 0 front stock");
    leftover::none_on(&ambre);
});

// Stopped or killed a container holds nothing; started again it is reached.
story!(podman_stops_kills_and_starts, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);
    podman.runs("stock", "--network one");

    for end in ["stop -t 0 stock", "kill stock"] {
        podman.does(end);
        leftover::none_on(&ambre);
        podman.does("start stock");
        podman.runs("front", "--network one");
        reads(&podman, "front", &podman.addresses("stock", "one")[0]);
        podman.does("rm -f -t 0 front");
    }

    podman.does("rm -f -t 0 stock");
    podman.does("rm -f -t 0 --ignore stock");
    leftover::none_on(&ambre);
});

// A MAC address of one's own, and two addresses at once.
story!(podman_asks_for_a_mac_address_and_for_both_families, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);
    let mac = "92:d0:c6:0a:29:33";

    podman.runs("front", &format!("--network one --mac-address {mac}"));
    podman.runs("stock", "--network one:ip=10.77.3.9,ip=fd00:77::9");
    let front = seen(&podman, "front", "one");
    let stock = seen(&podman, "stock", "one");

    assert_eq!(front[2], mac);
    assert_eq!(stock[..2], ["10.77.3.9", "fd00:77::9"]);
    reads(&podman, "stock", &front[0]);
    reads(&podman, "front", "[fd00:77::9]");
    podman.does("rm -f -t 0 front stock");
    leftover::none_on(&ambre);
});

// Two containers of a pod share its one attachment, and so one address.
story!(containers_of_a_podman_pod_share_an_address, |world| {
    let ambre = world.host("ambre");
    let podman = podman(world, &ambre);
    podman.knows_busybox(world);
    podman.makes_pod("till", "--network one");

    podman.runs("front", "--pod till");
    podman.runs_as("stock", "--pod till", "/bin/sleep 1000");
    podman.runs("other", "--network one");
    let all = ambre.lists("endpoint list");

    assert_eq!(all.as_array().unwrap().len(), 2, "{all}");
    reads(&podman, "stock", "127.0.0.1");
    let infra = podman.does("pod inspect till --format {{.InfraContainerID}}");
    let [address, _] = podman.addresses(infra.trim(), "one");
    reads(&podman, "other", &address);
    podman.does("rm -f -t 0 front");
    assert_eq!(leftover::held(&ambre).len(), 4);
    podman.does("pod rm -f -t 0 till");
    podman.does("rm -f -t 0 other");
    leftover::none_on(&ambre);
});
