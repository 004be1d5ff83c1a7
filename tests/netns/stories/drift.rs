//! Somebody changes what is ours, with a program that is not ours: it is put
//! back, a program that is not ours sees it, and an event tells of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tartan_stories::drift::given_up;
use tartan_stories::inside::{inside, ip, run};
use tartan_stories::process::{self, Outcome};
use tartan_stories::within::{seconds, until_fine, within};
use tartan_stories::{Container, Host, Network, story, tcp, witness};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

/// Runs a line of words inside a namespace.
#[track_caller]
fn does(netns: &Path, line: &str) -> Outcome {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    run(netns, &mut command, b"")
}

/// The number of the last event.
#[track_caller]
fn last_event(host: &Host) -> u64 {
    let all = host.lists("events");
    let numbers = all.as_array().unwrap().iter();
    numbers.filter_map(|e| e["number"].as_u64()).max().unwrap_or(0)
}

/// Waits for an event of this kind and outcome behind number `after`.
#[track_caller]
fn tells(host: &Host, kind: &str, outcome: &str, after: u64) -> Value {
    let what = format!("an event {kind}, {outcome}");
    within(seconds(20), &what, || {
        let all = host.lists("events");
        let is_it = |event: &&Value| {
            event["number"].as_u64() > Some(after)
                && event["kind"] == kind
                && event["outcome"] == outcome
        };
        all.as_array().unwrap().iter().find(is_it).cloned()
    })
}

/// True once `front` is as its ADD left it, in the eyes of others.
#[track_caller]
fn is_whole(host: &Host, front: &Container) {
    until_fine(seconds(20), "the attachment is whole", || {
        let result = front.result();
        witness::confirms(host.netns(), front.netns(), "eth0", &result)?;
        let tc = witness::says(host.netns(), "tc -j qdisc show");
        let text = tc.to_string();
        let link = result.host_link();
        let is_judged = tc.as_array().is_some_and(|all| {
            all.iter().any(|q| {
                q["dev"] == link.as_str()
                    && q["kind"] == "clsact"
                    && q["ingress_block"] == 0x7461
                    && q["egress_block"] == 0x7462
            })
        });
        if is_judged { Ok(()) } else { Err(text) }
    });
}

// On the host: each thing that an attachment has there.
story!(what_others_change_at_a_host_end_is_put_back, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let link = front.result().host_link();
    let [v4, v6] = front.addresses()[..] else { panic!("two addresses") };
    let alt = witness::link(ambre.netns(), &link).unwrap().alt_names;
    let alt = &alt[0];
    let there = ambre.netns();
    ip(there, "link add others0 type veth peer name others1");
    ip(there, "link set others0 up");
    let batch = ambre.run_dir().join("another-qdisc");
    let lines =
        format!("qdisc del dev {link} clsact\nqdisc add dev {link} clsact\n");
    fs::write(&batch, lines).unwrap();

    for (kind, line) in [
        ("host_link", format!("ip link set {link} down")),
        ("host_link_mtu", format!("ip link set {link} mtu 1400")),
        ("host_link_mac", format!("ip link set {link} address 2:0:0:0:0:9")),
        (
            "host_link_alt_name",
            format!("ip link property del dev {link} altname {alt}"),
        ),
        ("host_link_group", format!("ip link set {link} group 7")),
        ("host_route", format!("ip route del {v4} dev {link} proto 116")),
        ("host_route", format!("ip -6 route del {v6} dev {link} proto 116")),
        ("host_route", format!("ip route replace {v4} dev others0")),
        ("host_neighbour", format!("ip neigh del {v4} dev {link}")),
        (
            "host_neighbour",
            format!("ip neigh replace {v6} lladdr 2:0:0:0:0:9 dev {link}"),
        ),
        ("qdisc", format!("tc qdisc del dev {link} clsact")),
        ("qdisc", format!("tc -batch {}", batch.display())),
    ] {
        let before = last_event(&ambre);
        does(there, &line).success(&line);
        let event = tells(&ambre, kind, "repaired", before);
        assert_eq!(event["object"], "shop,front,eth0", "{event}");
        is_whole(&ambre, &front);
        front.reaches(&stock, tcp(80));
    }
    let link = witness::link(there, &link).unwrap();
    assert_eq!((link.mtu, &link.mac[..]), (1500, "02:74:61:72:74:6e"));
    assert_eq!(&link.alt_names[0], alt);
});

