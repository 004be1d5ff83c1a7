//! An agent may die at any moment and come back; what runs goes on.

use std::fs;

use serde_json::json;
use tartan_stories::talk::Conversation;
use tartan_stories::within::seconds;
use tartan_stories::{
    Container, Host, Network, leftover, need, story, tcp, within, witness,
};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

// The dataplane outlives the agent: what is open stays open, new connections
// come about, and the agent that comes back knows everything.
story!(connections_outlive_the_agent, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let open = Conversation::open(&front, &stock, 5432);

    ambre.kills_agent();
    open.goes_on();
    front.reaches(&stock, tcp(80));

    ambre.starts_agent();
    open.goes_on();
    front.check(&shop()).unwrap();
    stock.check(&shop()).unwrap();
    front.reaches(&stock, udp_port());
});

fn udp_port() -> tartan_stories::Port {
    tartan_stories::udp(53)
}

// An agent that starts again attaches nothing a second time.
story!(a_restart_changes_nothing_in_the_kernel, |world| {
    let ambre = world.host("ambre");
    let _front = ambre.runs("front", &shop());
    let before = picture(&ambre);

    ambre.restarts_agent();
    ambre.restarts_agent();

    assert_eq!(before, picture(&ambre));
});

/// Links, their indexes, routes, qdiscs, filters and pinned maps. (Not the
/// numbers of programs: each agent loads its own and swaps them in.)
fn picture(host: &Host) -> Vec<String> {
    let netns = host.netns();
    let mut seen: Vec<_> = witness::links(netns)
        .iter()
        .map(|link| format!("{} {} {:?}", link.index, link.name, link.flags))
        .collect();
    seen.extend(
        witness::our_routes(netns).iter().map(|route| format!("{route:?}")),
    );
    seen.extend(witness::clsact_devices(netns));
    let pins = witness::pins(&host.bpf_dir());
    seen.extend(pins.iter().map(|pin| pin.display().to_string()));
    let filters = witness::filters(netns);
    assert_eq!(filters.len(), 2, "one filter each way: {filters:?}");
    seen.extend(filters);
    seen
}

// With the agent away a DEL still succeeds, an ADD is told
// to come again, and the agent that comes back does what was left undone.
story!(a_container_is_deleted_while_the_agent_is_away, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.container("stock");

    ambre.kills_agent();
    front.detach(&shop()).expect("DEL succeeds without an agent");
    front.detach(&shop()).expect("and again");
    let fault = stock.attach(&shop()).unwrap_err();
    assert_eq!(fault.code, 11, "{fault:?}");
    stock.detach(&shop()).expect("DEL of what was never there");
    let tombs = fs::read_dir(ambre.run_dir().join("tombstones")).unwrap();
    assert_eq!(tombs.count(), 1, "one for the one that was there");

    ambre.starts_agent();
    leftover::none_on(&ambre);
});

// A tombstone deletes the life it names and nothing newer.
story!(a_tombstone_deletes_nothing_newer, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let record = ambre.run_dir().join("attachments").join(record_name());
    let old: serde_json::Value =
        serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    let tomb = serde_json::json!({
        "v": 1,
        "attachment": old["attachment"],
        "generation": old["attached"]["generation"],
    });
    front.detach(&shop()).unwrap();
    ambre.attaches(&front, &shop());

    ambre.kills_agent();
    let path = ambre.run_dir().join("tombstones").join(record_name());
    fs::write(&path, tomb.to_string()).unwrap();
    ambre.starts_agent();

    let result = front.result();
    witness::confirms(ambre.netns(), front.netns(), "eth0", &result).unwrap();
    front.check(&shop()).unwrap();
    assert!(!path.exists(), "a replayed tombstone goes");
});

fn record_name() -> &'static str {
    "shop,front,eth0.json"
}

// Containers that died while the agent was away, without a DEL.
story!(the_dead_are_found_at_a_restart, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());

    ambre.kills_agent();
    front.dies();
    ambre.starts_agent();
    ambre.tartan("gc").success("tartan gc");

    within(seconds(30), "the dead container's addresses are free", || {
        (leftover::held(&ambre).len() == 2).then_some(())
    });
    let result = stock.result();
    witness::confirms(ambre.netns(), stock.netns(), "eth0", &result).unwrap();
});

