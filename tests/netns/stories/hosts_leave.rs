//! Hosts that are gone for good are taken out of the cluster; one that comes
//! back finds what it lost.
//!
//! Here one machine is two hosts, one after the other: it is given another
//! name, and its store still knows the first.

use std::fs;

use serde_json::Value;
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{Host, Network, leftover, story, talk, tcp, within};

use crate::etcd_is_away::{self, Etcd};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

/// Gives the host another name in the store, from its next start on.
fn is_called(host: &Host, name: &str) {
    let config = fs::read_to_string(host.config()).unwrap();
    let (_, rest) = config.split_once('\n').unwrap();
    fs::write(host.config(), format!("host = \"{name}\"\n{rest}")).unwrap();
}

/// What `tartan host list` says of a host.
fn listed(host: &Host, name: &str) -> Option<Value> {
    let all = host.lists("host list");
    let all = all.as_array().unwrap();
    all.iter().find(|one| one["name"] == name).cloned()
}

fn is_published(host: &Host) {
    within(seconds(30), "the store knows all", || {
        let status = host.lists("status").to_string();
        status.contains("all is in the store").then_some(())
    });
}

/// The host runs containers as `basalte`, then loses its power, and its
/// agent goes on as `ambre`.
fn basalte_is_gone(host: &Host) {
    is_called(host, "basalte");
    host.starts_agent();
    host.is_furnished();
    for n in 0..3 {
        host.runs(&format!("old{n}"), &shop());
    }
    is_published(host);
    host.stops_agent();
    host.loses_power();
    is_called(host, "ambre");
    host.starts_agent();
}

fn basalte_is_removed(host: &Host) {
    basalte_is_gone(host);
    let before = listed(host, "basalte").unwrap();
    assert_eq!(before["state"], "stopped", "{before}");
    assert_eq!((&before["epoch"], &before["blocks"]), (&1.into(), &2.into()));
    assert_eq!(listed(host, "ambre").unwrap()["state"], "here");

    let said = host.tartan("host remove basalte").success("host remove");
    assert!(said.contains("rest for"), "{said}");
    let resting = listed(host, "basalte").unwrap();
    assert_eq!(resting["state"], "removing", "{resting}");
    assert_eq!((&resting["epoch"], &resting["blocks"]), (&2.into(), &2.into()));
    host.tartan("host remove basalte").success("asked again");

    let line = "host remove basalte --confirmed-dead";
    let said = host.tartan(line).success(line);
    assert!(said.contains("2 blocks freed"), "{said}");
    assert_eq!(listed(host, "basalte"), None);
    let gone = host.tartan("host remove basalte");
    assert_eq!(gone.status.code(), Some(1), "{gone:?}");
    let own = host.tartan("host remove ambre");
    assert!(own.stderr.contains("the host that you ask"), "{own:?}");

    // The name is free; what its next bearer claims counts from above.
    host.stops_agent();
    is_called(host, "basalte");
    host.starts_agent();
    assert_eq!(listed(host, "basalte").unwrap()["epoch"], 3);
    let new = host.runs("new", &shop());
    new.reaches(&host.runs("newer", &shop()), tcp(80));
}

// On the embedded store.
story!(a_host_that_is_gone_is_removed, |world| {
    basalte_is_removed(&world.bare_host("ambre"));
});

// On etcd.
story!(a_host_that_is_gone_is_removed_from_etcd, |world| {
    let ambre = world.bare_host("ambre");
    let _etcd = Etcd::on(world, &ambre);
    basalte_is_removed(&ambre);
    etcd_is_away::ends(&ambre);
});

// The agent that removes is killed at each step; the next one goes on.
story!(a_removal_survives_kill_9, |world| {
    for step in ["remove:begun", "remove:freed"] {
        let ambre = world.bare_host(step.trim_start_matches("remove:"));
        basalte_is_gone(&ambre);
        ambre.stops_agent();
        ambre.starts_agent_with(&[("TARTAN_CRASH_AT", step)]);
        let line = "host remove basalte --confirmed-dead";
        assert!(!ambre.tartan(line).is_success(), "{step}: it was killed");
        within(seconds(30), "the agent's end", || ambre.agent_has_ended());

        ambre.starts_agent();

        until_fine(seconds(30), "basalte is gone", || {
            let found = listed(&ambre, "basalte");
            found.map_or(Ok(()), |found| Err(found.to_string()))
        });
        ambre.runs("front", &shop());
    }
});

// Containers that lived on through the removal of their host are isolated:
// others may have their addresses. When they have ended it goes on.
story!(a_removed_host_that_comes_back_isolates_what_it_lost, |world| {
    let ambre = world.bare_host("ambre");
    is_called(&ambre, "basalte");
    ambre.starts_agent();
    ambre.is_furnished();
    let old = ambre.runs("old", &shop());
    is_published(&ambre);
    ambre.stops_agent();
    is_called(&ambre, "ambre");
    ambre.starts_agent();
    let line = "host remove basalte --confirmed-dead";
    ambre.tartan(line).success(line);
    ambre.stops_agent();
    is_called(&ambre, "basalte");

    ambre.starts_agent();

    let new = ambre.container("new");
    let fault = new.attach(&shop()).unwrap_err();
    assert_eq!(fault.code, 11, "{fault:?}");
    assert!(fault.details.contains("shop,old,eth0"), "{fault:?}");
    talk::cannot_reach(&ambre.end(), &old.end(), tcp(80));
    ambre.tartan("gc").success("gc");
    talk::cannot_reach(&ambre.end(), &old.end(), tcp(80));
    old.detach(&shop()).unwrap();
    ambre.attaches(&new, &shop());
    talk::reaches(&ambre.end(), &new.end(), tcp(80));
    new.detach(&shop()).unwrap();
    leftover::none_on(&ambre);
});
