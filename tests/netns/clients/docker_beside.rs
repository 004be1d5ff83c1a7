//! Docker on a host of ours: neither notices the other.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::json;
use tartan_stories::{Host, Network, Outside, inside, story, talk, tcp};

use crate::docker::Docker;

/// Docker's own rules, as iptables lists them.
#[track_caller]
fn of_docker(host: &Host) -> Vec<String> {
    let run = |arguments: &[&str]| {
        let mut command = Command::new("iptables");
        command.args(arguments);
        inside::run(host.netns(), &mut command, b"").success("iptables")
    };
    let all = run(&["-S"]) + &run(&["-t", "nat", "-S"]);
    let is_ours = |line: &&str| line.contains("--comment tartan");
    all.lines().filter(|line| !is_ours(line)).map(str::to_owned).collect()
}

/// The page that Docker's container serves at a port of the host.
#[track_caller]
fn page(outside: &Outside) -> String {
    let url = format!("http://{}:8090/", outside.known_host()[0]);
    let mut command = Command::new("busybox");
    command.args(["wget", "-q", "-O", "-", &url]);
    inside::run(outside.netns(), &mut command, b"").stdout
}

// Docker is there first, and drops what is forwarded. Containers of ours are
// reached by host ports, reach the world and each other; Docker's rules and
// containers are as they were.
story!(containers_go_on_beside_a_running_docker, |world| {
    let ambre = world.bare_host("ambre");
    let outside = Outside::of(&ambre, "outside");
    let docker = Docker::on(world, &ambre);
    docker.runs("theirs", "-p 8090:80");
    let before = of_docker(&ambre);
    assert!(before.contains(&"-P FORWARD DROP".to_owned()), "{before:?}");
    assert_eq!(page(&outside), "told\n");

    ambre.starts_agent();
    ambre.is_furnished();
    let network = Network::named("shop")
        .team("shop")
        .with("ipMasq", json!(true))
        .with_ports(&["tcp 8080 > 80"]);
    let front = ambre.runs("front", &network);
    let stock = ambre.runs("stock", &Network::named("one").team("shop"));

    front.reaches(&stock, tcp(80));
    for (known, far) in outside.known_host().iter().zip(outside.end().addresses)
    {
        let at = SocketAddr::new(*known, 8080);
        let seen = talk::asks(&outside.end(), at, &front.end(), tcp(80));
        assert_eq!(seen.unwrap(), far);
        let at = SocketAddr::new(far, 80);
        let seen = talk::asks(&front.end(), at, &outside.end(), tcp(80));
        assert_eq!(seen.unwrap(), *known);
    }
    assert_eq!(of_docker(&ambre), before);
    assert_eq!(page(&outside), "told\n");
    docker.does("rm -f theirs");
});