// A runtime can ask whether the agent is there; 51 where containers
// may be cut off from now on.
story!(status_says_whether_the_agent_is_there, |world| {
    let ambre = world.host("ambre");
    let shop = shop().version("1.1.0");
    ambre.call("STATUS", &shop).answer().unwrap();

    ambre.kills_agent();
    let fault = ambre.call("STATUS", &shop).answer().unwrap_err();
    assert_eq!(fault.code, 50, "{fault:?}");

    ambre.starts_agent();
    let _front = ambre.runs("front", &shop);
    ambre.kills_agent();
    let fault = ambre.call("STATUS", &shop).answer().unwrap_err();
    assert_eq!(fault.code, 51, "{fault:?}");
});

/// The same network, asking for everything that takes a step of its own.
fn asking() -> Network {
    let rates = json!({
        "ingressRate": 20_000_000, "egressRate": 20_000_000,
    });
    let port = json!({
        "hostPort": 8080, "containerPort": 80, "protocol": "udp",
    });
    let asked = json!({ "bandwidth": rates, "portMappings": [port] });
    shop()
        .with("ipMasq", json!(true))
        .with("runtimeConfig", asked)
        .with("attach", "tcx".into())
}

// The list of steps is the agent's own; it is killed before each of them, and
// a step that never comes is a failure of the list.
story!(an_agent_may_die_before_any_step_of_add, |world| {
    let ambre = world.host("ambre");
    let stays = ambre.runs("stays", &shop());
    for step in need::steps("add:") {
        let name = step.replace([':', ' '], "-");
        let front = ambre.container(&name);
        dies_at(&ambre, &step, || {
            let fault = front.attach(&asking()).expect_err(&step);
            assert_eq!(fault.code, 11, "{step}: {fault:?}");
        });
        ambre.starts_agent();
        after(&ambre, &stays, &front, &step);
    }
});

// The same for DEL: a runtime is told that it succeeded whatever happens.
story!(an_agent_may_die_before_any_step_of_del, |world| {
    let ambre = world.host("ambre");
    let stays = ambre.runs("stays", &shop());
    for step in need::steps("del:") {
        let name = step.replace([':', ' '], "-");
        let front = ambre.runs(&name, &asking());
        dies_at(&ambre, &step, || front.detach(&asking()).expect(&step));
        ambre.starts_agent();
        after(&ambre, &stays, &front, &step);
    }
});

// ... and for the undoing of an ADD that failed at its very end.
fn after(host: &Host, stays: &Container, front: &Container, step: &str) {
    front.detach(&asking()).expect("a DEL always follows");
    within(seconds(30), &format!("nothing but 'stays' after {step}"), || {
        let records = fs::read_dir(host.run_dir().join("attachments"));
        let links = witness::links(host.netns());
        let ours = links.iter().filter(|link| link.is_of_attachment());
        let routes = witness::our_routes(host.netns());
        (records.unwrap().count() == 1
            && ours.count() == 1
            && routes.len() == 2
            && witness::classes(host.netns(), "tartan-ifb").is_empty()
            && witness::translated(host.netns()).is_empty()
            && leftover::held(host).len() == 2)
            .then_some(())
    });
    let result = stays.result();
    witness::confirms(host.netns(), stays.netns(), "eth0", &result).unwrap();
    host.attaches(front, &asking());
    front.reaches(stays, tcp(80));
    front.detach(&asking()).unwrap();
}

/// Restarts the agent so that it kills itself before `step`; then `act` must
/// make it.
fn dies_at(host: &Host, step: &str, act: impl FnOnce()) {
    host.kills_agent();
    host.starts_agent_with(&[("TARTAN_CRASH_AT", step)]);
    act();
    within(seconds(10), &format!("step '{step}' is reached"), || {
        (!host.has_agent()).then_some(())
    });
}
