//! Mesos, by what it sends (the isolator `network/cni`): an environment with
//! nothing but its own variables, no `cniVersion`, what the task asks for in
//! `args`, several networks at once, and after a reboot a DEL without a
//! namespace.

use std::thread;

use serde_json::{Value, json};
use tartan_stories::plugin::{Answer, Call};
use tartan_stories::{
    Container, Host, leftover, story, stranger, tcp, witness,
};

/// One plugin, not a list: Mesos reads no lists.
fn network(name: &str, info: &Value) -> Value {
    json!({
        "name": name,
        "type": "tartan-cni",
        "teamFrom": "request",
        "teams": ["shop", "blog"],
        "args": { "org.apache.mesos": { "network_info": info } },
    })
}

/// What a task asks for; the class comes from its labels.
fn task(name: &str) -> Value {
    json!({
        "name": name,
        "ip_addresses": [{ "protocol": "IPv4" }],
        "groups": ["production"],
        "labels": { "labels": [
            { "key": "tartan.team", "value": "shop" },
            { "key": "tartan.app", "value": "front" },
            { "key": "no-value" },
        ] },
    })
}

fn call(host: &Host, verb: &str, config: &Value, interface: &str) -> Call {
    stranger::call(host, verb, config)
        .variable("CNI_CONTAINERID", CONTAINER)
        .variable("CNI_IFNAME", interface)
        .variable("PATH", "/usr/local/sbin:/usr/bin:/bin")
}

/// A container inside another has both their names.
const CONTAINER: &str =
    "9ad18e9a-7d4a-4c28-8b07-94d1cd2d2cc1.5b8f6a5e-0f8e-4ed6-b6ae-3c0f1d5c0a11";

fn inside(call: Call, container: &Container) -> Call {
    call.variable("CNI_NETNS", &container.netns().to_string_lossy())
}

// The result is of the oldest form, the only one that Mesos sees addresses in.
story!(mesos_attaches_a_task_to_its_networks_at_once, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let networks = ["one", "two", "three"].map(|n| network(n, &task(n)));
    let interfaces = ["eth0", "eth1", "eth2"];
    let at_once = |verb: &'static str| {
        thread::scope(|scope| {
            let all: Vec<_> = networks
                .iter()
                .zip(interfaces)
                .map(|(config, interface)| {
                    let made = call(&ambre, verb, config, interface);
                    let made = inside(made, &front);
                    scope.spawn(move || made.answer().unwrap())
                })
                .collect();
            let answers = all.into_iter().map(|one| one.join().unwrap());
            answers.collect::<Vec<_>>()
        })
    };

    for (answer, interface) in at_once("ADD").iter().zip(interfaces) {
        assert_eq!(answer["cniVersion"], "0.1.0", "{answer}");
        assert!(answer["ip4"]["gateway"].is_string(), "{answer}");
        let mut told = Answer(answer.clone()).addresses();
        let mut there = witness::addresses(front.netns(), interface);
        told.sort();
        there.sort();
        assert_eq!(told, there);
    }
    let endpoints = ambre.lists("endpoint list");
    let classes = endpoints.as_array().unwrap().iter();
    let classes: Vec<_> = classes.map(|one| &one["class_name"]).collect();
    assert_eq!(classes, ["shop/front"; 3]);

    at_once("DEL");
    leftover::none_on(&ambre);
});

// Marathon's host ports, in Mesos' spelling.
story!(mesos_asks_for_ports_of_the_host, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let mut info = task("one");
    info["port_mappings"] = json!([
        { "host_port": 31080, "container_port": 80, "protocol": "tcp" },
    ]);
    let config = network("one", &info);

    let add = inside(call(&ambre, "ADD", &config, "eth0"), &front);
    let answer = Answer(add.answer().unwrap());

    let end = stranger::behind(front.netns(), &answer);
    stranger::leads(&ambre, 31080, &end, tcp(80));
    call(&ambre, "DEL", &config, "eth0").answer().unwrap();
    leftover::none_on(&ambre);
});

// An address that was asked for and cannot be had fails the task.
story!(mesos_asks_for_an_address, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let mut info = task("one");
    info["ip_addresses"] = json!([{ "ip_address": "10.77.3.9" }]);
    let config = network("one", &info);

    let add = || inside(call(&ambre, "ADD", &config, "eth0"), &front);
    let answer = Answer(add().answer().unwrap());
    assert_eq!(answer.addresses()[0].to_string(), "10.77.3.9");
    let other = add().variable("CNI_CONTAINERID", "other");
    let refused = other.answer().unwrap_err();
    assert!(refused.msg.contains("10.77.3.9"), "{refused:?}");

    call(&ambre, "DEL", &config, "eth0").answer().unwrap();
    leftover::none_on(&ambre);
});

// The agent of Mesos comes back after a reboot and deletes what it knew, with
// no namespace; what it cannot know whether it was made, too.
story!(mesos_deletes_after_a_reboot, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let config = network("one", &task("one"));
    inside(call(&ambre, "ADD", &config, "eth0"), &front).answer().unwrap();

    ambre.loses_power();
    call(&ambre, "DEL", &config, "eth0").answer().unwrap();
    ambre.starts_agent();
    for interface in ["eth0", "eth0", "eth1"] {
        call(&ambre, "DEL", &config, interface).answer().unwrap();
    }

    leftover::none_on(&ambre);
});

// With a version whose results Mesos does not read its task would have no
// address: that is refused, and the error says what to do.
story!(mesos_is_told_of_a_version_that_it_does_not_read, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let mut config = network("one", &task("one"));
    config["cniVersion"] = json!("1.0.0");

    let add = inside(call(&ambre, "ADD", &config, "eth0"), &front);
    let refused = add.answer().unwrap_err();

    assert_eq!(refused.code, 7, "{refused:?}");
    let said = format!("{} {}", refused.msg, refused.details);
    assert!(said.contains("take \"cniVersion\" out"), "{refused:?}");
    leftover::none_on(&ambre);
});
