//! Ranges inside pools: what is given, and what is claimed for it.

use proptest::prelude::*;

use super::*;
use crate::Prospect;

type Written = [&'static str; 4];

/// Sets of ranges: subnet, first, last, gateway; empty where not said.
fn ranges(sets: &[&[Written]]) -> Ranges {
    let range = |fields: &Written| {
        let keys = ["subnet", "rangeStart", "rangeEnd", "gateway"];
        serde_json::Value::from_iter(keys.into_iter().zip(*fields))
    };
    let sets = sets.iter().map(|set| set.iter().map(range).collect());
    let sets: Vec<Vec<serde_json::Value>> = sets.collect();
    serde_json::from_value(serde_json::json!(sets)).unwrap()
}

fn within(container: &str, sets: &[&[Written]]) -> AssignRequest {
    let ranges = ranges(sets);
    AssignRequest { ranges, pools: Vec::new(), ..request(container) }
}

fn ips(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| ip(text)).collect()
}

#[test]
fn i_006_a_range_is_given_from_end_to_end_and_no_further() {
    let mut host = Host::with("10.77.0.0/16");
    // It cuts through two blocks of sixteen.
    let set: &[Written] = &[["10.77.3.0/24", "10.77.3.13", "10.77.3.18", ""]];
    let mut given = Vec::new();
    for n in 0..6 {
        let ask = within(&format!("c{n}"), &[set]);
        given.extend(host.ask(ask, at(0)).unwrap().addresses);
    }
    let whole: Vec<_> =
        (13..=18).map(|n| ip(&format!("10.77.3.{n}"))).collect();
    given.sort_unstable();
    assert_eq!(given, whole);
    let error = host.ask(within("c6", &[set]), at(0)).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("10.77.3.13-10.77.3.18"), "{said}");
    // The one that rested comes back.
    host.release("c2", at(1));
    let again = host.ask(within("c7", &[set]), at(40)).unwrap();
    assert_eq!(again.addresses, [given[2]]);
}

#[test]
fn i_004_gateway_network_and_broadcast_are_never_given() {
    let mut host = Host::with("10.77.0.0/16");
    let set: &[Written] = &[["10.77.3.8/29", "10.77.3.8", "10.77.3.15", ""]];
    let mut given = Vec::new();
    while let Ok(one) =
        host.ask(within(&format!("c{}", given.len()), &[set]), at(0))
    {
        given.extend(one.addresses);
    }
    let expected: Vec<_> =
        (10..=14).map(|n| ip(&format!("10.77.3.{n}"))).collect();
    assert_eq!(given, expected);
}

#[test]
fn i_011_each_set_gives_one_address_all_or_none() {
    let mut host =
        Host::new(vec![pool("a", &["10.77.0.0/16", "fd00:77::/64"])]);
    let low: Written = ["10.77.1.0/24", "", "", ""];
    let high: Written = ["10.77.2.0/24", "10.77.2.2", "10.77.2.2", ""];
    let v6: Written = ["fd00:77::/64", "", "", ""];
    let sets: &[&[Written]] = &[&[v6], &[low], &[high]];
    let first = host.ask(within("c1", sets), at(0)).unwrap();
    assert_eq!(first.addresses, ips(&["fd00:77::2", "10.77.1.2", "10.77.2.2"]));
    let before = host.ledger.held().count();
    assert!(host.ask(within("c2", sets), at(0)).is_err());
    assert_eq!(host.ledger.held().count(), before, "nothing half given");
}

#[test]
fn a_set_goes_on_with_its_next_range() {
    let mut host = Host::new(vec![
        pool("a", &["10.77.0.0/16"]),
        pool("b", &["10.78.0.0/16"]),
    ]);
    let small: Written = ["10.77.0.0/16", "10.77.9.9", "10.77.9.9", ""];
    let next: Written = ["10.78.0.0/16", "10.78.9.9", "10.78.9.9", ""];
    let mut give = |name| host.ask(within(name, &[&[small, next]]), at(0));
    assert_eq!(give("c1").unwrap().addresses, ips(&["10.77.9.9"]));
    assert_eq!(give("c2").unwrap().addresses, ips(&["10.78.9.9"]));
    assert!(matches!(give("c3"), Err(AssignError::Exhausted { .. })));
}

