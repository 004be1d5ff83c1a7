//! Containers whose rate is limited: they keep to it, whatever they do, and
//! nobody else notices.

use std::path::Path;
use std::process::Command;
use std::{fs, thread};

use serde_json::{Value, json};
use tartan_stories::talk::End;
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::witness::ClassSeen;
use tartan_stories::{
    Container, Host, Network, Port, inside, leftover, pace, process, story,
    tcp, udp, witness,
};

/// The limit of these stories, in bits per second: low, so that any machine
/// could be faster.
const LIMIT: f64 = 20e6;
/// Bounds for what is measured in a few seconds: effects, not speeds.
const BOUNDS: [f64; 2] = [0.5 * LIMIT, 1.25 * LIMIT];

fn shop() -> Network {
    Network::named("shop").team("shop")
}

/// What containerd sends.
fn limited() -> Network {
    shop().with(
        "runtimeConfig",
        json!({ "bandwidth": {
            "IngressRate": LIMIT as u64, "IngressBurst": 4_294_967_295_u64,
            "EgressRate": LIMIT as u64, "EgressBurst": 4_294_967_295_u64,
        }}),
    )
}

#[track_caller]
fn keeps_to_the_limit(from: &End, to: &End, port: Port) {
    for (address, pace) in pace::paces(from, to, port) {
        let fits = BOUNDS[0] < pace && pace < BOUNDS[1];
        assert!(fits, "{from} to {address}, {port:?}: {pace:.0} bit/s");
    }
}

#[track_caller]
fn is_fast(from: &End, to: &End) {
    let pace = pace::pace(from, to, to.addresses[0], tcp(5300));
    assert!(pace > 2.0 * LIMIT, "{from} to {to}: {pace:.0} bit/s");
}

// Both directions, both families, TCP and UDP; meanwhile two others talk as
// fast as ever.
story!(a_container_keeps_to_its_limits_and_nobody_else_does, |world| {
    let ambre = world.host("ambre");
    let slow = ambre.runs("slow", &limited());
    let [stock, front, other] =
        ["stock", "front", "other"].map(|name| ambre.runs(name, &shop()));

    thread::scope(|scope| {
        let sends = scope.spawn(|| {
            for port in [tcp(5201), udp(5202)] {
                keeps_to_the_limit(&slow.end(), &stock.end(), port);
            }
        });
        is_fast(&front.end(), &other.end());
        is_fast(&other.end(), &stock.end());
        sends.join().unwrap();
    });
    for port in [tcp(5201), udp(5202)] {
        keeps_to_the_limit(&stock.end(), &slow.end(), port);
    }

    let shown = ambre.tartan("endpoint show slow").success("endpoint show");
    assert!(shown.contains("20 Mbit/s from it, 20 Mbit/s to it"), "{shown}");
});

/// The class of the only container that has one.
#[track_caller]
fn class(host: &Host) -> ClassSeen {
    let classes = witness::classes(host.netns(), "tartan-ifb");
    assert_eq!(classes.len(), 1, "{classes:?}");
    classes[0].clone()
}

/// What the programs counted of what a container sent.
#[track_caller]
fn sent(host: &Host, container: &str) -> u64 {
    let line = format!("endpoint show {container} -o json");
    let shown = host.tartan(&line).success(&line);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let passed = shown["passed"].as_array().unwrap();
    let of = |entry: &&Value| entry["direction"] == "from_container";
    passed.iter().find(of).unwrap()["packets"].as_u64().unwrap()
}

// What waits in the limiter is judged and counted before, and not again
// behind it.
story!(a_limited_packet_is_counted_once, |world| {
    let ambre = world.host("ambre");
    let slow = ambre.runs("slow", &limited());
    let stock = ambre.runs("stock", &shop());

    for port in [tcp(80), udp(53)] {
        slow.reaches(&stock, port);
    }

    until_fine(seconds(10), "both have counted the same", || {
        let (seen, counted) = (class(&ambre).packets, sent(&ambre, "slow"));
        let same = seen == counted && seen > 4;
        if same { Ok(()) } else { Err(format!("{seen} and {counted}")) }
    });
});

// A container has all rights in its own namespace: it takes queues and
// filters away and makes others, and gives its packets the number of
// another's class, or that of the limiter's root, which lets everything pass.
story!(a_container_does_not_get_around_its_limit, |world| {
    let ambre = world.host("ambre");
    let slow = ambre.runs("slow", &limited());
    let stock = ambre.runs("stock", &shop());
    assert_eq!(class(&ambre).id, "7461:1");

    for priority in ["7461:0", "7461:1", "7461:ffff"] {
        says_about_itself(slow.netns(), priority);
        keeps_to_the_limit(&slow.end(), &stock.end(), udp(5202));
    }
    let _ = process::run(Command::new("tc").args([
        "-n",
        "ambre-slow",
        "qdisc",
        "del",
        "dev",
        "eth0",
        "root",
    ]));
    keeps_to_the_limit(&slow.end(), &stock.end(), tcp(5201));
});

/// Has everything leave a namespace with this priority.
fn says_about_itself(netns: &Path, priority: &str) {
    let rules = format!(
        "add table inet lie\ndelete table inet lie\nadd table inet lie\n\
         add chain inet lie out {{ type filter hook output priority 0; }}\n\
         add rule inet lie out meta priority set {priority}\n"
    );
    let mut nft = Command::new("nft");
    inside::run(netns, nft.args(["-f", "-"]), rules.as_bytes()).success("nft");
}

