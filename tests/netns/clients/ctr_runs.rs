//! What `ctr run --cni` does with our networks.

use std::path::Path;

use serde_json::{Value, json};
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{Host, World, leftover, need, story, witness};

use crate::containerd::Containerd;

fn containerd(world: &World, host: &Host) -> Containerd {
    let plugin = json!({
        "type": "tartan-cni",
        "team": "shop",
        "ipam": {},
        "agent": host.run_dir().join("cni.sock"),
    });
    let program = need::program("tartan-cni");
    Containerd::on(world, host, &[&program], &plugin)
}

fn others(world: &World) -> Value {
    json!({
        "type": "ptp",
        "ipam": {
            "type": "host-local",
            "dataDir": world.directory("host-local"),
            "ranges": [[{ "subnet": "10.88.0.0/24" }]],
        },
    })
}

// The environment itself, with Debian's ptp: what fails below is ours.
story!(ctr_works_with_the_plugins_of_others, |world| {
    let ambre = world.bare_host("ambre");
    let dir = Path::new("/usr/lib/cni");
    let programs = [&*dir.join("ptp"), &*dir.join("host-local")];
    let containerd = Containerd::on(world, &ambre, &programs, &others(world));

    let said = containerd.runs("--rm", "front", "/bin/ip address");

    assert!(said.contains("10.88.0."), "{said}");
});

// A container that ends: ADD before, DEL with an empty CNI_NETNS after.
story!(ctr_attaches_and_detaches, |world| {
    let ambre = world.host("ambre");
    let containerd = containerd(world, &ambre);

    let said = containerd.runs("--rm", "front", "/bin/ip address");

    assert!(said.contains("10.77."), "{said}");
    assert!(said.contains("fd00:77:"), "{said}");
    leftover::none_on(&ambre);
});

// A container in the background: `ctr` calls ADD and never DEL. Its addresses
// are free all the same when it is gone.
story!(ctr_never_calls_del_for_what_runs_in_the_background, |world| {
    let ambre = world.host("ambre");
    let containerd = containerd(world, &ambre);
    containerd.runs("-d", "front", "/bin/sleep 1000");
    let said = containerd.does("task exec --exec-id e front /bin/ip address");
    assert!(said.contains("10.77."), "{said}");
    assert_eq!(witness::our_routes(ambre.netns()).len(), 2);

    containerd.does("task kill -s KILL front");
    until_fine(seconds(20), "the task can be removed", || {
        let removed = containerd.try_to("task rm front");
        let left = containerd.does("task ls -q");
        if left.trim().is_empty() { Ok(()) } else { Err(removed.stderr) }
    });
    containerd.does("container rm front");

    until_fine(seconds(30), "the sweep has found the dead", || {
        ambre.tartan("gc").success("tartan gc");
        let held = leftover::held(&ambre);
        if held.is_empty() { Ok(()) } else { Err(format!("{held:?}")) }
    });
    leftover::none_on(&ambre);
});