#[test]
fn a_range_outside_the_pools_is_told() {
    let mut host = Host::with("10.77.0.0/16");
    for subnet in ["10.78.0.0/24", "10.0.0.0/8", "fd00::/64"] {
        let ask = within("c1", &[&[[subnet, "", "", ""]]]);
        let error = host.ask(ask, at(0)).unwrap_err();
        let is_meant = matches!(error, AssignError::RangeOutsidePools { .. });
        assert!(is_meant, "{error}");
    }
    // The subnet may be wider than the pool, if the range is not.
    let set: Written = ["10.0.0.0/8", "10.77.0.5", "10.77.0.9", ""];
    assert!(host.ask(within("c1", &[&[set]]), at(0)).is_ok());
    // Named pools are the only ones.
    host.ledger.set_pools(vec![
        pool("default", &["10.77.0.0/16"]),
        pool("other", &["10.78.0.0/16"]),
    ]);
    let ranges = ranges(&[&[["10.78.0.0/24", "", "", ""]]]);
    let ask = AssignRequest { ranges, ..request("c2") };
    assert!(host.ask(ask, at(0)).is_err());
}

#[test]
fn i_008_i_009_what_is_requested_must_all_be_given() {
    let mut host = Host::with("10.77.0.0/16");
    let low: Written = ["10.77.1.0/24", "", "10.77.1.99", ""];
    let high: Written = ["10.77.2.0/24", "", "", ""];
    let ask = |container: &str, wanted: &[&str]| AssignRequest {
        requested: ips(wanted),
        ..within(container, &[&[low], &[high]])
    };
    let given = host.ask(ask("c1", &["10.77.2.9", "10.77.1.7"]), at(0));
    assert_eq!(given.unwrap().addresses, ips(&["10.77.1.7", "10.77.2.9"]));
    let given = host.ask(ask("c2", &["10.77.2.8"]), at(0)).unwrap();
    assert_eq!(given.addresses, ips(&["10.77.1.2", "10.77.2.8"]));
    for (wanted, said) in [
        (&["10.77.3.1"][..], "none of the ranges"),
        (&["10.77.1.100"], "none of the ranges"),
        (&["10.77.2.1"], "gateway"),
        (&["10.77.1.1"], "gateway"),
        (&["10.77.2.9"], "in use"),
        (&["10.77.2.4", "10.77.2.5"], "both"),
        (&["10.77.2.4", "10.99.0.1"], "none of the ranges"),
    ] {
        let error = host.ask(ask("c3", wanted), at(0)).unwrap_err();
        assert!(error.to_string().contains(said), "{wanted:?}: {error}");
    }
    assert_eq!(host.ledger.held().count(), 4, "nothing half given");
}

#[test]
fn asked_again_the_same_is_given() {
    let mut host = Host::with("10.77.0.0/16");
    let set: &[Written] = &[["10.77.3.0/24", "", "", ""]];
    let first = host.ask(within("c1", &[set]), at(0)).unwrap();
    let again = host.ask(within("c1", &[set]), at(1)).unwrap();
    assert_eq!(first.addresses, again.addresses);
    assert_eq!(again.freshness, Freshness::Again);
}

