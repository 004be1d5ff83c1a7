//! Debian's bridge, ptp and macvlan plugins, for which `tartan-ipam` gives the
//! addresses: the links are theirs, the addresses ours.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::thread;

use serde_json::{Value, json};
use tartan_stories::inside::ip;
use tartan_stories::plugin::{Call, Fault};
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{
    Container, Host, Network, World, leftover, story, tcp, within,
};

use crate::restored_store::is_published;

fn ranges() -> Value {
    json!({
        "ranges": [
            [{ "subnet": "10.77.8.0/24" }],
            [{
                "subnet": "fd00:77::/64",
                "rangeStart": "fd00:77::8:0",
                "rangeEnd": "fd00:77::8:ffff",
            }],
        ],
        "routes": [{ "dst": "0.0.0.0/0" }, { "dst": "::/0" }],
    })
}

fn bridge() -> Network {
    Network::of_other("shared", "bridge", ranges())
        .with("bridge", json!("br-story"))
        .with("isGateway", json!(true))
}

fn ptp() -> Network {
    Network::of_other("pointed", "ptp", ranges())
}

fn macvlan(host: &Host) -> Network {
    ip(host.netns(), "link add name uplink type veth peer name far");
    for link in ["uplink", "far"] {
        ip(host.netns(), &format!("link set {link} up"));
    }
    Network::of_other("stacked", "macvlan", ranges())
        .with("master", json!("uplink"))
}

#[track_caller]
fn is_where_it_should(container: &Container) {
    let found = container.addresses();
    assert_eq!(found.len(), 2, "{found:?}");
    let v4: IpAddr = found[0];
    assert!(v4.to_string().starts_with("10.77.8."), "{v4}");
    assert!(found[1].to_string().starts_with("fd00:77::8:"), "{found:?}");
}

fn states(host: &Host) -> Vec<String> {
    let listed = host.lists("ip list");
    let all = listed.as_array().unwrap().iter();
    all.map(|one| one["state"].as_str().unwrap().to_owned()).collect()
}

/// Two containers of a network talk, are checked, and leave nothing.
fn live_and_end(host: &Host, network: &Network) {
    let front = host.runs("front", network);
    let stock = host.runs("stock", network);
    is_where_it_should(&front);

    front.reaches(&stock, tcp(5432));
    front.check(network).unwrap();
    host.restarts_agent();
    front.check(network).unwrap();
    front.reaches(&stock, tcp(5432));
    assert_eq!(states(host), ["used"; 4]);

    for guest in [front, stock] {
        guest.detach(network).unwrap();
        guest.detach(network).expect("a DEL may be repeated");
    }
    leftover::none_on(host);
}

story!(containers_on_a_bridge_have_addresses_of_ours, |world| {
    live_and_end(&world.host("ambre"), &bridge());
});

story!(containers_of_ptp_have_addresses_of_ours, |world| {
    live_and_end(&world.host("ambre"), &ptp());
});

story!(containers_of_macvlan_have_addresses_of_ours, |world| {
    let ambre = world.host("ambre");
    let network = macvlan(&ambre);
    live_and_end(&ambre, &network);
});

// One host, two kinds of links, one pool: nobody has another's address, and
// nobody the bridge's.
story!(our_links_and_others_share_a_pool, |world| {
    let ambre = world.host("ambre");
    let line = "pool create small --cidr 10.66.0.0/28 --affinity host";
    ambre.tartan(line).success("pool");
    let pools = json!(["small"]);
    let ours = Network::named("ours").with("pools", pools.clone());
    let others = Network::of_other("others", "bridge", json!({"pools": pools}))
        .with("bridge", json!("br-story"))
        .with("isGateway", json!(true));

    let bridged = ambre.runs("bridged", &others);
    let mut seen: BTreeSet<_> = bridged.addresses().into_iter().collect();
    assert_eq!(bridged.result().0["ips"][0]["gateway"], "10.66.0.1");
    assert_eq!(bridged.result().0["ips"][0]["address"], "10.66.0.2/28");
    for n in 0..12 {
        let guest = ambre.container(&format!("c{n}"));
        let network = if n % 2 == 0 { &ours } else { &others };
        for address in ambre.attaches(&guest, network).addresses() {
            assert!(seen.insert(address), "{address} twice");
        }
    }

    assert_eq!(seen.len(), 13, "all but gateway, network and broadcast");
    assert!(!seen.contains(&"10.66.0.1".parse::<IpAddr>().unwrap()));
    assert!(ambre.container("more").attach(&ours).is_err());
});

