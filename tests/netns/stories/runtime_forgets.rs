//! Runtimes that forget: no DEL, a namespace that is gone or is another's.

use serde_json::json;
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{Host, Network, leftover, story, tcp, witness};

fn shop() -> Network {
    Network::named("shop").team("shop").version("1.1.0")
}

/// Waits until just these many attachments are left on the host, by sweeps
/// that the agent also makes by itself once a minute.
fn come_down_to(host: &Host, attachments: usize) {
    until_fine(seconds(30), "the sweep has found the dead", || {
        host.tartan("gc").success("tartan gc");
        let held = leftover::held(host).len();
        let routes = witness::our_routes(host.netns()).len();
        let links = witness::links(host.netns());
        let links = links.iter().filter(|link| link.is_of_attachment()).count();
        let expected = (2 * attachments, 2 * attachments, attachments);
        if (held, routes, links) == expected {
            return Ok(());
        }
        Err(format!("{held} addresses, {routes} routes, {links} links"))
    });
}

// Nobody calls DEL; the addresses come back all the same.
story!(a_runtime_that_never_calls_del, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());

    front.dies();
    front.is_forgotten();

    come_down_to(&ambre, 1);
    let result = stock.result();
    witness::confirms(ambre.netns(), stock.netns(), "eth0", &result).unwrap();
});

// DEL after the namespace went, with its path, without, with the path
// of a file that is no namespace.
story!(a_namespace_that_is_gone_does_not_stop_a_del, |world| {
    let ambre = world.host("ambre");
    for (name, path) in
        [("path", None), ("none", Some("")), ("file", Some("/proc/version"))]
    {
        let front = ambre.runs(name, &shop());
        let netns = front.netns().to_string_lossy().into_owned();
        front.dies();
        let path = path.unwrap_or(&netns);
        let call = front.call("DEL", &shop(), "eth0");
        call.variable("CNI_NETNS", path).answer().expect(name);
        front.is_forgotten();
        leftover::none_on(&ambre);
    }
});

// The path leads to another container's namespace now, whose
// own eth0 must stay.
story!(a_recycled_namespace_is_not_touched, |world| {
    let ambre = world.host("ambre");
    let old = ambre.runs("old", &shop());
    let new = ambre.runs("new", &shop());
    let other = ambre.runs("other", &shop());
    old.dies();

    let call = old
        .call("DEL", &shop(), "eth0")
        .variable("CNI_NETNS", &new.netns().to_string_lossy());
    call.answer().expect("DEL succeeds");
    old.is_forgotten();

    come_down_to(&ambre, 2);
    let result = new.result();
    witness::confirms(ambre.netns(), new.netns(), "eth0", &result).unwrap();
    new.reaches(&other, tcp(80));
});

// A container of the same name in another namespace, its
// forerunner having died without DEL, is another life.
story!(a_container_of_the_same_name_is_another, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let before = front.result();

    front.is_born_again();
    let after = ambre.attaches(&front, &shop());

    assert_ne!(before.host_link(), after.host_link());
    witness::confirms(ambre.netns(), front.netns(), "eth0", &after).unwrap();
    come_down_to(&ambre, 2);
    front.reaches(&stock, tcp(80));
});

// GC takes what its network has beside what is listed,
// and nothing of another network.
story!(garbage_is_collected_of_one_network, |world| {
    let ambre = world.host("ambre");
    let blog = Network::named("blog").team("blog").version("1.1.0");
    let kept = ambre.runs("kept", &shop());
    let lost = ambre.runs("lost", &shop());
    let other = ambre.runs("other", &blog);
    lost.is_forgotten();

    let valid = json!([{ "containerID": "kept", "ifname": "eth0" }]);
    let call = shop().with("cni.dev/valid-attachments", valid);
    let said = ambre.call("GC", &call).answer().unwrap();

    assert!(said.is_null(), "GC prints nothing");
    come_down_to(&ambre, 2);
    kept.check(&shop()).unwrap();
    other.check(&blog).unwrap();
});

// The older key counts too; none is refused; null is empty.
story!(garbage_is_not_collected_by_mistake, |world| {
    let ambre = world.host("ambre");
    let kept = ambre.runs("kept", &shop());

    let fault = ambre.call("GC", &shop()).answer().unwrap_err();
    assert_eq!(fault.code, 7, "{fault:?}");
    kept.check(&shop()).unwrap();

    let valid = json!([{ "containerID": "kept", "ifname": "eth0" }]);
    let older = shop().with("cni.dev/attachments", valid);
    ambre.call("GC", &older).answer().unwrap();
    kept.check(&shop()).unwrap();

    let null = shop().with("cni.dev/valid-attachments", json!(null));
    ambre.call("GC", &null).answer().unwrap();
    kept.is_forgotten();
    leftover::none_on(&ambre);
});

// What a sweep finds dead has proof; whoever lives is left
// alone, whatever its runtime forgot.
story!(the_living_are_never_collected, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());

    for _ in 0..3 {
        ambre.tartan("gc").success("tartan gc");
        ambre.restarts_agent();
    }

    front.check(&shop()).unwrap();
    front.reaches(&stock, tcp(80));
});