#[test]
fn status_tells_whether_a_range_has_something() {
    let mut host = Host::with("10.77.0.0/16");
    let set: Written = ["10.77.3.0/24", "10.77.3.5", "10.77.3.5", ""];
    let ranges = ranges(&[&[set]]);
    let ask = |host: &Host| host.ledger.could_assign(&[], &ranges, at(0));
    assert_eq!(ask(&host).unwrap(), Prospect::Claim);
    host.ask(within("c1", &[&[set]]), at(0)).unwrap();
    let wants = host.ledger.needs(&within("c2", &[&[set]]), at(0));
    host.ledger.found_no_room(&wants[0], at(0));
    assert!(ask(&host).is_err(), "a claim found no room");
    // What lies outside the range is not concerned.
    assert!(host.ledger.wants(at(0)).is_empty());
    let pools = [pool_name("default")];
    let all = host.ledger.could_assign(&pools, &Ranges::default(), at(0));
    assert_eq!(all.unwrap(), Prospect::Free);
    host.release("c1", at(0));
    host.publish(at(1));
    let ask = host.ledger.could_assign(&[], &ranges, at(40));
    assert_eq!(ask.unwrap(), Prospect::Free);
}

#[test]
fn i_015_a_range_of_a_huge_pool_costs_a_few_claims() {
    let mut huge = pool("default", &["10.0.0.0/8", "fd00:77::/64"]);
    huge.block_length6 = 122;
    let mut host = Host::new(vec![huge]);
    let v4: Written = ["10.0.0.0/8", "10.99.0.0", "10.199.255.255", ""];
    let v6: Written = ["fd00:77::/64", "fd00:77::ffff:0:0", "", ""];
    for n in 0..100 {
        host.ask(within(&format!("c{n}"), &[&[v4], &[v6]]), at(0)).unwrap();
    }
    assert!(host.ledger.blocks().count() <= 8);
}

#[test]
fn the_gateway_of_a_foreign_link_is_given_to_nobody() {
    let mut host = Host::with("10.77.0.0/29");
    let set: Written = ["10.77.0.0/29", "", "", ""];
    let foreign = |name: &str| AssignRequest {
        netns_cookie: Some(7),
        ..within(name, &[&[set]])
    };
    let first = host.ask(foreign("bridged"), at(0)).unwrap();
    assert_eq!(first.addresses, ips(&["10.77.0.2"]));
    let mut given = Vec::new();
    while let Ok(one) = host.ask(request(&given.len().to_string()), at(0)) {
        given.extend(one.addresses);
    }
    let rest: Vec<_> = (3..7).map(|n| ip(&format!("10.77.0.{n}"))).collect();
    assert_eq!(given, rest, "the gateway is free, and nobody gets it");

    let mut host = Host::with("10.77.0.0/29");
    assert_eq!(host.give_one("first", at(0)), ip("10.77.0.1"));
    let error = host.ask(foreign("bridged"), at(0)).unwrap_err();
    assert!(matches!(error, AssignError::GatewayInUse { .. }), "{error}");
    assert_eq!(host.ledger.held().count(), 1, "nothing half given");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    // Whatever else the host gave before, a range gives each of its addresses
    // once, and none beside.
    #[test]
    fn a_range_gives_all_that_it_has(
        first in 2u8..200,
        length in 1u8..40,
        before in 0usize..40,
    ) {
        let mut shared = pool("default", &["10.77.0.0/24"]);
        shared.affinity = tartan_model::pool::PoolAffinity::Host;
        let mut host = Host::new(vec![shared]);
        let mut others = Vec::new();
        for n in 0..before {
            others.push(host.give_one(&format!("b{n}"), at(0)));
        }
        let last = first + length - 1;
        let set: Ranges = serde_json::from_value(serde_json::json!([[{
            "subnet": "10.77.0.0/24",
            "rangeStart": format!("10.77.0.{first}"),
            "rangeEnd": format!("10.77.0.{last}"),
        }]])).unwrap();
        let mut given = others.clone();
        loop {
            let ask = AssignRequest {
                ranges: set.clone(),
                ..request(&format!("c{}", given.len()))
            };
            match host.ask(ask, at(0)) {
                Ok(one) => given.extend(one.addresses),
                Err(_) => break,
            }
        }
        let is_within = |ip: &IpAddr| set.giving(*ip).is_some();
        let mut held: Vec<_> = given.into_iter().filter(is_within).collect();
        held.sort_unstable();
        held.dedup();
        prop_assert_eq!(held.len(), usize::from(length));
    }
}
