//! A host is not ours alone: others have tables of their own, drop what we
//! need, and now and then throw everything away.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::json;
use tartan_stories::talk;
use tartan_stories::within::{seconds, until_fine, within};
use tartan_stories::{
    Container, Host, Network, Outside, inside, need, story, tcp, witness,
};

fn shop() -> Network {
    Network::named("shop")
        .team("shop")
        .with("ipMasq", json!(true))
        .with_ports(&["tcp 8080 > 80"])
}

/// Runs a program of others on the host; what it printed.
#[track_caller]
fn runs(host: &Host, line: &str) -> String {
    need::need_tool(line.split_whitespace().next().unwrap());
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    inside::run(host.netns(), &mut command, b"").success(line)
}

/// What Docker does to a host's forwarding, of both families.
#[track_caller]
fn like_docker(host: &Host) {
    for iptables in ["iptables-nft", "ip6tables-nft"] {
        for rule in [
            "-P FORWARD DROP",
            "-N DOCKER-USER",
            "-A DOCKER-USER -j RETURN",
            "-I FORWARD -j DOCKER-USER",
        ] {
            runs(host, &format!("{iptables} {rule}"));
        }
    }
}

/// Our rules as iptables lists them.
#[track_caller]
fn ours(host: &Host) -> Vec<String> {
    let mut all = String::new();
    for iptables in ["iptables-nft", "ip6tables-nft"] {
        all += &runs(host, &format!("{iptables} -S"));
    }
    let is_ours = |line: &&str| line.contains("tartan");
    all.lines().filter(is_ours).map(str::to_owned).collect()
}

/// Everything that translation promises, at once.
#[track_caller]
fn is_whole(host: &Host, outside: &Outside, front: &Container) {
    for (known, far) in outside.known_host().iter().zip(outside.end().addresses)
    {
        let at = SocketAddr::new(*known, 8080);
        let seen = talk::asks(&outside.end(), at, &front.end(), tcp(80));
        assert_eq!(seen.expect("an answer of the container"), far);
        let at = SocketAddr::new(far, 80);
        let seen = talk::asks(&front.end(), at, &outside.end(), tcp(80));
        assert_eq!(seen.expect("an answer of the world"), *known);
    }
    let own = SocketAddr::new(host.addresses()[0], 8080);
    talk::asks(&host.end(), own, &front.end(), tcp(80)).expect("an answer");
}

// Docker's rules are there before us: containers are reached, reach the
// world and each other all the same; Docker's rules are as they were.
story!(where_docker_drops_what_is_forwarded_containers_go_on, |world| {
    let ambre = world.bare_host("ambre");
    let outside = Outside::of(&ambre, "outside");
    like_docker(&ambre);
    let before = runs(&ambre, "iptables-nft -S");
    ambre.starts_agent();
    ambre.is_furnished();

    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &Network::named("s").team("shop"));

    is_whole(&ambre, &outside, &front);
    front.reaches(&stock, tcp(80));
    let line = |way| {
        format!(
            "-A DOCKER-USER {way} tt+ -m comment --comment tartan -j ACCEPT"
        )
    };
    for way in ["-i", "-o"] {
        let found = ours(&ambre);
        let count = found.iter().filter(|found| **found == line(way)).count();
        assert_eq!(count, 2, "{found:?}");
    }
    let after = runs(&ambre, "iptables-nft -S");
    let others: Vec<_> =
        after.lines().filter(|l| !l.contains("tartan")).collect();
    assert_eq!(others, before.lines().collect::<Vec<_>>());
});

// Docker comes later; the next run of the reconciler meets it. It goes, and
// our rules with the reason for them.
story!(rules_for_docker_come_and_go_with_their_reason, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");
    let front = ambre.runs("front", &shop());
    is_whole(&ambre, &outside, &front);
    like_docker(&ambre);

    ambre.tartan("gc").success("gc");
    is_whole(&ambre, &outside, &front);
    assert_eq!(ours(&ambre).len(), 4);
    for iptables in ["iptables-nft", "ip6tables-nft"] {
        runs(&ambre, &format!("{iptables} -P FORWARD ACCEPT"));
    }
    ambre.tartan("gc").success("gc");

    assert_eq!(ours(&ambre), Vec::<String>::new());
    is_whole(&ambre, &outside, &front);
});