// Nobody calls DEL: the end of its namespace is the proof, and the one that
// lives is left alone.
story!(a_container_that_died_gives_its_addresses_back, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &bridge());
    let stock = ambre.runs("stock", &bridge());

    front.dies();
    front.is_forgotten();

    come_down_to(&ambre, 2);
    stock.check(&bridge()).unwrap();
    for _ in 0..3 {
        ambre.tartan("gc").success("gc");
    }
    assert_eq!(leftover::held(&ambre).len(), 2);
});

/// Waits for the collection to find the dead.
#[track_caller]
fn come_down_to(host: &Host, addresses: usize) {
    until_fine(seconds(60), "the dead are found", || {
        host.tartan("gc").success("tartan gc");
        match leftover::held(host).len() {
            found if found == addresses => Ok(()),
            found => Err(format!("{found} addresses are held")),
        }
    });
}

// The records are lost, but the host has not rebooted: nobody gets what the
// living have, a DEL still counts, the dead are found.
story!(a_lost_run_directory_leaves_addresses_unconfirmed, |world| {
    let ambre = world.host("ambre");
    let lives = ambre.runs("lives", &bridge());
    let dies = ambre.runs("dies", &bridge());
    let ends = ambre.runs("ends", &bridge());
    within(seconds(10), "all is published", || {
        (leftover::held(&ambre).len() == 6).then_some(())
    });

    ambre.stops_agent();
    for dir in ["attachments", "tombstones"] {
        fs::remove_dir_all(ambre.run_dir().join(dir)).unwrap();
    }
    dies.dies();
    dies.is_forgotten();
    ambre.starts_agent();

    assert_eq!(states(&ambre), ["unconfirmed"; 6]);
    let filter = "ip list --state unconfirmed";
    assert_eq!(ambre.lists(filter).as_array().unwrap().len(), 6);
    ambre.tartan("ip check --fix").success("nothing leaks");
    assert_eq!(leftover::held(&ambre).len(), 6);
    ends.detach(&bridge()).unwrap();
    come_down_to(&ambre, 2);
    let more = ambre.runs("more", &bridge());
    let has = lives.addresses();
    assert!(more.addresses().iter().all(|one| !has.contains(one)));
    lives.reaches(&more, tcp(80));
    // Asked again, the same is answered.
    let again = ipam(&ambre, &lives, "ADD", &bridge()).answer().unwrap();
    let given: Vec<_> = again["ips"].as_array().unwrap().iter().collect();
    let known = lives.result().0["ips"].clone();
    for (one, other) in given.into_iter().zip(known.as_array().unwrap()) {
        assert_eq!(one["address"], other["address"]);
    }
    lives.check(&bridge()).unwrap();
});

/// A call of `tartan-ipam` for a container, as its plugin makes it.
fn ipam(
    host: &Host,
    container: &Container,
    verb: &str,
    network: &Network,
) -> Call {
    host.call_ipam(verb, network)
        .variable("CNI_CONTAINERID", container.name())
        .variable("CNI_IFNAME", "eth0")
        .variable("CNI_NETNS", &container.netns().to_string_lossy())
}

// The agent is killed before each step; the DEL that follows a failed ADD
// leaves nothing.
story!(the_agent_may_die_in_any_add_of_another_plugin, |world| {
    let ambre = world.host("ambre");
    let steps =
        ["add:assign", "add:record-adding", "add:record-ready", "add:answer"];
    for step in steps {
        let front = ambre.container(&step.replace(':', "-"));
        ambre.kills_agent();
        ambre.starts_agent_with(&[("TARTAN_CRASH_AT", step)]);
        let fault = front.attach(&ptp()).expect_err(step);
        assert_eq!(fault.code, 11, "{step}: {fault:?}");
        within(seconds(10), &format!("step '{step}' is reached"), || {
            (!ambre.has_agent()).then_some(())
        });
        ambre.starts_agent();
        front.detach(&ptp()).expect("a DEL always follows");
        leftover::none_on(&ambre);
        ambre.attaches(&front, &ptp());
        front.detach(&ptp()).unwrap();
        // Killed before the store knows of the DEL, the next agent would keep
        // the addresses until this container's namespace has ended.
        is_published(&ambre);
    }
});

