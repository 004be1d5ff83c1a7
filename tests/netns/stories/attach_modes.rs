//! Three ways in which a link gets the programs that judge its packets: each
//! judges the same, and is put back where somebody takes it away.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tartan_stories::drift;
use tartan_stories::{
    Container, Host, Network, inside, leftover, pace, story, tcp, udp, witness,
};

fn shop(mode: &str) -> Network {
    Network::named("shop").team("shop").with("attach", json!(mode))
}

/// How many BPF links hold each of the agent's programs, by `bpftool`.
#[track_caller]
fn by_links(host: &Host) -> Vec<usize> {
    let status = host.tartan("status -o json").success("tartan status");
    let status: Value = serde_json::from_str(&status).unwrap();
    let programs = status["dataplane"]["programs"].as_array().unwrap();
    let seen = witness::says(host.netns(), "bpftool -j link show");
    let links = seen.as_array().cloned().unwrap_or_default();
    let of = |id: &Value| links.iter().filter(|l| l["prog_id"] == *id).count();
    programs.iter().map(|program| of(&program["id"])).collect()
}

#[track_caller]
fn runs(host: &Host, line: &str) {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    inside::run(host.netns(), command.args(words), b"").success(line);
}

/// Its own packets pass, a lie does not, and it is shown how.
#[track_caller]
fn is_judged(host: &Host, front: &Container, stock: &Container, mode: &str) {
    front.reaches(stock, tcp(80));
    stock.reaches(front, udp(53));
    let dropped = drops(host, front);
    let lie = "link set eth0 address 02:00:00:00:00:99";
    drift::given_up(host, front.netns(), "inside_mac", lie);
    front.cannot_reach(stock, udp(53));
    assert!(drops(host, front) > dropped, "{mode}: nothing is dropped");
    let mac = front.result().mac();
    inside::ip(front.netns(), &format!("link set eth0 address {mac}"));
    let line = format!("endpoint show {} -o json", front.name());
    let shown = host.tartan(&line).success(&line);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["endpoint"]["attach"], mode);
}

fn drops(host: &Host, container: &Container) -> u64 {
    let line = format!("endpoint show {} -o json", container.name());
    let shown = host.tartan(&line).success(&line);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let dropped = shown["dropped"].as_array().cloned().unwrap_or_default();
    dropped.iter().filter_map(|entry| entry["packets"].as_u64()).sum()
}

// A network says how; containers of either way reach each other.
story!(every_way_to_attach_judges_the_same, |world| {
    let ambre = world.host("ambre");
    let stock = ambre.runs("stock", &shop("shared-block"));
    for mode in ["shared-block", "clsact", "tcx"] {
        let front = ambre.runs(&format!("front-{mode}"), &shop(mode));
        is_judged(&ambre, &front, &stock, mode);
        front.check(&shop(mode)).unwrap();
        front.detach(&shop(mode)).unwrap();
    }
    stock.detach(&shop("shared-block")).unwrap();
    leftover::none_on(&ambre);
});

// A restart swaps the programs within the links: one of ours at each hook,
// at the same place, never two.
story!(bpf_links_outlive_the_agent_and_are_never_doubled, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop("tcx"));
    let stock = ambre.runs("stock", &shop("tcx"));
    assert_eq!(by_links(&ambre), [2, 2], "one for each container");

    ambre.kills_agent();
    front.reaches(&stock, tcp(80));
    ambre.starts_agent();
    ambre.restarts_agent();

    assert_eq!(by_links(&ambre), [2, 2], "as before");
    is_judged(&ambre, &front, &stock, "tcx");
});

// What somebody takes away is put back, in each way.
story!(programs_that_are_taken_away_are_put_back, |world| {
    let ambre = world.host("ambre");
    let stock = ambre.runs("stock", &shop("shared-block"));
    for mode in ["shared-block", "clsact", "tcx"] {
        let front = ambre.runs(&format!("front-{mode}"), &shop(mode));
        let link = front.result().host_link();
        match mode {
            "tcx" => {
                let pins = witness::pins(&ambre.bpf_dir().join("links"));
                assert_eq!(pins.len(), 2, "{pins:?}");
                pins.iter().for_each(|pin| fs::remove_file(pin).unwrap());
            }
            _ => runs(&ambre, &format!("tc qdisc del dev {link} clsact")),
        }
        ambre.tartan("gc").success("tartan gc");
        is_judged(&ambre, &front, &stock, mode);
        front.detach(&shop(mode)).unwrap();
    }
});

// Limits hold whichever way the programs came.
story!(limits_hold_in_every_way_to_attach, |world| {
    let ambre = world.host("ambre");
    let stock = ambre.runs("stock", &shop("shared-block"));
    let limit = 20e6;
    let rates = json!({ "bandwidth": {
        "ingressRate": limit as u64, "egressRate": limit as u64 }});
    for mode in ["clsact", "tcx"] {
        let network = shop(mode).with("runtimeConfig", rates.clone());
        let slow = ambre.runs(&format!("slow-{mode}"), &network);
        let (slow_end, stock_end) = (slow.end(), stock.end());
        for (from, to) in [(&slow_end, &stock_end), (&stock_end, &slow_end)] {
            let pace = pace::pace(from, to, to.addresses[0], udp(5202));
            let fits = 0.5 * limit < pace && pace < 1.25 * limit;
            assert!(fits, "{mode}, {from} to {to}: {pace:.0} bit/s");
        }
        slow.detach(&network).unwrap();
    }
});