// In the container: what its own root can do to it.
story!(what_a_container_does_to_its_own_end_is_put_back, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let [v4, v6] = front.addresses()[..] else { panic!("two addresses") };
    let there = front.netns();

    for (kind, line) in [
        ("inside_link", "ip link set eth0 down".to_owned()),
        ("inside_address", format!("ip address del {v4}/32 dev eth0")),
        ("inside_address", format!("ip address del {v6}/128 dev eth0")),
        ("inside_route", "ip route del default".to_owned()),
        ("inside_route", "ip -6 route del default".to_owned()),
        ("inside_neighbour", "ip neigh del 169.254.1.1 dev eth0".to_owned()),
        (
            "inside_neighbour",
            "ip neigh replace fe80::1 lladdr 2:0:0:0:0:9 dev eth0".to_owned(),
        ),
        ("inside_mac", "ip link set eth0 address 2:0:0:0:0:9".to_owned()),
    ] {
        let before = last_event(&ambre);
        does(there, &line).success(&line);
        tells(&ambre, kind, "repaired", before);
        is_whole(&ambre, &front);
        front.reaches(&stock, tcp(80));
    }
});

// A second attachment has its way out by a rule and a table of its own.
story!(the_way_out_of_a_second_attachment_is_put_back, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    front.attach_as("eth1", &Network::named("blog").team("blog")).unwrap();
    let rules = || {
        let found = witness::says(front.netns(), "ip -j rule show");
        let ours = found.as_array().unwrap().iter();
        ours.filter(|rule| rule["priority"] == 1000).count()
    };
    assert_eq!(rules(), 1);

    let before = last_event(&ambre);
    ip(front.netns(), "rule del priority 1000");

    let event = tells(&ambre, "inside_route", "repaired", before);
    assert_eq!(event["object"], "blog,front,eth1", "{event}");
    assert_eq!(rules(), 1);
});

// What is the host's: the filters, the links that keep them, forwarding.
story!(what_others_change_of_the_host_is_put_back, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let there = ambre.netns();

    for (kind, line) in [
        ("filter", "tc filter del block 29793 ingress"),
        ("filter", "tc filter del block 29794 pref 1"),
        ("keeper", "tc qdisc del dev tartan0 clsact"),
        ("keeper", "ip link del tartan0"),
        ("forwarding", "sysctl -q -w net.ipv4.ip_forward=0"),
        ("forwarding", "sysctl -q -w net.ipv6.conf.all.forwarding=0"),
    ] {
        let before = last_event(&ambre);
        does(there, line).success(line);
        tells(&ambre, kind, "repaired", before);
        front.reaches(&stock, tcp(80));
    }
    for block in [29793, 29794] {
        let line = format!("tc -j filter show block {block}");
        let filters = witness::says(there, &line).to_string();
        assert!(filters.contains("_container"), "{filters}");
    }
    for name in ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"] {
        let said = does(there, &format!("sysctl -n {name}")).success(name);
        assert_eq!(said.trim(), "1", "{name}");
    }
});

// Nobody tells of a change in a map: it is found all the same.
story!(map_entries_that_others_remove_are_put_back, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    for name in ["endpoint_by_ifindex", "endpoint_by_address"] {
        let map = witness::map(&ambre.bpf_dir(), name);
        let entries = witness::entries(ambre.netns(), &ambre.bpf_dir(), name);
        let before = last_event(&ambre);
        for entry in &entries {
            let key: Vec<_> = entry["key"]
                .as_array()
                .unwrap()
                .iter()
                .map(|byte| byte.as_str().unwrap().to_owned())
                .collect();
            let line = format!(
                "bpftool map delete pinned {} key hex {}",
                map.display(),
                key.join(" ").replace("0x", "")
            );
            does(ambre.netns(), &line).success(&line);
        }
        tells(&ambre, "map_entry", "repaired", before);
        within(seconds(20), "all entries are back", || {
            let now = witness::entries(ambre.netns(), &ambre.bpf_dir(), name);
            (now.len() == entries.len()).then_some(())
        });
        front.reaches(&stock, tcp(80));
    }
});