// With the agent away a DEL leaves a tombstone, and an ADD is to come again.
story!(a_del_without_an_agent_is_done_later, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &bridge());

    ambre.kills_agent();
    front.detach(&bridge()).expect("DEL succeeds without an agent");
    let fault = ambre.container("stock").attach(&bridge()).unwrap_err();
    assert_eq!(fault.code, 11, "{fault:?}");
    ambre.starts_agent();

    leftover::none_on(&ambre);
});

// Thirty-two at once: no address is had by two.
story!(thirty_two_bridged_containers_come_at_once, |world| {
    let ambre = world.host("ambre");
    let all: Vec<_> =
        (0..32).map(|n| ambre.container(&format!("c{n}"))).collect();
    let answers: Vec<Value> = thread::scope(|scope| {
        let each = all.iter().map(|one| {
            let ambre = &ambre;
            scope.spawn(move || {
                ipam(ambre, one, "ADD", &bridge()).answer().unwrap()
            })
        });
        let each: Vec<_> = each.collect();
        each.into_iter().map(|one| one.join().unwrap()).collect()
    });

    let mut seen = BTreeSet::new();
    for answer in &answers {
        for one in answer["ips"].as_array().unwrap() {
            let address = one["address"].as_str().unwrap().to_owned();
            assert!(seen.insert(address), "{one} was given twice");
        }
    }
    assert_eq!(seen.len(), 64);
    for one in &all {
        ipam(&ambre, one, "DEL", &bridge()).answer().unwrap();
    }
    leftover::none_on(&ambre);
});

/// Every version that Debian's plugins speak.
const VERSIONS: &[&str] =
    &["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"];

/// Ranges inside one block, of which we too give the lowest address first.
fn host_local(world: &World, version: &str, number: usize) -> Network {
    let section = json!({
        "dataDir": world.directory(version),
        "resolvConf": resolv_conf(world),
        "ranges": [
            [{ "subnet": format!("10.77.{number}.0/28") }],
            [{
                "subnet": "fd00:77::/64",
                "rangeStart": format!("fd00:77::{number}:0"),
                "rangeEnd": format!("fd00:77::{number}:f"),
                "gateway": "fd00:77::ffff",
            }],
        ],
        "routes": [
            { "dst": "0.0.0.0/0", "gw": format!("10.77.{number}.9") },
            { "dst": "10.0.0.0/8" },
            { "dst": "::/0" },
        ],
    });
    Network::of_other("same", "bridge", section).version(version)
}

