//! A store that is not the one it was: restored from yesterday's copy, empty,
//! damaged, locked. In all of them what lives keeps what it has, no address and
//! no number is given twice, and somebody says so.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{
    Container, Host, Network, World, leftover, process, story, tcp, within,
};

use crate::broken_places::{Lock, database, remove_log};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

/// Runs `count` containers and waits until the store knows all of them.
fn crowd(host: &Host, name: &str, count: usize) -> Vec<Container> {
    let run = |n| host.runs(&format!("{name}{n}"), &shop());
    let all = (0..count).map(run).collect();
    is_published(host);
    all
}

pub(crate) fn is_published(host: &Host) {
    within(seconds(30), "the store knows all", || {
        worker(host, "publish").starts_with("all is in").then_some(())
    });
}

/// How a worker is doing, its trouble included.
fn worker(host: &Host, name: &str) -> String {
    let status = host.lists("status");
    let workers = status["workers"].as_array().unwrap();
    let found = workers.iter().find(|worker| worker["name"] == name).unwrap();
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    format!("{} {}", text("state"), text("trouble"))
}

fn number(host: &Host, what: &str) -> u64 {
    host.lists(what)["number"].as_u64().unwrap()
}

/// A copy of the store as it is, while its agent runs.
fn copied(world: &World, host: &Host) -> PathBuf {
    let copy = world.directory("yesterday").join("store");
    let script = "import sqlite3, sys\n\
        to = sqlite3.connect(sys.argv[2])\n\
        sqlite3.connect(sys.argv[1]).backup(to)";
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(database(host)).arg(&copy);
    process::run(&mut command).success("a copy of the store");
    copy
}

fn is_restored(path: &Path, copy: &Path) {
    fs::copy(copy, path).unwrap();
    remove_log(path);
}

fn addresses(all: &[Container]) -> BTreeSet<IpAddr> {
    all.iter().flat_map(Container::addresses).collect()
}

/// New containers get addresses that none of `taken` has.
fn nothing_is_given_twice(host: &Host, taken: &[Container]) {
    let taken = addresses(taken);
    let guests: Vec<_> =
        (0..10).map(|n| host.runs(&format!("g{n}"), &shop())).collect();
    let given = addresses(&guests);
    assert_eq!(given.len(), 20, "one of each family for each");
    let twice: Vec<_> = given.intersection(&taken).collect();
    assert!(twice.is_empty(), "given twice: {twice:?}");
}

// The store is restored while containers live that it knows nothing of.
story!(what_a_restored_store_forgot_is_said_again, |world| {
    let ambre = world.host("ambre");
    let mut all = crowd(&ambre, "old", 3);
    let copy = copied(world, &ambre);
    ambre.tartan("team create pay").success("team create");
    ambre.tartan("app create shop/till").success("app create");
    let (pay, till) =
        (number(&ambre, "team show pay"), number(&ambre, "app show shop/till"));
    all.extend(crowd(&ambre, "new", 40));

    ambre.stops_agent();
    is_restored(&database(&ambre), &copy);
    ambre.starts_agent();

    let said = worker(&ambre, "own blocks");
    assert!(said.contains("confirmed by the store"), "{said}");
    assert!(said.contains("claimed again"), "{said}");
    assert!(said.contains("restored from a copy"), "{said}");
    assert!(ambre.agent_log().contains("restored from a copy"));
    assert_eq!(leftover::held(&ambre).len(), 2 * all.len());
    ambre.tartan("team create web").success("team create");
    ambre.tartan("app create shop/desk").success("app create");
    assert!(number(&ambre, "team show web") > pay);
    assert!(number(&ambre, "app show shop/desk") > till);
    nothing_is_given_twice(&ambre, &all);
    all[0].reaches(&all[42], tcp(80));

    // The store has it all now: another agent needs no memory for it.
    is_published(&ambre);
    ambre.stops_agent();
    fs::remove_file(ambre.state_dir().join("seen.json")).unwrap();
    ambre.starts_agent();
    let said = worker(&ambre, "own blocks");
    assert_eq!(said.trim(), "confirmed by the store");
    assert_eq!(leftover::held(&ambre).len(), 2 * (all.len() + 10));
});

// The same with the agent killed, and its run directory lost as well.
story!(a_restored_store_and_a_lost_run_directory_lose_nobody, |world| {
    let ambre = world.host("ambre");
    let copy = copied(world, &ambre);
    let all = crowd(&ambre, "new", 20);
    within(seconds(30), "the memory is written", || {
        let kept = fs::read(ambre.state_dir().join("seen.json")).ok()?;
        let kept: serde_json::Value = serde_json::from_slice(&kept).ok()?;
        let claims = kept["memory"]["claims"].as_array()?.len();
        (claims >= 2).then_some(())
    });

    ambre.kills_agent();
    is_restored(&database(&ambre), &copy);
    for entry in fs::read_dir(ambre.run_dir()).unwrap().flatten() {
        let path = entry.path();
        let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    }
    ambre.starts_agent();

    let said = worker(&ambre, "own blocks");
    assert!(said.contains("claimed again"), "{said}");
    assert_eq!(leftover::held(&ambre).len(), 40);
    nothing_is_given_twice(&ambre, &all);
});