// An address that is there and says the class of another is no less wrong.
story!(an_address_with_the_class_of_another_is_put_back, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let name = "endpoint_by_address";
    let map = witness::map(&ambre.bpf_dir(), name);
    let read = || witness::entries(ambre.netns(), &ambre.bpf_dir(), name);
    let hex = |bytes: &Value| {
        let all = bytes.as_array().unwrap().iter();
        let all: Vec<_> = all.map(|byte| byte.as_str().unwrap()).collect();
        all.join(" ").replace("0x", "")
    };
    let whole = read();
    let entry = &whole[0];
    let mut other = entry["value"].clone();
    // The class comes first.
    other[0] = Value::from(match other[0] == "0x7f" {
        true => "0x7e",
        false => "0x7f",
    });
    let before = last_event(&ambre);

    let line = format!(
        "bpftool map update pinned {} key hex {} value hex {}",
        map.display(),
        hex(&entry["key"]),
        hex(&other)
    );
    does(ambre.netns(), &line).success(&line);

    tells(&ambre, "map_entry", "repaired", before);
    within(seconds(20), "the entry is as it was", || {
        let now = read();
        let is_back = |one: &Value| {
            one["key"] == entry["key"] && one["value"] == entry["value"]
        };
        now.iter().any(is_back).then_some(())
    });
    front.reaches(&stock, tcp(80));
});

/// Runs a line of a shell where the agent sees its mounts.
#[track_caller]
fn beside_agent(host: &Host, line: &str) {
    let mounts = format!("--mount=/proc/{}/ns/mnt", host.agent_pid());
    let mut command = Command::new("nsenter");
    command.args([&mounts[..], "sh", "-c", line]);
    process::run(&mut command).success(line);
}

// The bpf file system goes, with all names of maps; an empty one comes.
story!(maps_are_pinned_again_where_the_bpf_file_system_went, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let dir = ambre.bpf_dir();
    let seen = || {
        let root = format!("/proc/{}/root", ambre.agent_pid());
        let dir = Path::new(&root).join(dir.strip_prefix("/").unwrap());
        witness::pins(&dir).len()
    };
    let pins = seen();
    assert!(pins > 0);
    let there = dir.display();
    for line in [
        format!("rm -r {there}/[0-9]*"),
        format!("umount {there}"),
        format!("umount {there} && mount -t bpf bpf {there}"),
    ] {
        let before = last_event(&ambre);
        beside_agent(&ambre, &line);
        tells(&ambre, "pin", "repaired", before);
        assert_eq!(seen(), pins, "{line}");
        front.reaches(&stock, tcp(80));
    }
    let more = ambre.runs("more", &shop());
    more.reaches(&stock, tcp(80));
    // The names are made anew in the agent's own view; the next one has them.
    let line = format!("umount {there}");
    beside_agent(&ambre, &line);
});

// Somebody cleans the run directory of its sockets.
story!(sockets_that_others_remove_are_opened_anew, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    for (kind, name) in
        [("people_socket", "agent.sock"), ("plugin_socket", "cni.sock")]
    {
        let path = ambre.run_dir().join(name);
        fs::remove_file(&path).unwrap();
        within(seconds(20), "the socket is back", || {
            path.exists().then_some(())
        });
        tells(&ambre, kind, "repaired", 0);
        let late = ambre.runs(&format!("late-{}", name.len()), &shop());
        late.reaches(&front, tcp(80));
    }
});

