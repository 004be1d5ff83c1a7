//! The harness itself, before anything is trusted to it: hosts and containers
//! without an agent, joined by the `ptp` plugin of others.

use std::path::Path;

use serde_json::{Value, json};
use tartan_stories::plugin::{Answer, Call};
use tartan_stories::talk::{self, End};
use tartan_stories::{Container, Host, Port, story, tcp, udp, witness};

fn config(world: &tartan_stories::World) -> Value {
    json!({
        "cniVersion": "0.4.0",
        "name": "others",
        "type": "ptp",
        "ipam": {
            "type": "host-local",
            "dataDir": world.directory("host-local"),
            "ranges": [[{ "subnet": "10.90.0.0/24" }]],
            "routes": [{ "dst": "0.0.0.0/0" }],
        },
    })
}

fn attach(host: &Host, container: &Container, config: &Value) -> End {
    let call = Call::new("/usr/lib/cni/ptp".into(), host.netns(), "ADD")
        .variable("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .variable("CNI_CONTAINERID", container.name())
        .variable("CNI_IFNAME", "eth0")
        .variable("CNI_NETNS", &container.netns().to_string_lossy())
        .input(config);
    let answer = Answer(call.answer().unwrap());
    End {
        name: container.name().into(),
        netns: container.netns().into(),
        addresses: answer.addresses(),
    }
}

// What is said arrives, and who says it is seen; where nobody can be reached,
// that is seen too.
story!(what_is_said_is_heard, |world| {
    let ambre = world.bare_host("ambre");
    let config = config(world);
    let shop = attach(&ambre, &ambre.container("shop"), &config);
    let blog = attach(&ambre, &ambre.container("blog"), &config);

    talk::reaches(&shop, &blog, tcp(80));
    talk::reaches(&shop, &blog, udp(53));

    tartan_stories::inside::ip(&shop.netns, "link set eth0 down");
    let ports: [Port; 2] = [tcp(80), udp(53)];
    ports.iter().for_each(|port| talk::cannot_reach(&blog, &shop, *port));
});

// A story starts with an empty world.
story!(a_world_begins_empty, |_world| {
    let links = witness::links(Path::new("/proc/self/ns/net"));
    assert_eq!(links.len(), 1, "only the loopback: {links:?}");
    let others = std::fs::read_dir("/run/netns").unwrap().count();
    assert_eq!(others, 0, "no namespaces of others");
});

// A namespace that died is gone, although its name is used again.
story!(a_container_is_born_again_elsewhere, |world| {
    let ambre = world.bare_host("ambre");
    let shop = ambre.container("shop");
    tartan_stories::inside::ip(shop.netns(), "link add left type veth");

    shop.is_born_again();

    assert!(witness::link(shop.netns(), "left").is_none());
});