// Limits are the kernel's and outlive the agent; what somebody takes away is
// put back, on the same attachment.
story!(limits_are_kept_and_put_back, |world| {
    let ambre = world.host("ambre");
    let slow = ambre.runs("slow", &limited());
    let stock = ambre.runs("stock", &shop());
    let link = slow.result().host_link();

    for spoil in [
        format!("tc qdisc del dev {link} root"),
        "tc class del dev tartan-ifb classid 7461:1".to_owned(),
        "tc qdisc del dev tartan-ifb root".to_owned(),
        "ip link set tartan-ifb down".to_owned(),
        "ip link del tartan-ifb".to_owned(),
    ] {
        spoils(&ambre, &spoil);
        ambre.tartan("gc").success("tartan gc");
        is_limited(&ambre, &slow, &spoil);
        slow.reaches(&stock, tcp(80));
    }
    keeps_to_the_limit(&slow.end(), &stock.end(), tcp(5201));

    ambre.kills_agent();
    is_limited(&ambre, &slow, "without an agent");
    spoils(&ambre, "tc class del dev tartan-ifb classid 7461:1");
    ambre.starts_agent();
    is_limited(&ambre, &slow, "with another agent");
    keeps_to_the_limit(&slow.end(), &stock.end(), udp(5202));
});

#[track_caller]
fn spoils(host: &Host, line: &str) {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    inside::run(host.netns(), command.args(words), b"").success(line);
}

/// Both queues are there, at the rate of the limit.
#[track_caller]
fn is_limited(host: &Host, container: &Container, when: &str) {
    let link = container.result().host_link();
    let bytes = (LIMIT / 8.0) as u64;
    let queues = witness::queues(host.netns(), &link);
    let is_bucket = |queue: &&Value| {
        queue["kind"] == "tbf" && queue["options"]["rate"] == bytes
    };
    assert!(queues.iter().any(|q| is_bucket(&q)), "{when}: {queues:?}");
    let class = class(host);
    assert_eq!(
        (class.id.as_str(), class.rate.as_str()),
        ("7461:1", "20Mbit"),
        "{when}"
    );
}

// With the run directory lost an attachment is adopted from the kernel, and
// its limits with it.
story!(limits_are_adopted_from_the_kernel, |world| {
    let ambre = world.host("ambre");
    let slow = ambre.runs("slow", &limited());
    let stock = ambre.runs("stock", &shop());

    ambre.kills_agent();
    fs::remove_dir_all(ambre.run_dir().join("attachments")).unwrap();
    ambre.starts_agent();

    is_limited(&ambre, &slow, "adopted");
    let another = ambre.runs("another", &limited());
    let classes = witness::classes(ambre.netns(), "tartan-ifb");
    assert_eq!(classes.len(), 2, "{classes:?}");
    another.detach(&limited()).unwrap();
    keeps_to_the_limit(&slow.end(), &stock.end(), tcp(5201));
    slow.detach(&limited()).unwrap();
    assert!(witness::classes(ambre.netns(), "tartan-ifb").is_empty());
});

// One direction alone; the network's own limit, which a request may make
// stricter and not laxer; annotations.
story!(a_limit_has_one_direction_or_two_and_the_stricter_holds, |world| {
    let ambre = world.host("ambre");
    let mega = |rate: u64| rate * 1_000_000;
    let network = shop().with("bandwidth", json!({ "egressRate": mega(20) }));
    for (name, request, from, to) in [
        ("silent", json!({}), Some(20), None),
        (
            "lax",
            json!({ "bandwidth": { "egressRate": mega(30) }}),
            Some(20),
            None,
        ),
        (
            "strict",
            json!({ "bandwidth": { "egressRate": mega(5) }}),
            Some(5),
            None,
        ),
        (
            "annotated",
            json!({ "io.kubernetes.cri.pod-annotations": {
                "kubernetes.io/ingress-bandwidth": "7M",
                "kubernetes.io/egress-bandwidth": "1.5M" }}),
            Some(1),
            Some(7),
        ),
    ] {
        let network = network.clone().with("runtimeConfig", request);
        let container = ambre.runs(name, &network);
        let line = format!("endpoint show {name} -o json");
        let shown = ambre.tartan(&line).success(&line);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let limits = &shown["endpoint"]["limits"];
        let rate =
            |key: &str| limits[key]["rate"].as_u64().map(|r| r / mega(1));
        assert_eq!(rate("from_container"), from, "{name}");
        assert_eq!(rate("to_container"), to, "{name}");
        let link = container.result().host_link();
        let queues = witness::queues(ambre.netns(), &link);
        let has_bucket = queues.iter().any(|queue| queue["kind"] == "tbf");
        assert_eq!(has_bucket, to.is_some(), "{name}: {queues:?}");
        container.detach(&network).unwrap();
        leftover::none_on(&ambre);
    }
});

// What cannot be had is refused before anything is made.
story!(a_limit_that_cannot_be_is_refused, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let bad = json!({ "bandwidth": { "ingressRate": "fast" } });
    let fault = front.attach(&shop().with("runtimeConfig", bad)).unwrap_err();
    assert_eq!(fault.code, 7, "{fault:?}");
    assert!(fault.msg.contains("ingressRate"), "{fault:?}");
    assert!(fault.msg.contains("fast"), "{fault:?}");
    assert!(witness::link(ambre.netns(), "tartan-ifb").is_none());
});