// What somebody meant is told, not undone.
story!(a_link_that_was_renamed_or_taken_away_is_told_of, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let link = front.result().host_link();

    ip(ambre.netns(), &format!("link set {link} name lost0"));
    tells(&ambre, "host_link_name", "told", 0);
    front.reaches(&stock, tcp(80));

    ip(front.netns(), "link set eth0 down");
    ip(front.netns(), "link set eth0 name lan0");
    tells(&ambre, "inside_name", "told", 0);
    tells(&ambre, "inside_link", "repaired", 0);
    assert!(witness::link(front.netns(), "lan0").unwrap().is_up());

    let away = ambre.container("away");
    let name = away.netns().file_name().unwrap().to_string_lossy().into_owned();
    let moved = stock.result().host_link();
    ip(ambre.netns(), &format!("link set {moved} netns {name}"));
    let event = tells(&ambre, "host_link_moved", "told", 0);
    assert_eq!(event["object"], "shop,stock,eth0");
});

// Two who do not agree: one of them gives in, and says so.
story!(what_is_changed_again_and_again_is_left_alone_and_told, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let link = front.result().host_link();
    let is_up = || witness::link(ambre.netns(), &link).unwrap().is_up();

    let down = format!("link set {link} down");
    given_up(&ambre, ambre.netns(), "host_link", &down);

    let said = ambre.tartan("status").success("tartan status");
    assert!(said.contains("GIVEN UP: host_link of shop,front,eth0"), "{said}");
    let log = ambre.agent_log();
    assert!(log.contains("changed again and again"), "{log}");
    // Only that: another thing of the same attachment is repaired.
    let before = last_event(&ambre);
    ip(ambre.netns(), &format!("link set {link} mtu 1400"));
    tells(&ambre, "host_link_mtu", "repaired", before);
    assert!(!is_up());

    ambre.tartan("gc").success("tartan gc");

    within(seconds(20), "it is up again", || is_up().then_some(()));
    front.reaches(&stock, tcp(80));
    let said = ambre.tartan("status").success("tartan status");
    assert!(!said.contains("GIVEN UP: "), "{said}");
});

// While these are not ours packets pass unjudged: patience has no end there.
story!(what_keeps_packets_judged_is_put_back_however_often, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let link = front.result().host_link();
    for (kind, line) in [
        ("qdisc", format!("tc qdisc del dev {link} clsact")),
        ("filter", "tc filter del block 29793 ingress".to_owned()),
        ("keeper", "tc qdisc del dev tartan0 clsact".to_owned()),
    ] {
        for _ in 0..7 {
            let before = last_event(&ambre);
            does(ambre.netns(), &line).success(&line);
            tells(&ambre, kind, "repaired", before);
        }
        let event = tells(&ambre, kind, "told", 0);
        let found = event["found"].as_str().unwrap();
        assert!(found.contains("changed again and again"), "{event}");
    }
    is_whole(&ambre, &front);
    front.reaches(&stock, tcp(80));
    let all = ambre.lists("events").to_string();
    assert!(!all.contains("given-up"), "{all}");
});

// A container names its interface as it likes, and as often.
story!(names_from_a_container_neither_reach_a_terminal_nor_fill_it, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let (mut name, mut number) = ("eth0".to_owned(), 0);
    within(seconds(60), "names are not told any more", || {
        number += 1;
        let next = format!("\u{1b}[{number}m");
        let mut rename = Command::new("ip");
        rename.args(["link", "set", &name, "name", &next]);
        run(front.netns(), &mut rename, b"").success("rename");
        name = next;
        let all = ambre.lists("events");
        let mut all = all.as_array().unwrap().iter();
        let is_it = |e: &&Value| {
            e["kind"] == "inside_name" && e["outcome"] == "given-up"
        };
        all.find(is_it).map(drop)
    });
    let all = ambre.lists("events");
    let told: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["kind"] == "inside_name" && e["outcome"] == "told")
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    for line in ["events", "status"] {
        let said = ambre.tartan(line).success(line);
        assert!(said.contains("u{1b}[") && !said.contains('\u{1b}'), "{said}");
    }
});

