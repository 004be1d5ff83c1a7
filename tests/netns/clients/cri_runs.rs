//! What a kubelet does with containerd, and so containerd with our networks,
//! by the Container Runtime Interface: sandboxes of pods.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tartan_stories::talk::End;
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{
    Host, World, inside, leftover, story, stranger, tcp, udp, witness,
};

use crate::containerd::Containerd;

/// A network whose containers' team is the namespace of their pod, and whose
/// app is an annotation.
fn ours(host: &Host, name: &str) -> (String, Value) {
    let plugin = json!({
        "type": "tartan-cni",
        "teamFrom": "k8s-namespace",
        "teams": ["shop", "blog"],
        "agent": host.run_dir().join("cni.sock"),
        "capabilities": {
            "dns": true,
            "portMappings": true,
            "bandwidth": true,
            "io.kubernetes.cri.pod-annotations": true,
        },
    });
    (name.into(), plugin)
}

fn containerd(world: &World, host: &Host) -> Containerd {
    Containerd::with_cri(world, host, &[ours(host, "one")])
}

/// The classes of the endpoints of a host, by name.
fn classes(host: &Host) -> Vec<String> {
    let all = host.lists("endpoint list");
    let all = all.as_array().unwrap().iter();
    all.map(|one| one["class_name"].as_str().unwrap().to_owned()).collect()
}

/// Where the namespace of a sandbox is, by containerd's word.
fn netns(info: &Value) -> PathBuf {
    let namespaces = &info["runtimeSpec"]["linux"]["namespaces"];
    let all = namespaces.as_array().unwrap().iter();
    let mut network = all.filter(|one| one["type"] == "network");
    let path = network.next().unwrap()["path"].as_str();
    Path::new(path.unwrap()).to_owned()
}

// A pod from its sandbox to its end; a kubelet stops what it has stopped.
story!(cri_runs_stops_and_removes_a_pod, |world| {
    let ambre = world.host("ambre");
    let containerd = containerd(world, &ambre);
    let cri = containerd.cri();

    let id = cri.runs(&containerd.pod("shop", "front")).unwrap();
    let seen = cri.sees(&id);
    let mut there = witness::addresses(&netns(&seen.info), "eth0");

    assert!(seen.is_ready);
    assert_eq!(seen.addresses.len(), 2, "{seen:?}");
    let mut told = seen.addresses;
    told.sort();
    there.sort();
    assert_eq!(told, there);
    assert_eq!(classes(&ambre), ["shop"]);
    for _ in 0..2 {
        cri.stops(&id).unwrap();
        leftover::none_on(&ambre);
    }
    cri.removes(&id).unwrap();
});

// The annotations of a pod reach the plugin: its app is one of them.
story!(a_pod_names_its_app_in_an_annotation, |world| {
    let ambre = world.host("ambre");
    let containerd = containerd(world, &ambre);
    let cri = containerd.cri();
    let pod = |namespace: &str, app: &str| {
        containerd.pod(namespace, app).annotated("tartan/app", app)
    };

    let front = cri.runs(&pod("shop", "front")).unwrap();
    let stock = cri.runs(&pod("shop", "stock")).unwrap();
    let mut seen = classes(&ambre);
    seen.sort();
    assert_eq!(seen, ["shop/front", "shop/stock"]);

    let unknown = cri.runs(&pod("shop", "fornt")).unwrap_err();
    assert!(unknown.message().contains("fornt"), "{unknown}");
    let stranger = cri.runs(&pod("world", "front")).unwrap_err();
    assert!(stranger.message().contains("world"), "{stranger}");
    for id in [front, stock] {
        cri.stops(&id).unwrap();
        cri.removes(&id).unwrap();
    }
    leftover::none_on(&ambre);
});

