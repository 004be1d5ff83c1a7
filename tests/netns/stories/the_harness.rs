//! The harness itself, before anything is trusted to it: containers joined by
//! the `ptp` plugin of others, and leftovers laid on purpose.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tartan_stories::inside::ip;
use tartan_stories::plugin::{Answer, Call};
use tartan_stories::talk::{self, End};
use tartan_stories::{
    Container, Host, Port, leftover, story, tcp, udp, witness,
};

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

    ip(&shop.netns, "link set eth0 down");
    let ports: [Port; 2] = [tcp(80), udp(53)];
    ports.iter().for_each(|port| talk::cannot_reach(&blog, &shop, *port));
});

// A story starts with an empty world.
story!(a_world_begins_empty, |_world| {
    let links = witness::links(Path::new("/proc/self/ns/net"));
    assert_eq!(links.len(), 1, "only the loopback: {links:?}");
    let others = fs::read_dir("/run/netns").unwrap().count();
    assert_eq!(others, 0, "no namespaces of others");
});

// A namespace that died is gone, although its name is used again.
story!(a_container_is_born_again_elsewhere, |world| {
    let ambre = world.bare_host("ambre");
    let shop = ambre.container("shop");
    ip(shop.netns(), "link add left type veth");

    shop.is_born_again();

    assert!(witness::link(shop.netns(), "left").is_none());
});

// The look at the end of each story does see what is left.
story!(a_leftover_is_seen, |world| {
    let ambre = world.host("ambre");
    let netns = ambre.netns();
    leftover::none_on(&ambre);

    ip(netns, "route add 10.77.1.2 dev lo proto 116");
    ip(netns, "link add tt0000000000abc type veth peer name other");
    ip(netns, "link property add dev other altname tartan,shop,front,eth0");
    fs::write(ambre.run_dir().join("attachments/left"), "").unwrap();
    let found = leftover::of_attachments(&ambre).join("; ");

    for left in ["10.77.1.2", "tt0000000000abc", "link other", "left"] {
        assert!(found.contains(left), "{left} is not seen: {found}");
    }
    ip(netns, "link del tt0000000000abc");
    ip(netns, "route del 10.77.1.2 dev lo proto 116");
    fs::remove_file(ambre.run_dir().join("attachments/left")).unwrap();
});