// Another firewall that drops, without a chain for rules of others; and an
// operator who wants it so.
story!(what_drops_without_docker_is_met_in_its_own_chain, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");
    let front = ambre.runs("front", &shop());
    for iptables in ["iptables-nft", "ip6tables-nft"] {
        runs(&ambre, &format!("{iptables} -P FORWARD DROP"));
    }

    ambre.tartan("gc").success("gc");
    is_whole(&ambre, &outside, &front);
    let found = ours(&ambre);
    let is_there = |line: &String| line.starts_with("-A FORWARD");
    assert_eq!(found.iter().filter(|l| is_there(l)).count(), 4);

    let text = std::fs::read_to_string(ambre.config()).unwrap();
    let text = format!("{text}[network]\nforeign_forward = \"leave\"\n");
    std::fs::write(ambre.config(), text).unwrap();
    ambre.restarts_agent();
    assert_eq!(ours(&ambre), Vec::<String>::new());
});

// A table like firewalld's: it flushes its own, we flush ours, and neither
// hurts the other.
story!(a_firewall_beside_us_is_left_alone, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");
    for line in [
        "nft add table inet firewalld",
        "nft add chain inet firewalld nat_POSTROUTING { type nat hook \
         postrouting priority 110 ; }",
        "nft add chain inet firewalld filter_FORWARD { type filter hook \
         forward priority 10 ; policy accept ; }",
        "nft add rule inet firewalld filter_FORWARD ct state established \
         accept",
    ] {
        runs(&ambre, line);
    }
    let before = runs(&ambre, "nft list table inet firewalld");

    let front = ambre.runs("front", &shop());
    is_whole(&ambre, &outside, &front);
    runs(&ambre, "nft flush table inet firewalld");
    is_whole(&ambre, &outside, &front);
    runs(&ambre, "nft delete table inet tartan");
    ambre.tartan("gc").success("gc");

    is_whole(&ambre, &outside, &front);
    runs(
        &ambre,
        "nft add rule inet firewalld filter_FORWARD ct state established \
         accept",
    );
    assert_eq!(runs(&ambre, "nft list table inet firewalld"), before);
});

// Somebody throws everything away. One run puts everything back; an ADD does
// it for everybody, too.
story!(what_another_tool_flushed_is_put_back, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");
    let front = ambre.runs("front", &shop());
    let before = witness::translated(ambre.netns());

    runs(&ambre, "nft flush ruleset");
    until_fine(seconds(30), "the table is put back", || {
        let seen = witness::translated(ambre.netns());
        (seen == before).then_some(()).ok_or(format!("{seen:?}"))
    });
    is_whole(&ambre, &outside, &front);
    front.check(&shop()).unwrap();

    runs(&ambre, "nft flush ruleset");
    let network =
        Network::named("blog").team("blog").with_ports(&["tcp 81 > 80"]);
    ambre.runs("stock", &network);
    is_whole(&ambre, &outside, &front);
});

// A rule that was altered, one that was added, an element that is missing, an
// element that leads elsewhere.
story!(a_damaged_table_is_made_whole, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");
    let front = ambre.runs("front", &shop());
    let table = || runs(&ambre, "nft list table inet tartan");
    let before = table();

    for damage in [
        "nft flush chain inet tartan leaving",
        "nft insert rule inet tartan leaving accept",
        "nft delete set inet tartan leaving6",
        "nft add set inet tartan odd { type mark ; }",
        "nft flush map inet tartan ports4",
        "nft add element inet tartan ports4 { tcp . 9 : 192.0.2.99 . 9 }",
        "nft add chain inet tartan leaving { policy drop ; }",
    ] {
        let mut words = Command::new("nft");
        words.args(damage.split_whitespace().skip(1));
        let done = inside::run(ambre.netns(), &mut words, b"");
        // A set in use cannot be deleted.
        assert_eq!(
            done.is_success(),
            !damage.contains("delete set"),
            "{done:?}"
        );
        ambre.tartan("gc").success("gc");
        let found = within(seconds(1), "a table", || Some(table()));
        assert_eq!(found, before, "{damage}");
    }
    is_whole(&ambre, &outside, &front);
});

// Tartan leaves a host: nothing of its rules stays.
story!(a_host_that_is_left_keeps_no_rule_of_ours, |world| {
    let ambre = world.host("ambre");
    like_docker(&ambre);
    let front = ambre.runs("front", &shop());
    ambre.tartan("gc").success("gc");
    assert_eq!(ours(&ambre).len(), 4);
    front.detach(&shop()).unwrap();
    ambre.stops_agent();

    let agent = need::program("tartan-agent");
    runs(&ambre, &format!("{} --remove-rules", agent.display()));

    assert_eq!(ours(&ambre), Vec::<String>::new());
    let left = runs(&ambre, "nft list ruleset");
    assert!(!left.contains("inet tartan"), "{left}");
});