// What containerd writes in its own way, and is understood all the same: keys
// that begin with capitals, arguments in no order.
story!(containerd_writes_keys_with_capitals, |world| {
    let ambre = world.host("ambre");
    let containerd = containerd(world, &ambre);
    let cri = containerd.cri();

    let ids: Vec<_> = ["front", "stock", "till", "cellar"]
        .iter()
        .map(|name| cri.runs(&containerd.pod("shop", name)).unwrap())
        .collect();
    let sent: Vec<_> =
        ids.iter().map(|id| containerd.sent("one", id)).collect();

    let servers = &sent[0]["capabilityArgs"]["dns"]["Servers"];
    assert_eq!(servers[0], "192.0.2.53", "{}", sent[0]);
    let orders: BTreeSet<_> = sent.iter().map(order).collect();
    assert!(orders.iter().all(|order| order.len() == 5), "{orders:?}");
    assert_eq!(classes(&ambre), ["shop"; 4]);
    for id in &ids {
        cri.stops(id).unwrap();
        cri.removes(id).unwrap();
    }
    leftover::none_on(&ambre);
});

/// The keys of `CNI_ARGS` in their order.
fn order(sent: &Value) -> Vec<&str> {
    let pairs = sent["cniArgs"].as_array().unwrap().iter();
    pairs.map(|pair| pair[0].as_str().unwrap()).collect()
}

// A pod with a port of the host, as a kubelet asks for it.
story!(a_pod_has_a_port_of_the_host, |world| {
    let ambre = world.host("ambre");
    let containerd = containerd(world, &ambre);
    let cri = containerd.cri();

    let pod = containerd.pod("shop", "front").reached_at(8080, 80);
    let id = cri.runs(&pod).unwrap();
    let sent = containerd.sent("one", &id);
    let seen = cri.sees(&id);
    let netns = netns(&seen.info);
    let end = End { name: id.clone(), netns, addresses: seen.addresses };

    let ports = &sent["capabilityArgs"]["portMappings"];
    assert_eq!(ports[0]["HostPort"], 8080, "{sent}");
    for port in [tcp(80), udp(80)] {
        stranger::leads(&ambre, 8080, &end, port);
    }
    cri.stops(&id).unwrap();
    cri.removes(&id).unwrap();
    leftover::none_on(&ambre);
});

// containerd makes a capability of the pod's annotations: rates in bits, and
// bursts that nobody chose.
story!(a_pod_is_limited_by_its_annotations, |world| {
    let ambre = world.host("ambre");
    let containerd = containerd(world, &ambre);
    let cri = containerd.cri();
    let ways = ["ingress", "egress"];
    let pod = ways.iter().fold(containerd.pod("shop", "front"), |pod, way| {
        pod.annotated(&format!("kubernetes.io/{way}-bandwidth"), "8M")
    });

    let id = cri.runs(&pod).unwrap();
    let sent = containerd.sent("one", &id);
    let queues = witness::says(ambre.netns(), "tc -j qdisc show");

    let asked = &sent["capabilityArgs"]["bandwidth"];
    assert_eq!(asked["IngressRate"], 8_000_000, "{sent}");
    assert_eq!(asked["EgressBurst"], u32::MAX, "{sent}");
    let is_bucket = |queue: &Value| {
        queue["kind"] == "tbf" && queue["options"]["rate"] == 1_000_000
    };
    let queues = queues.as_array().unwrap();
    assert!(queues.iter().any(is_bucket), "{queues:?}");
    cri.stops(&id).unwrap();
    cri.removes(&id).unwrap();
    leftover::none_on(&ambre);
});

// containerd attaches a pod to all of its networks at once.
story!(a_pod_is_put_on_its_networks_at_once, |world| {
    let ambre = world.host("ambre");
    let networks = ["one", "two", "three"].map(|name| ours(&ambre, name));
    let containerd = Containerd::with_cri(world, &ambre, &networks);
    let cri = containerd.cri();

    let ids: Vec<_> = ["front", "stock", "till"]
        .iter()
        .map(|name| cri.runs(&containerd.pod("shop", name)).unwrap())
        .collect();

    for id in &ids {
        let netns = netns(&cri.sees(id).info);
        for interface in ["eth0", "eth1", "eth2"] {
            let seen = witness::addresses(&netns, interface);
            assert_eq!(seen.len(), 2, "{interface}");
        }
        cri.stops(id).unwrap();
        cri.removes(id).unwrap();
    }
    leftover::none_on(&ambre);
});

