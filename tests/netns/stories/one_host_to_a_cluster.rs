//! A host with an embedded store joins a cluster on etcd, by the commands of
//! the manual, while its containers talk.

use std::fs;

use serde_json::Value;
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{Chorus, Host, Network, leftover, story, tcp};

use crate::etcd_is_away::{self, Etcd};

const MANUAL: &str =
    include_str!("../../../docs/from-one-host-to-a-cluster.md");

/// The commands of the manual that begin with `tartan`, in order.
fn commands() -> Vec<&'static str> {
    let lines = MANUAL.lines().map(str::trim_start);
    lines.filter_map(|line| line.strip_prefix("tartan ")).collect()
}

fn shop(app: &str) -> Network {
    Network::named("shop").team("shop").app(app)
}

/// What the host was told and what it owns.
fn state(host: &Host) -> String {
    host.tartan("export --claims").success("tartan export")
}

/// Who has which address, under which class.
fn holders(host: &Host) -> Vec<Value> {
    leftover::held(host)
}

story!(a_host_joins_a_cluster_with_its_containers, |world| {
    let ambre = world.host("ambre");
    for line in [
        "ip reserve 10.77.200.9 --name printer",
        "settings set address_rest 7s",
        "team create later",
    ] {
        ambre.tartan(line).success(line);
    }
    let front = ambre.runs("front", &shop("front"));
    let stock = ambre.runs("stock", &shop("stock"));
    let mut chorus = Chorus::new();
    chorus.connects(&front, &stock, 20);
    chorus.streams(&front, &stock, 6000);
    let file = world.directory("exported").join("tartan.yaml");
    let mut commands = commands().into_iter();

    assert_eq!(commands.next(), Some("export --claims > tartan.yaml"));
    until_fine(seconds(20), "all is published", || {
        let now = state(&ambre);
        let is_whole = now.matches("state: used").count() == 4;
        if is_whole { Ok(()) } else { Err(now) }
    });
    let before = state(&ambre);
    fs::write(&file, &before).unwrap();
    let held = holders(&ambre);
    ambre.stops_agent();
    let _etcd = Etcd::on(world, &ambre);
    ambre.starts_agent();
    for command in commands {
        let command = command.replace("tartan.yaml", &file.to_string_lossy());
        let said = ambre.tartan(&command).success(&command);
        if command.ends_with("--dry-run") {
            assert!(said.contains("new Team shop"), "{said}");
            assert!(said.contains("new App shop/front"), "{said}");
        }
    }

    until_fine(seconds(20), "all is as it was", || {
        let now = state(&ambre);
        if now == before { Ok(()) } else { Err(now) }
    });
    assert_eq!(holders(&ambre), held);
    let again = ambre.tartan(&format!("apply -f {}", file.display()));
    assert_eq!(again.clone().success("twice is once"), "", "{again:?}");
    chorus.goes_on();
    chorus.ends();
    let late = ambre.runs("late", &shop("front"));
    late.reaches(&stock, tcp(80));
    etcd_is_away::ends(&ambre);
});

// What contradicts the store is named, and nothing of the file is done.
story!(a_file_that_contradicts_is_refused_whole, |world| {
    let ambre = world.host("ambre");
    let file = world.directory("files").join("wrong.yaml");
    let apply = format!("apply -f {}", file.display());
    let before = state(&ambre);
    for (text, named) in [
        (
            "kind: Team\nname: new\n---\nkind: Team\nname: shop\nnumber: 99\n",
            "refused Team shop: it has number",
        ),
        (
            "kind: Team\nname: new\n---\nkind: App\nteam: gone\nname: api\n",
            "refused App gone/api: there is no team gone",
        ),
        (
            "kind: Team\nname: new\n---\nkind: Tram\nname: x\n",
            "did you mean 'Team'",
        ),
        ("kind: Team\nname: new\ncolour: red\n", "unknown key 'colour'"),
    ] {
        fs::write(&file, text).unwrap();
        let said = ambre.tartan(&apply);
        assert_eq!(said.status.code(), Some(1), "{said:?}");
        let all = format!("{}{}", said.stdout, said.stderr);
        assert!(all.contains(named), "{text}: {all}");
        assert_eq!(state(&ambre), before, "{text}");
    }
});