// What the error about a damaged store advises: the folder is moved away.
story!(an_empty_store_takes_nothing_from_the_living, |world| {
    let ambre = world.host("ambre");
    let all = crowd(&ambre, "c", 20);
    let shop_before = number(&ambre, "team show shop");

    ambre.stops_agent();
    let folder = database(&ambre).parent().unwrap().to_owned();
    fs::rename(&folder, ambre.state_dir().join("damaged")).unwrap();
    ambre.starts_agent();

    let said = worker(&ambre, "own blocks");
    assert!(said.contains("another one"), "{said}");
    assert_eq!(leftover::held(&ambre).len(), 40);
    all[0].reaches(&all[1], tcp(80));
    ambre.is_furnished();
    assert!(number(&ambre, "team show shop") > shop_before);
    nothing_is_given_twice(&ambre, &all);
    fs::remove_dir_all(ambre.state_dir().join("damaged")).unwrap();
});

// Damaged memories cost nothing while the store is whole.
story!(damaged_memories_are_set_aside, |world| {
    let ambre = world.host("ambre");
    let all = crowd(&ambre, "c", 3);

    ambre.kills_agent();
    let seen = ambre.state_dir().join("seen.json");
    fs::write(&seen, b"{\"v\":1,\"memo").unwrap();
    for entry in fs::read_dir(ambre.run_dir().join("blocks")).unwrap() {
        fs::write(entry.unwrap().path(), b"").unwrap();
    }
    fs::write(ambre.run_dir().join("registry.json"), [0xff; 99]).unwrap();
    ambre.starts_agent();

    assert!(ambre.agent_log().contains("seen.json"));
    assert!(ambre.state_dir().join("seen.damaged").exists());
    assert_eq!(leftover::held(&ambre).len(), 6);
    nothing_is_given_twice(&ambre, &all);
});

// An address that was given back an instant ago rests on after a restart:
// the mirror knows the block alone, the store knows what rests in it.
story!(what_rests_rests_on_after_a_restart, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let before = front.addresses();
    front.detach(&shop()).unwrap();
    is_published(&ambre);

    ambre.restarts_agent();

    let listed = ambre.lists("ip list");
    let resting: Vec<IpAddr> = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["state"] == "resting")
        .map(|entry| entry["address"].as_str().unwrap().parse().unwrap())
        .collect();
    assert_eq!(resting, before);
});

// Garbage is written over the store of a running agent. It may go on from
// what it has read, or not be able to write: its own blocks serve.
story!(a_store_damaged_under_an_agent_keeps_nobody_from_own_blocks, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    is_published(&ambre);
    let copy = copied(world, &ambre);

    let path = database(&ambre);
    fs::write(&path, [0x5a; 8192]).unwrap();
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    fs::write(&log, [0x5a; 8192]).unwrap();

    let stock = ambre.runs("stock", &shop());
    front.reaches(&stock, tcp(80));
    front.check(&shop()).unwrap();
    assert!(ambre.has_agent(), "{}", ambre.agent_log());
    ambre.stops_agent();
    is_restored(&path, &copy);
    ambre.starts_agent();
    front.reaches(&stock, tcp(80));
    assert_eq!(leftover::held(&ambre).len(), 4);
});

// Another process holds the store: own blocks serve, a new one is refused in
// time, as something to be tried again.
story!(a_locked_store_refuses_new_blocks_in_time, |world| {
    let ambre = world.host("ambre");
    ambre.runs("front", &shop());
    is_published(&ambre);

    let lock = Lock::of(&ambre);
    let started = Instant::now();
    let mut last = started;
    let fault = (0..200).find_map(|n| {
        last = Instant::now();
        ambre.container(&format!("c{n}")).attach(&shop()).err()
    });
    let fault = fault.expect("the blocks were never used up");
    assert_eq!(fault.code, 11, "{fault:?}");
    assert!(last.elapsed() < seconds(15), "{:?}", last.elapsed());
    until_fine(seconds(30), "somebody says so", || {
        let said = worker(&ambre, "publish");
        if said.contains("locked") { Ok(()) } else { Err(said) }
    });
    drop(lock);

    let late = ambre.container("late");
    until_fine(seconds(30), "blocks are claimed again", || {
        late.attach(&shop()).map(drop).map_err(|fault| fault.msg)
    });
});
