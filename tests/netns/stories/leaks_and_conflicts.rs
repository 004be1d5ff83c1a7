//! What `tartan ip check` finds, mends, and must not mend.

use std::process::Command;

use serde_json::Value;
use tartan_stories::inside;
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{Host, Network, story, tcp, witness};

use crate::etcd_is_away::{self, Etcd};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

/// What the check says: the kinds and what became of each.
fn check(host: &Host, flags: &str) -> (Option<i32>, Vec<(String, String)>) {
    let ran = host.tartan(&format!("ip check {flags} -o json"));
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let told = |finding: &Value| {
        let outcome = &finding["outcome"];
        let why = || outcome["stays"]["why"].as_str().unwrap();
        let outcome = outcome.as_str().unwrap_or_else(why).to_owned();
        assert!(!finding["meaning"].as_str().unwrap().is_empty());
        (finding["kind"].as_str().unwrap().to_owned(), outcome)
    };
    (ran.status.code(), findings.iter().map(told).collect())
}

fn is_clean(host: &Host) {
    until_fine(seconds(30), "nothing is found any more", || {
        match check(host, "") {
            (Some(0), found) if found.is_empty() => Ok(()),
            found => Err(format!("{found:?}")),
        }
    });
}

fn kinds(found: &[(String, String)]) -> Vec<&str> {
    let mut kinds: Vec<_> = found.iter().map(|f| f.0.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

// A container died, and its runtime never called DEL.
story!(a_dead_container_is_found_and_mended, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    is_clean(&ambre);

    front.dies();
    until_fine(seconds(30), "its link is gone", || {
        let (code, found) = check(&ambre, "");
        // Its entry in the kernel's maps is nobody's by now.
        match (code, kinds(&found).as_slice()) {
            (Some(1), ["dead"] | ["dead", "nobodys"]) => Ok(()),
            _ => Err(format!("{found:?}")),
        }
    });
    let (code, found) = check(&ambre, "--fix");
    assert_eq!(code, Some(0), "{found:?}");
    assert!(kinds(&found).contains(&"dead"), "{found:?}");
    is_clean(&ambre);
    stock.check(&shop()).unwrap();
});

// Somebody led an address of a container to another link: named, not mended.
story!(an_address_on_two_links_is_named, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let address = front.addresses()[0];
    let other = stock.result().host_link();
    let route = format!("{address} dev {other} proto 116 metric 7");
    inside::ip(ambre.netns(), &format!("route add {route}"));

    for flags in ["", "--fix"] {
        let (_, found) = check(&ambre, flags);
        let two = found.iter().find(|(kind, _)| kind == "two-links");
        let (_, why) = two.unwrap_or_else(|| panic!("{flags}: {found:?}"));
        assert!(why.contains("it leads to links"), "{why}");
    }
    let _ = inside::run(
        ambre.netns(),
        Command::new("ip").args(["route", "del"]).args(route.split(' ')),
        b"",
    );
    check(&ambre, "--fix");
    is_clean(&ambre);
    front.reaches(&stock, tcp(80));
    assert!(!witness::our_routes(ambre.netns()).is_empty());
});

// Reservations whose pool has gone; nobody gives them up but the operator.
story!(a_reservation_of_no_pool_is_named_with_its_remedy, |world| {
    let ambre = world.host("ambre");
    ambre.tartan("pool create more --cidr 10.99.0.0/24").success("pool");
    ambre.tartan("ip reserve 10.99.0.9 --for db").success("reserve");
    is_clean(&ambre);
    ambre.tartan("pool delete more").success("pool delete");

    let (code, found) = check(&ambre, "--fix");

    assert_eq!(code, Some(1), "{found:?}");
    assert_eq!(kinds(&found), ["reservation-outside"], "{found:?}");
    assert!(found[0].1.contains("tartan ip release 10.99.0.9"), "{found:?}");
    ambre.tartan("ip release 10.99.0.9").success("release");
    is_clean(&ambre);
});

// Somebody wrote over a block in etcd: the ledger knows better.
story!(a_block_that_differs_in_the_store_is_said_again, |world| {
    let ambre = world.bare_host("ambre");
    let etcd = Etcd::on(world, &ambre);
    ambre.starts_agent();
    ambre.is_furnished();
    let front = ambre.runs("front", &shop());
    is_clean(&ambre);

    etcd.every_block(|record| record.replace("\"slots\":{", "\"slot\":{"));
    let (code, found) = check(&ambre, "");
    assert_eq!(code, Some(1), "{found:?}");
    assert_eq!(kinds(&found), ["store-differs"], "{found:?}");
    let (code, found) = check(&ambre, "--fix");
    assert_eq!((code, kinds(&found)), (Some(0), vec!["store-differs"]));
    is_clean(&ambre);

    front.check(&shop()).unwrap();
    etcd_is_away::ends(&ambre);
});