fn resolv_conf(world: &World) -> String {
    let path = world.directory("resolver").join("resolv.conf");
    let text = "# ours\nnameserver 192.0.2.53\nsearch a b\noptions ndots:2\n";
    fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

// What `host-local` answers we answer, field by field and value by value, in
// every version that it speaks.
story!(answers_are_those_of_host_local, |world| {
    let ambre = world.host("ambre");
    for (number, version) in VERSIONS.iter().enumerate() {
        let network = host_local(world, version, number + 20);
        let guest = ambre.container(&format!("guest-{version}"));
        let ours = ipam(&ambre, &guest, "ADD", &network);
        let mut theirs = ours.clone();
        theirs.program = "/usr/lib/cni/host-local".into();
        let mut config = network.config();
        config["ipam"]["type"] = json!("host-local");
        theirs = theirs.input(&config);

        let given = ours.answer().unwrap();
        let mut expected = theirs.answer().unwrap();
        // Newer builds of theirs leave an empty `dns` out, as we do.
        if expected["dns"] == json!({}) && given.get("dns").is_none() {
            expected.as_object_mut().unwrap().remove("dns");
        }
        assert_eq!(given, expected, "{version}");
        assert_eq!(given, ours.answer().unwrap(), "{version}: asked again");

        let said = ipam(&ambre, &guest, "DEL", &network).answer().unwrap();
        assert!(said.is_null());
    }
});

fn asking(key: &str, value: Value) -> Network {
    bridge().with(key, value)
}

#[track_caller]
fn v4_of(answer: &Value) -> String {
    answer["ips"][0]["address"].as_str().unwrap().to_owned()
}

// An address asked for by name is given, wherever it is named, or nothing is.
story!(an_address_is_asked_for_by_name, |world| {
    let ambre = world.host("ambre");
    let guest = |name: &str| ambre.container(name);
    let add = |one: &Container, network: &Network| {
        ipam(&ambre, one, "ADD", network).answer()
    };

    let first = ipam(&ambre, &guest("arguments"), "ADD", &bridge())
        .variable("CNI_ARGS", "IgnoreUnknown=1;IP=10.77.8.21")
        .answer();
    assert_eq!(v4_of(&first.unwrap()), "10.77.8.21/24");
    let network = asking("args", json!({"cni": {"ips": ["10.77.8.22"]}}));
    let second = add(&guest("args"), &network).unwrap();
    assert_eq!(v4_of(&second), "10.77.8.22/24");
    let both = json!({"ips": ["10.77.8.23/24", "fd00:77::8:9"]});
    let third = add(&guest("runtime"), &asking("runtimeConfig", both)).unwrap();
    assert_eq!(v4_of(&third), "10.77.8.23/24");
    assert_eq!(third["ips"][1]["address"], "fd00:77::8:9/64");

    let held = leftover::held(&ambre).len();
    for (asked, code) in [
        ("10.77.8.23", 102),
        ("10.77.8.1", 7),
        ("10.77.8.255", 7),
        ("10.77.9.1", 7),
        ("192.0.2.1", 7),
    ] {
        let network = asking("runtimeConfig", json!({"ips": [asked]}));
        let fault = add(&guest(&format!("no-{asked}")), &network).unwrap_err();
        assert_eq!(fault.code, code, "{asked}: {fault:?}");
    }
    assert_eq!(leftover::held(&ambre).len(), held, "nothing is half given");
    for one in ambre.containers() {
        ipam(&ambre, &one, "DEL", &bridge()).answer().unwrap();
    }
});

#[track_caller]
fn refusal(host: &Host, section: Value) -> Fault {
    let network = Network::of_other("wrong", "bridge", section);
    let guest = host.container("wrong");
    let answer = ipam(host, &guest, "ADD", &network).answer();
    guest.dies();
    answer.unwrap_err()
}

// What cannot be given is refused in words that help.
story!(ranges_that_cannot_be_are_refused, |world| {
    let ambre = world.host("ambre");
    let outside = refusal(&ambre, json!({"subnet": "10.99.0.0/24"}));
    assert_eq!(outside.code, 7, "{outside:?}");
    let said = format!("{} {}", outside.msg, outside.details);
    assert!(said.contains("tartan pool create"), "{said}");
    assert!(said.contains("10.99.0.0/24"), "{said}");
    let unknown = refusal(&ambre, json!({"rangestart": "10.77.0.9"}));
    assert_eq!(unknown.code, 2, "{unknown:?}");
    let bits = refusal(&ambre, json!({"subnet": "10.77.0.9/24"}));
    assert_eq!(bits.code, 7, "{bits:?}");
    assert!(bits.msg.contains("10.77.0.0/24"), "{bits:?}");
    leftover::none_on(&ambre);
});

// CNI 1.1.0: STATUS tells of an exhausted range, GC takes what its runtime no
// longer knows, of this network alone.
story!(status_and_garbage_of_a_foreign_network, |world| {
    let ambre = world.host("ambre");
    let one = json!({"subnet": "10.77.8.0/30"});
    let small = Network::of_other("small", "bridge", one).version("1.1.0");
    let kept = ambre.container("kept");
    let lost = ambre.container("lost");
    let other = ambre.runs("other", &bridge());
    let status = || ambre.call_ipam("STATUS", &small).answer();

    status().expect("there is room");
    ipam(&ambre, &lost, "ADD", &small).answer().unwrap();
    let fault = ipam(&ambre, &kept, "ADD", &small).answer().unwrap_err();
    assert_eq!(fault.code, 101, "{fault:?}");
    assert!(fault.msg.contains("10.77.8.1-10.77.8.2"), "{fault:?}");
    assert_eq!(status().unwrap_err().code, 50);

    let none = small.clone().with("cni.dev/valid-attachments", json!([]));
    let said = ambre.call_ipam("GC", &none).answer().unwrap();
    assert!(said.is_null(), "GC prints nothing");
    assert_eq!(leftover::held(&ambre).len(), 2);
    other.check(&bridge()).unwrap();
    let version = ambre.call_ipam("VERSION", &small).answer().unwrap();
    assert_eq!(version["supportedVersions"].as_array().unwrap().len(), 7);
});

// A section that names a team gives its class, under the same rules; no packet
// is held against it.
story!(a_foreign_attachment_has_a_class, |world| {
    let ambre = world.host("ambre");
    let section = |team: &str| {
        let mut section = ranges();
        section["team"] = json!(team);
        section
    };
    let shop = Network::of_other("classed", "ptp", section("shop"));
    let front = ambre.runs("front", &shop);

    let shown = ambre.lists(&format!("ip show {}", front.addresses()[0]));
    assert_eq!(shown["state"], "used");
    assert!(shown["class_name"].as_str().unwrap().ends_with("shop"), "{shown}");
    assert!(shown["attachment"].to_string().contains("front"), "{shown}");
    assert_eq!(ambre.lists("endpoint list"), json!([]));
    let fault = refusal(&ambre, section("nobody"));
    assert_eq!(fault.code, 7, "{fault:?}");
});

// `tartan-cni` takes the same ranges, and those of a runtime.
story!(our_own_links_are_restricted_to_ranges, |world| {
    let ambre = world.host("ambre");
    let section = json!({
        "type": "tartan-ipam",
        "subnet": "10.77.8.0/24",
        "rangeStart": "10.77.8.30",
        "rangeEnd": "10.77.8.31",
    });
    let network = Network::named("narrow").with("ipam", section);
    let front = ambre.runs("front", &network);
    let stock = ambre.runs("stock", &network);
    let mut found: Vec<_> = [front.addresses(), stock.addresses()].concat();
    found.sort();
    let expected: Vec<IpAddr> =
        ["10.77.8.30", "10.77.8.31"].map(|a| a.parse().unwrap()).into();
    assert_eq!(found, expected);
    front.reaches(&stock, tcp(80));
    let fault = ambre.container("third").attach(&network).unwrap_err();
    assert_eq!(fault.code, 101, "{fault:?}");

    let asked = json!({"ipRanges": [[{"subnet": "fd00:77::/64",
        "rangeStart": "fd00:77::1:5", "rangeEnd": "fd00:77::1:5"}]]});
    let asked = Network::named("asked").with("runtimeConfig", asked);
    let fourth = ambre.runs("fourth", &asked);
    let only: IpAddr = "fd00:77::1:5".parse().unwrap();
    assert_eq!(fourth.addresses(), [only]);
});

/// Copies a record under the name of a container that never was.
fn copies_record(host: &Host, network: &str, front: &str) {
    let records = host.run_dir().join("attachments");
    let file = |name: &str| records.join(format!("{network},{name},eth0.json"));
    let text = fs::read_to_string(file(front)).unwrap();
    fs::write(file("another"), &text).unwrap();
    let forged = text.replace(front, "forged");
    fs::write(file("forged"), forged).unwrap();
}

// A copied record is not a second attachment: the real one keeps its address,
// and the copies are put where people find them.
story!(a_copied_record_is_set_aside, |world| {
    let ambre = world.host("ambre");
    let ours = Network::named("ours");
    for (name, network) in [("wired", &ours), ("bridged", &bridge())] {
        let front = ambre.runs(name, network);
        within(seconds(10), "its addresses are used", || {
            (leftover::held(&ambre).len() == 2).then_some(())
        });
        ambre.stops_agent();
        copies_record(&ambre, network.name(), name);
        ambre.starts_agent();

        let held = leftover::held(&ambre);
        assert_eq!(held.len(), 2, "{held:?}");
        let is_fronts = |one: &Value| one["attachment"]["container"] == name;
        assert!(held.iter().all(is_fronts), "{held:?}");
        front.check(network).unwrap();
        let aside = fs::read_dir(ambre.run_dir().join("damaged")).unwrap();
        assert_eq!(aside.count(), 2);
        assert!(ambre.agent_log().contains("set aside"));
        front.detach(network).unwrap();
        leftover::none_on(&ambre);
        for file in fs::read_dir(ambre.run_dir().join("damaged")).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
});

// The example of a bridge, as a runtime hands it to the plugin.
story!(the_example_of_a_bridge_is_a_network, |world| {
    let ambre = world.host("ambre");
    for line in ["team create payments", "app create payments/api"] {
        ambre.tartan(line).success(line);
    }
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/bridge/10-shop.conflist"
    );
    let text = fs::read_to_string(path).unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    let plugin = list["plugins"][0].as_object().unwrap().clone();
    let mut network = Network::named(list["name"].as_str().unwrap());
    for (key, value) in plugin {
        network = network.with(&key, value);
    }

    let till = ambre.runs("till", &network);
    let stock = ambre.runs("stock", &network);

    till.reaches(&stock, tcp(80));
    let shown = ambre.lists(&format!("ip show {}", till.addresses()[0]));
    assert!(shown["class_name"].as_str().unwrap().ends_with("payments/api"));
});
