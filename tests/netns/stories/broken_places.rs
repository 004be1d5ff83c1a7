//! Directories and files that are full, read-only, locked, or hold garbage.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;

use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{
    Host, Network, leftover, process, story, tcp, within, witness,
};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

fn record(host: &Host, container: &str) -> PathBuf {
    let name = format!("shop,{container},eth0.json");
    host.run_dir().join("attachments").join(name)
}

// Records that are empty, cut short, or nonsense. The containers
// go on, nobody gets their addresses, and a DEL works.
story!(damaged_records_cost_nobody_anything, |world| {
    let ambre = world.host("ambre");
    let names = ["empty", "short", "nonsense", "whole"];
    let all: Vec<_> =
        names.iter().map(|name| ambre.runs(name, &shop())).collect();
    let before: Vec<_> = all.iter().map(|c| c.result()).collect();

    ambre.kills_agent();
    let whole = fs::read(record(&ambre, "short")).unwrap();
    fs::write(record(&ambre, "empty"), b"").unwrap();
    fs::write(record(&ambre, "short"), &whole[..whole.len() / 2]).unwrap();
    fs::write(record(&ambre, "nonsense"), [0xff; 300]).unwrap();
    ambre.starts_agent();

    all[..3].iter().for_each(|damaged| damaged.reaches(&all[3], tcp(80)));
    for (container, result) in all.iter().zip(&before) {
        let netns = container.netns();
        witness::confirms(ambre.netns(), netns, "eth0", result).unwrap();
    }
    let next = ambre.runs("next", &shop());
    let given = next.addresses();
    let twice = before.iter().any(|result| {
        result.addresses().iter().any(|address| given.contains(address))
    });
    assert!(!twice, "an address was given twice");
    all.iter().for_each(|container| container.detach(&shop()).unwrap());
});

// A tombstone that cannot be read keeps nobody from starting.
story!(a_damaged_tombstone_is_set_aside, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());

    ambre.kills_agent();
    let tombs = ambre.run_dir().join("tombstones");
    fs::write(tombs.join("shop,front,eth0.json"), b"{\"v\":1,").unwrap();
    fs::write(tombs.join("nonsense"), b"\0\0\0").unwrap();
    ambre.starts_agent();

    front.check(&shop()).unwrap();
});

// No room for a record: the ADD fails, leaves nothing, and works
// again as soon as there is room. A DEL needs no room.
story!(a_full_run_directory_refuses_adds_alone, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let ballast = ambre.run_dir().join("ballast");
    let next = ambre.container("next");

    fill(&ballast);
    let fault = next.attach(&shop()).unwrap_err();
    assert!([5, 11].contains(&fault.code), "{fault:?}");
    front.detach(&shop()).expect("DEL needs no room");
    stock.check(&shop()).unwrap();

    fs::remove_file(&ballast).unwrap();
    ambre.attaches(&next, &shop());
    next.reaches(&stock, tcp(80));
});

/// Fills the file system of `path` to the last byte.
fn fill(path: &std::path::Path) {
    use std::io::Write;
    let mut file = File::create(path).unwrap();
    let mut chunk = 1 << 20;
    while chunk > 0 {
        if file.write_all(&vec![0; chunk]).is_err() {
            chunk /= 2;
        }
    }
}

// The same where the directory became read-only.
story!(a_read_only_run_directory_refuses_adds, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let next = ambre.container("next");

    records_become_read_only(&ambre);
    let fault = next.attach(&shop()).unwrap_err();
    assert!([5, 11].contains(&fault.code), "{fault:?}");
    front.check(&shop()).unwrap();

    records_become_writable(&ambre);
    ambre.attaches(&next, &shop());
});

/// Mounts the directory of records read-only over itself, as the agent sees
/// it.
fn records_become_read_only(host: &Host) {
    let dir = host.run_dir().join("attachments");
    let mount = ["mount", "--bind", "-o", "ro"];
    let mut command = where_the_agent_is(host);
    command.args(mount).arg(&dir).arg(&dir);
    process::run(&mut command).success("mount");
}

fn records_become_writable(host: &Host) {
    let dir = host.run_dir().join("attachments");
    let mut command = where_the_agent_is(host);
    process::run(command.arg("umount").arg(dir)).success("umount");
}

/// A command that will run in the agent's mount namespace.
fn where_the_agent_is(host: &Host) -> Command {
    let mut command = Command::new("nsenter");
    let pid = host.agent_pid();
    command.arg(format!("--mount=/proc/{pid}/ns/mnt"));
    command
}

