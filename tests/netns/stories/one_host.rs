//! What one host promises its containers.

use std::collections::BTreeSet;
use std::fs;

use serde_json::json;
use tartan_stories::drift::given_up;
use tartan_stories::inside::ip;
use tartan_stories::plugin::Answer;
use tartan_stories::{Network, leftover, story, talk, tcp, udp, witness};

// Two containers of one team: each has an address of each family of its own,
// and each is reached at it.
story!(containers_of_a_host_reach_each_other, |world| {
    let ambre = world.host("ambre");
    let shop = Network::named("shop").team("shop");

    let front = ambre.runs("front", &shop);
    let stock = ambre.runs("stock", &shop);

    assert_eq!(front.addresses().len(), 2, "one address per family");
    front.reaches(&stock, tcp(5432));
    stock.reaches(&front, tcp(80));
    front.reaches(&stock, udp(53));
});

// A container and its host, which has an address of its own.
story!(a_host_and_its_container_reach_each_other, |world| {
    let ambre = world.host("ambre");

    let front = ambre.runs("front", &Network::named("shop").team("shop"));

    talk::reaches(&ambre.end(), &front.end(), tcp(80));
    talk::reaches(&front.end(), &ambre.end(), tcp(22));
});

// What an ADD answers is what others' tools find in the kernel.
story!(an_answer_is_what_the_kernel_has, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &Network::named("shop").team("shop"));
    let result = front.result();

    witness::confirms(ambre.netns(), front.netns(), "eth0", &result).unwrap();

    let inner = witness::link(front.netns(), "eth0").expect("eth0");
    assert_eq!(inner.mac, result.mac());
    let outer = witness::link(ambre.netns(), &result.host_link());
    let outer = outer.expect("the host's end");
    assert!(outer.alt_names.iter().any(|name| name.starts_with("tartan,")));
    assert_eq!(outer.mtu, inner.mtu);
    let guarded = witness::clsact_devices(ambre.netns());
    assert!(guarded.contains(&outer.name), "{outer:?} has no filters");
});

// Nothing of a container is left when it was detached; asking again is fine.
story!(a_detached_container_leaves_nothing, |world| {
    let ambre = world.host("ambre");
    let shop = Network::named("shop").team("shop");
    let front = ambre.runs("front", &shop);

    front.detach(&shop).unwrap();

    leftover::none_on(&ambre);
    assert!(witness::link(front.netns(), "eth0").is_none());
    front.detach(&shop).expect("a second DEL succeeds");
    ambre.container("never").detach(&shop).expect("DEL without ADD");
});

// A runtime that asks twice gets the same answer twice.
story!(the_same_attachment_again_has_the_same_answer, |world| {
    let ambre = world.host("ambre");
    let shop = Network::named("shop").team("shop");
    let front = ambre.runs("front", &shop);
    let first = front.result();

    let second = ambre.attaches(&front, &shop);

    assert_eq!(first, second);
    assert_eq!(leftover::held(&ambre).len(), 2, "no further address");
});

// Interfaces of one container are attachments of their own.
story!(interfaces_of_a_container_are_independent, |world| {
    let ambre = world.host("ambre");
    let (shop, blog) = (Network::named("shop"), Network::named("blog"));
    let front = ambre.runs("front", &shop.team("shop"));

    let blog = blog.team("blog");
    let second = front.attach_as("eth1", &blog).unwrap();
    let mut all: BTreeSet<_> = front.addresses().into_iter().collect();
    all.extend(second.addresses());
    assert_eq!(all.len(), 4, "no address twice");

    front.detach(&Network::named("shop").team("shop")).unwrap();
    witness::confirms(ambre.netns(), front.netns(), "eth1", &second).unwrap();
    assert!(witness::link(front.netns(), "eth0").is_none());
});

// An interface that is not ours is an error and stays, and the
// failed ADD leaves nothing.
story!(an_interface_in_the_way_is_an_error, |world| {
    let ambre = world.host("ambre");
    let shop = Network::named("shop").team("shop");
    let front = ambre.container("front");
    ip(front.netns(), "link add eth0 type veth peer name other");

    let fault = front.attach(&shop).unwrap_err();

    assert!(fault.msg.contains("eth0"), "{fault:?}");
    leftover::none_on(&ambre);
    assert!(witness::link(front.netns(), "eth0").is_some(), "not ours");
    front.detach(&shop).expect("DEL follows a failed ADD");
    assert!(witness::link(front.netns(), "eth0").is_some(), "not ours");
});

// The name is free as soon as DEL has answered.
story!(a_container_is_attached_again_at_once, |world| {
    let ambre = world.host("ambre");
    let shop = Network::named("shop").team("shop");
    let front = ambre.runs("front", &shop);
    let stock = ambre.runs("stock", &shop);

    for _ in 0..20 {
        let before = front.result();
        front.detach(&shop).unwrap();
        let after = ambre.attaches(&front, &shop);
        assert_ne!(before.addresses(), after.addresses(), "addresses rest");
    }

    front.reaches(&stock, tcp(80));
});