/// Processor time of a process so far, in ticks of 10 ms.
fn ticks(pid: i32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let behind = stat.rsplit(") ").next().unwrap();
    let fields: Vec<_> = behind.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

// A container that makes events in a loop keeps the agent busy for a part of
// the time only, and nobody else waits for it.
story!(a_container_that_flaps_its_link_disturbs_nobody, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let wild = ambre.runs("wild", &shop());
    let batch = ambre.run_dir().join("flap");
    let lines = "link set eth0 down\nlink set eth0 up\n\
                 address add 192.0.2.77/32 dev eth0\n\
                 address del 192.0.2.77/32 dev eth0\n";
    fs::write(&batch, lines.repeat(2000)).unwrap();
    let line =
        format!("while :; do ip -force -batch {}; done", batch.display());
    let mut flapping = inside(wild.netns(), || {
        Command::new("sh")
            .args(["-c", &line])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    });
    let pid = ambre.agent_pid().as_raw();
    let (began, before) = (std::time::Instant::now(), ticks(pid));

    for number in 0..10 {
        let other = ambre.runs(&format!("other-{number}"), &shop());
        other.reaches(&front, tcp(80));
    }
    let event = last_event(&ambre);
    let link = front.result().host_link();
    ip(ambre.netns(), &format!("link set {link} down"));
    tells(&ambre, "host_link", "repaired", event);
    within(seconds(60), "ten seconds of flapping", || {
        (began.elapsed() > seconds(10)).then_some(())
    });

    let spent = ticks(pid) - before;
    let elapsed = began.elapsed().as_millis() as u64 / 10;
    flapping.kill().unwrap();
    flapping.wait().unwrap();
    fs::remove_file(batch).unwrap();
    // Unoptimised, and with ten ADDs: far from a whole processor.
    assert!(spent * 2 < elapsed, "{spent} of {elapsed} ticks");
});

// What is changed while no agent lives is found by the next one; one that
// dies in the middle of many changes leaves nothing half repaired.
story!(drift_outlives_an_agent_that_is_killed, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let link = front.result().host_link();

    ip(ambre.netns(), &format!("link set {link} down"));
    ip(front.netns(), "link set eth0 down");
    ambre.kills_agent();
    ip(stock.netns(), "route del default");
    ip(ambre.netns(), "link del tartan0");
    ambre.starts_agent();

    is_whole(&ambre, &front);
    within(seconds(20), "both reach each other again", || {
        let routes = witness::says(stock.netns(), "ip -j route show default");
        (!routes.as_array().unwrap().is_empty()).then_some(())
    });
    within(seconds(20), "the front is up", || {
        let is_up = witness::link(front.netns(), "eth0").unwrap().is_up();
        is_up.then_some(())
    });
    front.reaches(&stock, tcp(80));
});

// `nft flush ruleset` takes everything; ours comes back as it was.
story!(translation_comes_back_after_a_flush_of_the_ruleset, |world| {
    let ambre = world.host("ambre");
    let net = shop().with("ipMasq", true.into());
    let front = ambre.container("front");
    front.attach(&net.with_ports(&["tcp 8080 > 80"])).unwrap();
    let table = || {
        let line = "nft -j -s list table inet tartan";
        let said = does(ambre.netns(), line);
        said.is_success().then(|| {
            let all: Value = serde_json::from_str(&said.stdout).unwrap();
            // Handles count up; what they are of stays.
            let all = all["nftables"].as_array().unwrap().iter().cloned();
            let kinds = all.map(|mut it| {
                for (_, thing) in it.as_object_mut().unwrap() {
                    thing.as_object_mut().unwrap().remove("handle");
                }
                it.to_string()
            });
            kinds.collect::<std::collections::BTreeSet<_>>()
        })
    };
    let whole = table().expect("a table");

    for line in ["nft flush ruleset", "nft delete table inet tartan"] {
        let before = last_event(&ambre);
        does(ambre.netns(), line).success(line);
        tells(&ambre, "translation", "repaired", before);
        assert_eq!(table().as_ref(), Some(&whole), "{line}");
    }
});
