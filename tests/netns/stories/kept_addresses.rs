//! Addresses that are kept by name: reserved by an operator, or the same each
//! time for a workload.

use std::net::IpAddr;

use serde_json::{Value, json};
use tartan_stories::plugin::Fault;
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{Container, Host, Network, story, tcp, within};

use crate::etcd_is_away::{self, Etcd};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

/// A network whose requests may name a workload.
fn sticky() -> Network {
    shop().with("sticky", json!(true))
}

/// The network, as one request names a workload on it.
fn named(name: &str) -> Network {
    let label = json!({"key": "tartan.sticky", "value": name});
    sticky().with("args", json!({"cni": {"labels": [label]}}))
}

fn kept(host: &Host, address: IpAddr) -> Value {
    host.lists(&format!("ip show {address}"))
}

/// The workload starts as a container; what that gets.
fn starts(host: &Host, container: &str, workload: &str) -> Container {
    host.runs(container, &named(workload))
}

fn refused(host: &Host, container: &str, network: &Network) -> Fault {
    host.container(container).attach(network).unwrap_err()
}

// Nobody gets a reserved address, but who asks for it by its name.
story!(a_reserved_address_goes_to_its_name_alone, |world| {
    let ambre = world.bare_host("ambre");
    ambre.starts_agent();
    ambre.tartan("pool create default --cidr 10.66.0.0/29").success("pool");
    ambre.tartan("team create shop").success("team");
    let line = "ip reserve 10.66.0.2 --for db-0";
    ambre.tartan(line).success(line);

    for n in 0..5 {
        let guest = ambre.runs(&format!("c{n}"), &shop());
        assert_ne!(guest.addresses()[0].to_string(), "10.66.0.2");
    }
    assert_eq!(refused(&ambre, "late", &shop()).code, 101);
    let asked = refused(&ambre, "thief", &shop().asking_for("10.66.0.2"));
    assert!(asked.msg.contains("reserved"), "{asked:?}");

    let db = starts(&ambre, "db", "db-0");
    assert_eq!(db.addresses()[0].to_string(), "10.66.0.2");
    let busy = ambre.tartan("ip release 10.66.0.2");
    assert!(busy.stderr.contains("shop,db,eth0"), "{busy:?}");
    db.detach(&named("db-0")).unwrap();
    let freed = "ip release 10.66.0.2";
    until_fine(seconds(30), "the address is given up", || {
        let ran = ambre.tartan(freed);
        if ran.is_success() { Ok(()) } else { Err(ran.stderr) }
    });
    assert_eq!(ambre.tartan(freed).status.code(), Some(1));
});

fn a_workload_comes_back(ambre: &Host) {
    let first = starts(ambre, "one", "db-0");
    let addresses = first.addresses();
    assert_eq!(addresses.len(), 2, "one per family");
    let shown = kept(ambre, addresses[0]);
    assert_eq!(shown["reserved_for"], "db-0", "{shown}");

    // Two at once: the second is refused, and hears of whom.
    let second = refused(ambre, "two", &named("db-0"));
    assert_eq!(second.code, 102, "{second:?}");
    assert!(second.msg.contains("shop,one,eth0"), "{second:?}");
    assert!(second.msg.contains("on host ambre"), "{second:?}");

    first.detach(&named("db-0")).unwrap();
    let others: Vec<_> =
        (0..20).map(|n| ambre.runs(&format!("c{n}"), &shop())).collect();
    // The store hears of the end a moment after it.
    let again = ambre.container("three");
    until_fine(seconds(30), "the addresses are let go", || {
        again.attach(&named("db-0")).map(drop).map_err(|fault| fault.msg)
    });
    assert_eq!(again.addresses(), addresses);
    again.reaches(&others[0], tcp(80));

    // Across a restart of the agent, and a death without DEL.
    ambre.restarts_agent();
    again.dies();
    let last = ambre.container("four");
    until_fine(seconds(30), "the dead holder is noticed", || {
        ambre.tartan("gc").success("gc");
        last.attach(&named("db-0")).map(drop).map_err(|fault| fault.msg)
    });
    assert_eq!(last.addresses(), addresses);
}

// A workload has the same addresses each time.
story!(a_workload_comes_back_to_its_addresses, |world| {
    a_workload_comes_back(&world.host("ambre"));
});

// The same with etcd, and without it: error 11, as a name needs the store.
story!(a_workload_comes_back_with_etcd_and_waits_without, |world| {
    let ambre = world.bare_host("ambre");
    let mut etcd = Etcd::on(world, &ambre);
    ambre.starts_agent();
    ambre.is_furnished();
    a_workload_comes_back(&ambre);

    etcd.goes();
    let fault = refused(&ambre, "away", &named("db-1"));
    assert_eq!(fault.code, 11, "{fault:?}");
    ambre.runs("plain", &shop());
    etcd.comes();
    let back = ambre.container("back");
    until_fine(seconds(60), "the store is back", || {
        back.attach(&named("db-1")).map(drop).map_err(|fault| fault.msg)
    });
    etcd_is_away::ends(&ambre);
});

// Who may: the network says so, and a name is one team's.
story!(a_network_must_allow_workloads_to_be_named, |world| {
    let ambre = world.host("ambre");
    let label = json!({"key": "tartan.sticky", "value": "db-0"});
    let strict = shop().with("args", json!({"cni": {"labels": [label]}}));
    let fault = refused(&ambre, "sly", &strict);
    assert_eq!(fault.code, 7, "{fault:?}");
    assert!(fault.msg.contains("\"sticky\": true"), "{fault:?}");

    let db = starts(&ambre, "db", "db-0");
    let theirs = named("db-0").team("blog");
    let fault = refused(&ambre, "thief", &theirs);
    assert_eq!(fault.code, 7, "{fault:?}");
    db.detach(&named("db-0")).unwrap();
    let address = db_address(&ambre);
    until_fine(seconds(30), "the name is free", || {
        let ran = ambre.tartan(&format!("ip release {address}"));
        if ran.is_success() { Ok(()) } else { Err(ran.stderr) }
    });
});

fn db_address(host: &Host) -> String {
    let listed = host.lists("ip list");
    let listed = listed.as_array().unwrap();
    let is_db = |ip: &&Value| ip["reserved_for"] == "db-0";
    let found = listed.iter().find(is_db).unwrap();
    found["address"].as_str().unwrap().to_owned()
}

// The agent dies when the store has the reservation and no record is written:
// the name is not lost to a container that never was.
story!(a_workload_outlives_an_agent_that_dies_in_its_add, |world| {
    let ambre = world.host("ambre");
    ambre.kills_agent();
    let crash = [("TARTAN_CRASH_AT", "add:record-adding")];
    ambre.starts_agent_with(&crash);
    let one = ambre.container("one");
    assert!(one.attach(&named("db-0")).is_err(), "the agent was killed");
    within(seconds(30), "the agent's end", || ambre.agent_has_ended());
    ambre.starts_agent();
    let kept = db_address(&ambre);

    let two = ambre.container("two");
    until_fine(seconds(30), "the dead holder is noticed", || {
        two.attach(&named("db-0")).map(drop).map_err(|fault| fault.msg)
    });
    let given: Vec<_> =
        two.addresses().iter().map(ToString::to_string).collect();
    assert!(given.contains(&kept), "{given:?} and {kept}");
});
