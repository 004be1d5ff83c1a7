//! What is ours is repaired, what is not ours is left alone.

use tartan_stories::inside::ip;
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{Network, leftover, story, tcp, witness};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

// Somebody removes a route and puts a link down; they come back,
// by a sweep as `tartan gc` asks for, or as it comes once a minute.
story!(drift_in_what_is_ours_is_repaired, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let result = front.result();
    let (address, link) = (result.addresses()[0], result.host_link());

    ip(ambre.netns(), &format!("route del {address} dev {link} proto 116"));
    ip(ambre.netns(), &format!("link set {link} down"));

    until_fine(seconds(30), "link and routes are repaired", || {
        ambre.tartan("gc").success("tartan gc");
        witness::confirms(ambre.netns(), front.netns(), "eth0", &result)
    });
    front.reaches(&stock, tcp(80));
});

// A link, a route and a filter of others, before the agent and after it.
story!(what_is_not_ours_is_left_alone, |world| {
    let ambre = world.bare_host("ambre");
    let netns = ambre.netns();
    for line in [
        "link add others0 type veth peer name others1",
        "link set others0 up",
        "address add 198.51.100.1/24 dev others0",
        "route add 203.0.113.0/24 via 198.51.100.2 proto static",
        "rule add from 198.51.100.0/24 lookup 77 priority 777",
    ] {
        ip(netns, line);
    }
    let others = || {
        let routes = "ip -j route show table all proto static";
        let rules = "ip -j rule show priority 777";
        (
            witness::link(netns, "others0").map(|l| (l.index, l.alt_names)),
            witness::addresses(netns, "others0"),
            witness::says(netns, routes),
            witness::says(netns, rules),
        )
    };
    let before = others();

    ambre.starts_agent();
    ambre.is_furnished();
    let front = ambre.runs("front", &shop());
    ambre.restarts_agent();
    front.detach(&shop()).unwrap();
    leftover::none_on(&ambre);
    ambre.tartan("gc").success("tartan gc");
    ambre.stops_agent();

    assert_eq!(before, others());
});

// An address that somebody else's route leads to is not taken over.
story!(an_address_that_others_use_is_not_taken_over, |world| {
    let ambre = world.host("ambre");
    let netns = ambre.netns();
    ip(netns, "link add others0 type veth peer name others1");
    ip(netns, "link set others0 up");
    ip(netns, "route add 10.77.9.9/32 dev others0 proto static");
    let routes = "ip -j route show 10.77.9.9 table all";
    let before = witness::says(netns, routes);

    let front = ambre.container("front");
    let fault = front.attach(&shop().asking_for("10.77.9.9")).unwrap_err();

    assert!(fault.msg.contains("10.77.9.9"), "{fault:?}");
    assert_eq!(before, witness::says(netns, routes));
    leftover::none_on(&ambre);
});

// Contracts: several agents live on one kernel, each in its own namespace
// with its own directories.
story!(two_agents_on_one_kernel_do_not_meet, |world| {
    let ambre = world.host("ambre");
    let basalte = world.host("basalte");
    let here = ambre.runs("front", &shop());
    let there = basalte.runs("front", &shop());

    basalte.kills_agent();
    here.detach(&shop()).unwrap();
    leftover::none_on(&ambre);

    basalte.starts_agent();
    there.check(&shop()).unwrap();
    there.detach(&shop()).unwrap();
    leftover::none_on(&basalte);
});

// One agent per run directory: a second one says so and changes nothing.
story!(a_second_agent_refuses_to_start, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());

    let second = ambre.tries_second_agent();

    assert!(!second.is_success());
    assert!(second.stderr.contains("another agent"), "{second:?}");
    front.check(&shop()).unwrap();
});

// A pool that is missing is named, and what to do about it.
story!(a_host_without_a_pool_says_what_to_do, |world| {
    let ambre = world.bare_host("ambre");
    ambre.starts_agent();
    let plain = Network::named("plain").version("1.1.0");

    let fault = ambre.container("front").attach(&plain).unwrap_err();

    assert!(fault.msg.contains("default"), "{fault:?}");
    assert!(fault.details.contains("tartan pool create"), "{fault:?}");
    let fault = ambre.call("STATUS", &plain).answer().unwrap_err();
    assert_eq!(fault.code, 50, "{fault:?}");
    ambre
        .tartan("pool create default --cidr 10.77.0.0/16")
        .success("tartan pool create");
    ambre.call("STATUS", &plain).answer().unwrap();
});