// Without the agent no pod is run, and one that runs is stopped all the same;
// what that left is made up for when the agent comes back.
story!(a_pod_is_run_and_stopped_without_the_agent, |world| {
    let ambre = world.host("ambre");
    let containerd = containerd(world, &ambre);
    let cri = containerd.cri();
    let front = cri.runs(&containerd.pod("shop", "front")).unwrap();

    ambre.kills_agent();
    let refused = cri.runs(&containerd.pod("shop", "stock")).unwrap_err();
    cri.stops(&front).unwrap();
    ambre.starts_agent();

    assert!(refused.message().contains("agent"), "{refused}");
    leftover::none_on(&ambre);
    let stock = cri.runs(&containerd.pod("shop", "stock")).unwrap();
    for id in [front, stock] {
        cri.stops(&id).unwrap();
        cri.removes(&id).unwrap();
    }
    leftover::none_on(&ambre);
});

// containerd is killed between: pods go on, and are removed by the next one,
// which knows what the first had written.
story!(containerd_is_killed_between, |world| {
    let ambre = world.host("ambre");
    let mut containerd = containerd(world, &ambre);
    let id = containerd.cri().runs(&containerd.pod("shop", "front")).unwrap();
    let before = containerd.cri().sees(&id).addresses;

    containerd.dies_and_comes_back();

    let seen = containerd.cri().sees(&id);
    assert!(seen.is_ready);
    assert_eq!(seen.addresses, before);
    let other =
        containerd.cri().runs(&containerd.pod("shop", "stock")).unwrap();
    for id in [id, other] {
        containerd.cri().stops(&id).unwrap();
        containerd.cri().removes(&id).unwrap();
    }
    leftover::none_on(&ambre);
});

// The process of a sandbox ends and nobody stops the pod. Its namespace is
// still mounted, so it keeps its addresses, until a kubelet removes it.
story!(a_sandbox_that_died_is_removed_without_a_stop, |world| {
    let ambre = world.host("ambre");
    let containerd = containerd(world, &ambre);
    let cri = containerd.cri();
    let id = cri.runs(&containerd.pod("shop", "front")).unwrap();

    containerd.does(&format!("-n k8s.io task kill -s KILL {id}"));
    until_fine(seconds(30), "the sandbox is seen dead", || {
        let seen = cri.sees(&id);
        if seen.is_ready { Err(format!("{seen:?}")) } else { Ok(()) }
    });
    ambre.tartan("gc").success("tartan gc");
    assert_eq!(leftover::held(&ambre).len(), 2);

    cri.removes(&id).unwrap();
    leftover::none_on(&ambre);
});

// Its namespace is gone as well, as after somebody's cleaning of /run/netns:
// the sweep frees the addresses, and the pod can still be stopped.
story!(a_sandbox_whose_namespace_went_is_swept, |world| {
    let ambre = world.host("ambre");
    let containerd = containerd(world, &ambre);
    let cri = containerd.cri();
    let id = cri.runs(&containerd.pod("shop", "front")).unwrap();
    let netns = netns(&cri.sees(&id).info);

    containerd.does(&format!("-n k8s.io task kill -s KILL {id}"));
    let name = netns.file_name().unwrap().to_string_lossy().into_owned();
    inside::ip(ambre.netns(), &format!("netns delete {name}"));
    until_fine(seconds(30), "the sweep has found the dead", || {
        ambre.tartan("gc").success("tartan gc");
        let held = leftover::held(&ambre);
        if held.is_empty() { Ok(()) } else { Err(format!("{held:?}")) }
    });

    cri.stops(&id).unwrap();
    cri.removes(&id).unwrap();
    leftover::none_on(&ambre);
});