// CHECK is content right after ADD, sees what is damaged and left
// alone, and repairs nothing.
story!(a_check_sees_what_is_missing, |world| {
    let ambre = world.host("ambre");
    let shop = Network::named("shop").team("shop");
    let front = ambre.runs("front", &shop);
    front.check(&shop).unwrap();
    let address = front.addresses()[0];

    let damage = format!("address del {address}/32 dev eth0");
    given_up(&ambre, front.netns(), "inside_address", &damage);
    let fault = front.check(&shop).unwrap_err();

    assert!(fault.msg.contains(&address.to_string()), "{fault:?}");
    let there = witness::addresses(front.netns(), "eth0");
    assert!(!there.contains(&address), "CHECK repairs nothing");
    ip(front.netns(), &format!("address add {address}/32 dev eth0"));
    front.check(&shop).unwrap();
    given_up(&ambre, front.netns(), "inside_link", "link set eth0 down");
    front.check(&shop).unwrap_err();
});

// What a plugin of this kind has beside the kernel's network is
// looked at too: the host's route, the entry of the eBPF map.
story!(a_check_looks_at_the_hosts_side_too, |world| {
    let ambre = world.host("ambre");
    let shop = Network::named("shop").team("shop");
    let front = ambre.runs("front", &shop);
    let link = front.result().host_link();
    let address = front.addresses()[0];

    let damage = format!("route del {address} dev {link} proto 116");
    given_up(&ambre, ambre.netns(), "host_route", &damage);

    let fault = front.check(&shop).unwrap_err();
    assert!(fault.msg.contains(&address.to_string()), "{fault:?}");
});

// Only the descriptor counts. Root, a path that means nothing
// to the agent, and a network that names the socket alone.
story!(a_network_may_name_the_agents_socket, |world| {
    let ambre = world.host("ambre");
    let shop = Network::named("shop").team("shop");
    let front = ambre.container("front");

    let call = front
        .call("ADD", &shop, "eth0")
        .variable("TARTAN_RUN_DIR", "")
        .variable("TARTAN_CONFIG", "");
    let answer = Answer(call.answer().unwrap());

    witness::confirms(ambre.netns(), front.netns(), "eth0", &answer).unwrap();
    front.detach(&shop).unwrap();
});

// An address may be asked for, once at a time.
story!(an_address_that_is_asked_for_is_given, |world| {
    let ambre = world.host("ambre");
    let shop = Network::named("shop").team("shop");
    let wish = shop.asking_for("10.77.5.6");

    let front = ambre.runs("front", &wish);
    assert_eq!(front.addresses()[0].to_string(), "10.77.5.6");

    let stock = ambre.container("stock");
    let fault = stock.attach(&wish).unwrap_err();
    assert!(fault.msg.contains("10.77.5.6"), "{fault:?}");
    assert_eq!(leftover::held(&ambre).len(), 2, "all or none");

    front.detach(&wish).unwrap();
    ambre.attaches(&front, &wish);
    assert_eq!(front.addresses()[0].to_string(), "10.77.5.6");
});

// What cannot be had is refused and nothing is kept.
story!(an_address_outside_every_pool_is_refused, |world| {
    let ambre = world.host("ambre");
    let shop = Network::named("shop").team("shop");
    let front = ambre.container("front");

    for address in ["10.78.0.1", "10.77.0.0", "fd00:78::1", "169.254.1.1"] {
        let fault =
            front.attach(&shop.clone().asking_for(address)).expect_err(address);
        assert!(fault.msg.contains(address), "{fault:?}");
    }
    leftover::none_on(&ambre);
});

// The MAC address and the MTU that are asked for.
story!(a_mac_address_and_an_mtu_are_honoured, |world| {
    let ambre = world.host("ambre");
    let mac = "02:00:00:00:00:17";
    let shop = Network::named("shop")
        .team("shop")
        .with("mtu", json!(1300))
        .with("runtimeConfig", json!({ "mac": mac }));

    let front = ambre.runs("front", &shop);

    assert_eq!(front.result().mac(), mac);
    let inner = witness::link(front.netns(), "eth0").expect("eth0");
    assert_eq!((inner.mac.as_str(), inner.mtu), (mac, 1300));
});

// Every version that allows it answers in its own words.
story!(every_version_is_spoken, |world| {
    let ambre = world.host("ambre");
    for version in
        ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]
    {
        let shop = Network::named("shop").team("shop").version(version);
        let front = ambre.runs(&format!("front-{version}"), &shop);
        assert_eq!(front.result().0["cniVersion"], version);
        assert_eq!(front.addresses().len(), 2, "{version}");
        if version > "0.3.9" {
            front.check(&shop).unwrap();
        }
    }
});

// An agent that kept a namespace would keep it from dying.
story!(the_agent_keeps_no_namespace, |world| {
    let ambre = world.host("ambre");
    let shop = Network::named("shop").team("shop");
    let front = ambre.runs("front", &shop);
    front.check(&shop).unwrap();

    let descriptors = format!("/proc/{}/fd", ambre.agent_pid());
    let own = fs::read_link(format!("/proc/{}/ns/net", ambre.agent_pid()));
    let own = own.unwrap();
    let foreign: Vec<_> = fs::read_dir(descriptors)
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter(|to| to.to_string_lossy().starts_with("net:"))
        .filter(|to| *to != own)
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
});