// ADD asks no store. Another process holds the store's lock.
story!(a_locked_store_keeps_nobody_waiting, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());

    let lock = Lock::of(&ambre);
    let stock = ambre.runs("stock", &shop());
    front.reaches(&stock, tcp(80));
    front.detach(&shop()).unwrap();
    drop(lock);

    leftover_is(&ambre, 2);
});

fn leftover_is(host: &Host, addresses: usize) {
    within(seconds(30), "the publisher has caught up", || {
        (leftover::held(host).len() == addresses).then_some(())
    });
}

// The mirror in the run directory is enough for a restart.
story!(an_agent_restarts_beside_a_locked_store, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    leftover_is(&ambre, 2);

    let lock = Lock::of(&ambre);
    ambre.restarts_agent();
    let stock = ambre.runs("stock", &shop());
    front.reaches(&stock, tcp(80));
    drop(lock);

    leftover_is(&ambre, 4);
});

/// The embedded store, locked by a process of its own.
pub(crate) struct Lock(std::process::Child);

impl Lock {
    pub(crate) fn of(host: &Host) -> Self {
        use std::io::{BufRead, BufReader};
        let script = "import sqlite3, sys\n\
            c = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
            c.execute('begin immediate')\n\
            print('locked', flush=True)\n\
            sys.stdin.read()";
        let mut command = Command::new("python3");
        command.arg("-c").arg(script).arg(database(host));
        let mut child = process::spawn(&mut command);
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert_eq!(line, "locked\n");
        Self(child)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The file of the embedded store: the one SQLite file of the directory.
pub(crate) fn database(host: &Host) -> PathBuf {
    let mut ahead = vec![host.state_dir()];
    while let Some(dir) = ahead.pop() {
        for entry in fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                ahead.push(path);
            } else if fs::read(&path)
                .is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3"))
            {
                return path;
            }
        }
    }
    panic!("no store in {:?}", host.state_dir());
}

// A store that is no store: the agent does not start and says why; it
// neither repairs nor replaces it, and the containers go on.
story!(a_corrupted_store_is_not_replaced, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    ambre.stops_agent();
    let path = database(&ambre);
    let kept = world.directory("kept").join("store");
    fs::copy(&path, &kept).unwrap();

    fs::write(&path, [0x5a; 8192]).unwrap();
    remove_log(&path);
    let notify = world.directory("kept").join("notify");
    ambre.launches_agent(&notify, &[]);
    let ended =
        within(seconds(30), "the agent gives up", || ambre.agent_has_ended());
    assert!(!ended.success());
    let log = ambre.agent_log();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(log.contains(&name), "the log names the file:\n{log}");
    front.reaches(&stock, tcp(80));

    fs::copy(&kept, &path).unwrap();
    remove_log(&path);
    ambre.starts_agent();
    front.check(&shop()).unwrap();
});

/// Removes what SQLite keeps beside a database.
pub(crate) fn remove_log(path: &std::path::Path) {
    for suffix in ["-wal", "-shm"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(suffix);
        let _ = fs::remove_file(beside);
    }
}

// The store of yesterday knows nothing of what was given since.
// Nobody gets an address that a living container has.
story!(a_store_of_yesterday_gives_nothing_twice, |world| {
    let ambre = world.host("ambre");
    let first = ambre.runs("first", &shop());
    leftover_is(&ambre, 2);
    ambre.stops_agent();
    let path = database(&ambre);
    let yesterday = world.directory("yesterday").join("store");
    fs::copy(&path, &yesterday).unwrap();
    ambre.starts_agent();
    let since: Vec<_> =
        (0..20).map(|n| ambre.runs(&format!("c{n}"), &shop())).collect();
    leftover_is(&ambre, 42);

    ambre.stops_agent();
    fs::copy(&yesterday, &path).unwrap();
    remove_log(&path);
    ambre.starts_agent();

    let mut taken: Vec<_> =
        since.iter().flat_map(|container| container.addresses()).collect();
    taken.extend(first.addresses());
    for n in 0..10 {
        let guest = ambre.container(&format!("g{n}"));
        // Refusing is right too, until claims are known to be whole.
        let Ok(answer) = guest.attach(&shop()) else { continue };
        for address in answer.addresses() {
            assert!(!taken.contains(&address), "{address} was given twice");
            taken.push(address);
        }
    }
    until_fine(seconds(30), "the living are in the ledger again", || {
        let held = leftover::held(&ambre).len();
        if held >= 42 { Ok(()) } else { Err(format!("{held} held")) }
    });
    first.reaches(&since[0], tcp(80));
});
