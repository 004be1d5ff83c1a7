//! `kill -9` at any moment, not only between steps: of the agent under load,
//! of a plugin on its way.

use std::io::Write;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use nix::sys::signal::{Signal, kill};
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{
    Container, Host, Network, leftover, process, story, tcp, within, witness,
};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

// Four runtimes attach and detach without a pause while the agent is killed
// ten times. Each does what a runtime does: after a failure it calls DEL.
story!(an_agent_is_killed_under_load, |world| {
    let ambre = world.bare_host("ambre");
    ambre.starts_agent();
    ambre.tartan("settings set address_rest 1s").success("settings");
    ambre.is_furnished();
    let guests: Vec<_> =
        (0..4).map(|n| ambre.container(&format!("c{n}"))).collect();
    let over = AtomicBool::new(false);
    let succeeded = AtomicUsize::new(0);

    thread::scope(|scope| {
        for guest in &guests {
            scope.spawn(|| attach_and_detach(guest, &over, &succeeded));
        }
        let _end = Ends(&over);
        for _ in 0..10 {
            let before = succeeded.load(Ordering::Relaxed);
            within(seconds(30), "there is load", || {
                let now = succeeded.load(Ordering::Relaxed);
                (now >= before + 5).then_some(())
            });
            ambre.restarts_agent();
        }
    });

    leftover::none_on(&ambre);
    ambre.attaches(&guests[0], &shop());
    ambre.attaches(&guests[1], &shop());
    guests[0].reaches(&guests[1], tcp(80));
});

/// Ends the load, whatever becomes of the story.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn attach_and_detach(
    guest: &Container,
    over: &AtomicBool,
    succeeded: &AtomicUsize,
) {
    while !over.load(Ordering::Relaxed) {
        match guest.attach(&shop()) {
            Ok(_) => {
                succeeded.fetch_add(1, Ordering::Relaxed);
            }
            Err(fault) => assert_eq!(fault.code, 11, "{fault:?}"),
        }
        guest.detach(&shop()).unwrap();
    }
}

// A runtime that gives up kills the plugin; the DEL that follows cleans up
// whatever came of the ADD.
story!(a_plugin_is_killed_on_its_way, |world| {
    let ambre = world.host("ambre");
    for n in 0..20 {
        let guest = ambre.container(&format!("c{n}"));
        let call = guest.call("ADD", &shop(), "eth0");
        let mut child = tartan_stories::inside::inside(ambre.netns(), || {
            process::spawn(&mut call.command())
        });
        use std::io::Write;
        child.stdin.take().unwrap().write_all(&call.input).unwrap();
        within(seconds(10), "the agent is at work, or done", || {
            let begun = ambre.run_dir().join("attachments");
            let begun = begun.join(format!("shop,c{n},eth0.json")).exists();
            begun.then_some(())
        });
        let _ = child.kill();
        child.wait().unwrap();
        guest.detach(&shop()).unwrap();
    }
    leftover::none_on(&ambre);
});

// containerd attaches a container to several networks in parallel.
story!(interfaces_of_a_container_come_at_once, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let names = ["eth0", "eth1", "eth2"];

    for _ in 0..5 {
        thread::scope(|scope| {
            for name in names {
                let front = &front;
                scope.spawn(move || {
                    let network = Network::named(&format!("net-{name}"));
                    front.attach_as(name, &network.team("shop")).unwrap();
                });
            }
        });
        assert_eq!(witness::our_routes(ambre.netns()).len(), 6);
        front.detach_all();
        until_fine(seconds(20), "all three are gone", || {
            let found = leftover::of_attachments(&ambre);
            if found.is_empty() { Ok(()) } else { Err(found.join("; ")) }
        });
    }
});

// The same container asked for by two runtimes at once: one attachment.
story!(one_attachment_is_asked_for_twice_at_once, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");

    let answers: Vec<_> = thread::scope(|scope| {
        let both: Vec<_> =
            (0..2).map(|_| scope.spawn(|| front.attach(&shop()))).collect();
        both.into_iter().map(|one| one.join().unwrap()).collect()
    });

    assert_eq!(answers[0], answers[1]);
    assert_eq!(leftover::held(&ambre).len(), 2);
});

/// A plugin that is killed while the agent, which is frozen, has its request
/// but has not looked at it.
fn is_killed_while_it_waits(front: &Container, verb: &str) {
    let call = front.call(verb, &shop(), "eth0");
    let mut plugin = call
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("a plugin");
    let mut stdin = plugin.stdin.take().expect("its standard input");
    stdin.write_all(&call.input).unwrap();
    drop(stdin);
    let system_call = format!("/proc/{}/syscall", plugin.id());
    within(seconds(20), "the plugin waits for its answer", || {
        let doing = std::fs::read_to_string(&system_call).unwrap_or_default();
        doing.starts_with(&format!("{RECVMSG} ")).then_some(())
    });
    plugin.kill().unwrap();
    plugin.wait().unwrap();
}

/// recvmsg(2) on x86-64 (arch/x86/entry/syscalls/syscall_64.tbl).
const RECVMSG: u32 = 47;

fn signal(host: &Host, what: Signal) {
    kill(host.agent_pid(), what).unwrap();
}

// A runtime gave an ADD up and sent its DEL: that the agent is slow does not
// attach the container after all.
story!(an_add_that_nobody_waits_for_is_not_done, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");

    for _ in 0..10 {
        signal(&ambre, Signal::SIGSTOP);
        is_killed_while_it_waits(&front, "ADD");
        thread::scope(|scope| {
            let delete = scope.spawn(|| front.detach(&shop()));
            signal(&ambre, Signal::SIGCONT);
            delete.join().unwrap().expect("DEL succeeds");
        });
    }

    until_fine(seconds(20), "nothing is attached", || {
        let found = leftover::of_attachments(&ambre);
        if found.is_empty() { Ok(()) } else { Err(found.join("; ")) }
    });
});

// A DEL that nobody waits for takes nothing from the ADD that follows it.
story!(a_del_that_nobody_waits_for_is_not_done, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());

    for _ in 0..10 {
        signal(&ambre, Signal::SIGSTOP);
        is_killed_while_it_waits(&front, "DEL");
        thread::scope(|scope| {
            let again = scope.spawn(|| front.attach(&shop()));
            signal(&ambre, Signal::SIGCONT);
            again.join().unwrap().expect("ADD succeeds");
        });
        front.check(&shop()).expect("what was answered is there");
    }
});
