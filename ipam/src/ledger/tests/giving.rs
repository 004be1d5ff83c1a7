//! Choosing addresses.

use super::*;

#[test]
fn i_001_a_release_frees_exactly_what_was_given() {
    let mut host =
        Host::new(vec![pool("default", &["10.77.0.0/24", "fd00::/120"])]);
    let given = host.give("c1", at(0));
    host.give("c2", at(0));
    assert_eq!(host.release("c1", at(1)), given);
    assert_eq!(host.ledger.held().count(), 2);
    assert_eq!(host.ledger.resting().count(), 2);
}

#[test]
fn i_002_interfaces_of_one_container_are_independent() {
    let mut host = Host::with("10.77.0.0/24");
    let first = host.give_one("c1", at(0));
    let mut second = request("c1");
    second.attachment = "shop,c1,eth1".parse().unwrap();
    let second = host.ask(second, at(0)).unwrap().addresses;
    assert_ne!(vec![first], second);
    assert_eq!(host.release("c1", at(1)), [first]);
    assert!(host.ledger.by_address(second[0]).is_some());
}

#[test]
fn i_003_the_same_attachment_again_gets_the_same_addresses() {
    let mut host = Host::with("10.77.0.0/24");
    let first = host.ask(request("c1"), at(0)).unwrap();
    assert_eq!(first.freshness, Freshness::New);
    let again = host.ask(request("c1"), at(1)).unwrap();
    assert_eq!(again.freshness, Freshness::Again);
    assert_eq!(again.addresses, first.addresses);
    host.ledger.confirm(&who("c1"), Generation(1)).unwrap();
    let used = host.ask(request("c1"), at(2)).unwrap();
    assert_eq!(used.addresses, first.addresses);
    assert_eq!(host.ledger.held().count(), 1);
}

#[test]
fn i_003_a_failed_add_leaves_nothing() {
    let mut host = Host::new(vec![pool("default", &["10.77.0.0/24"])]);
    let before = host.ledger.dirty();
    let mut bad = request("c1");
    bad.pools.push(pool_name("nowhere"));
    host.ask(bad, at(0)).unwrap_err();
    assert_eq!(host.ledger.held().count(), 0);
    assert_eq!(host.ledger.dirty(), before);
}

#[test]
fn i_004_network_and_broadcast_are_never_given() {
    for (cidr, usable) in [
        ("10.77.0.0/29", 6),
        ("10.77.0.0/30", 2),
        ("10.77.0.0/31", 2),
        ("10.77.0.0/32", 1),
        ("fd00::/126", 3),
        ("fd00::/127", 2),
        ("fd00::/128", 1),
        ("10.77.0.0/25", 126),
    ] {
        let mut host = Host::with(cidr);
        let mut given = BTreeSet::new();
        for n in 0..usable {
            given.insert(host.give_one(&format!("c{n}"), at(0)));
        }
        assert_eq!(given.len(), usable, "{cidr}");
        let whole = &host.pools[0];
        assert!(!given.iter().any(|ip| whole.excludes(*ip)), "{cidr}");
        let error = host.ask(request("more"), at(0)).unwrap_err();
        assert!(matches!(error, AssignError::Exhausted { .. }), "{cidr}");
    }
}

#[test]
fn i_005_addresses_are_reused_as_late_as_can_be() {
    let mut host = Host::with("10.77.0.0/29");
    let mut given = Vec::new();
    for round in 0..12 {
        let now = at(round * 60);
        given.push(host.give_one("looping", now));
        host.release("looping", now);
        host.publish(now);
    }
    let (first, second) = given.split_at(6);
    assert_eq!(BTreeSet::from_iter(first).len(), 6, "{given:?}");
    assert_eq!(first, second, "the order of release is the order of reuse");
}

#[test]
fn i_005_the_fifth_of_a_30_is_the_first_again() {
    let mut host = Host::with("10.77.0.0/30");
    let mut given = Vec::new();
    for round in 0..3 {
        given.push(host.give_one("looping", at(round * 60)));
        host.release("looping", at(round * 60));
    }
    assert_eq!(given[0], given[2]);
    assert_ne!(given[0], given[1]);
}

#[test]
fn i_007_reserved_addresses_are_never_given() {
    let reserved: BTreeSet<IpAddr> =
        ["10.77.0.6", "10.77.0.1", "10.77.0.3", "fd00::99"].map(ip).into();
    let mut host = Host::with("10.77.0.0/29");
    host.ledger.set_reserved(reserved.clone());
    let given: BTreeSet<IpAddr> =
        (0..3).map(|n| host.give_one(&format!("c{n}"), at(0))).collect();
    assert!(given.is_disjoint(&reserved), "{given:?}");
    let error = host.ask(request("c4"), at(0)).unwrap_err();
    assert!(matches!(error, AssignError::Exhausted { .. }));
    host.ledger.set_reserved(BTreeSet::new());
    assert!(reserved.contains(&host.give_one("c4", at(0))));
}

#[test]
fn i_007_a_reservation_made_later_takes_nothing_from_its_holder() {
    let mut host = Host::with("10.77.0.0/29");
    let held = host.give_one("c1", at(0));
    host.ledger.set_reserved([held].into());
    assert!(host.ledger.by_address(held).is_some());
    assert_eq!(host.release("c1", at(0)), [held]);
    host.publish(at(0));
    for n in 0..5 {
        assert_ne!(host.give_one(&format!("d{n}"), at(99)), held);
    }
    host.ask(request("more"), at(99)).unwrap_err();
}

#[test]
fn i_007_a_pool_reserved_whole_is_exhausted() {
    let mut host = Host::with("10.77.0.0/30");
    host.ledger.set_reserved(["10.77.0.1", "10.77.0.2"].map(ip).into());
    let error = host.ask(request("c1"), at(0)).unwrap_err();
    assert!(matches!(error, AssignError::Exhausted { resting: 0, .. }));
}

#[test]
fn i_011_one_address_per_family() {
    let mut host =
        Host::new(vec![pool("default", &["10.77.0.0/24", "fd00:77::/64"])]);
    let given = host.give("c1", at(0));
    let families: Vec<Family> =
        given.iter().map(|ip| Family::of(*ip)).collect();
    assert_eq!(families, Family::ALL);
}

#[test]
fn i_011_families_may_come_from_different_pools() {
    let mut host = Host::new(vec![
        pool("four", &["10.77.0.0/24"]),
        pool("six", &["fd00:77::/64"]),
    ]);
    let mut both = request("c1");
    both.pools = ["six", "four"].map(pool_name).into();
    assert_eq!(host.ask(both, at(0)).unwrap().addresses.len(), 2);
}

#[test]
fn i_012_where_one_family_is_exhausted_none_of_the_other_is_kept() {
    for cidrs in [["10.77.0.0/32", "fd00::/64"], ["10.77.0.0/16", "fd00::/128"]]
    {
        let mut host = Host::new(vec![pool("default", &cidrs)]);
        host.give("c1", at(0));
        host.publish(at(0));
        let error = host.ask(request("c2"), at(0)).unwrap_err();
        assert!(matches!(error, AssignError::Exhausted { .. }));
        assert_eq!(host.ledger.held().count(), 2, "c1's alone");
        assert!(host.ledger.dirty().is_empty());
        assert!(host.ledger.by_attachment(&who("c2")).is_none());
    }
}

#[test]
fn i_013_ipv6_carries_over_bytes_and_has_no_broadcast() {
    let mut host = Host::with("fd00:0:0:1::fe00/119");
    let given: BTreeSet<IpAddr> =
        (0..511).map(|n| host.give_one(&format!("c{n}"), at(0))).collect();
    assert_eq!(given.len(), 511);
    assert!(!given.contains(&ip("fd00:0:0:1::fe00")), "the anycast address");
    assert!(given.contains(&ip("fd00:0:0:1::ff00")));
    assert!(given.contains(&ip("fd00:0:0:1::ffff")));
}

#[test]
fn i_015_a_huge_pool_gives_at_once() {
    for cidr in ["10.0.0.0/8", "fd00::/64", "fd00::/8"] {
        let mut host = Host::with(cidr);
        let given: BTreeSet<IpAddr> =
            (0..1000).map(|n| host.give_one(&format!("c{n}"), at(0))).collect();
        assert_eq!(given.len(), 1000, "{cidr}");
    }
}

#[test]
fn i_016_exhaustion_names_the_pool_and_one_release_ends_it() {
    let mut host = Host::with("10.77.0.0/30");
    host.give("c1", at(0));
    host.give("c2", at(0));
    let error = host.ask(request("c3"), at(0)).unwrap_err();
    assert!(error.to_string().contains("pool default"), "{error}");
    assert!(host.ledger.by_attachment(&who("c3")).is_none());
    let freed = host.release("c1", at(1));
    assert_eq!(host.give("c3", at(40)), freed);
}

#[test]
fn i_017_many_requests_never_yield_a_duplicate() {
    for asked in [1usize, 13, 14, 60, 126, 300] {
        let mut host = Host::with("10.77.0.0/25");
        let answers = (0..asked)
            .filter_map(|n| host.ask(request(&format!("c{n}")), at(0)).ok())
            .flat_map(|assigned| assigned.addresses);
        let given: Vec<IpAddr> = answers.collect();
        assert_eq!(given.len(), asked.min(126));
        assert_eq!(BTreeSet::from_iter(&given).len(), given.len());
    }
}

#[test]
fn i_060_a_draining_or_deleted_pool_gives_nothing_and_a_new_one_at_once() {
    let mut host = Host::with("10.77.0.0/24");
    host.give("c1", at(0));
    let mut draining = pool("default", &["10.77.0.0/24"]);
    draining.draining = true;
    host.ledger.set_pools(vec![draining]);
    assert_eq!(
        host.ask(request("c2"), at(0)),
        Err(AssignError::PoolDraining(pool_name("default")))
    );
    host.ledger.set_pools(vec![]);
    assert_eq!(
        host.ask(request("c2"), at(0)),
        Err(AssignError::UnknownPool(pool_name("default")))
    );
    let renewed = vec![pool("default", &["10.78.0.0/24"])];
    host.ledger.set_pools(renewed.clone());
    host.pools = renewed;
    let given = host.give_one("c2", at(0));
    assert!(prefix("10.78.0.0/24").contains(given), "{given}");
}

#[test]
fn i_061_pools_are_used_in_the_order_listed() {
    let mut host = Host::new(vec![
        pool("first", &["10.77.0.0/31"]),
        pool("second", &["10.78.0.0/24"]),
    ]);
    let mut given = Vec::new();
    for n in 0..4 {
        let mut request = request(&format!("c{n}"));
        request.pools = ["first", "second"].map(pool_name).into();
        given.extend(host.ask(request, at(0)).unwrap().addresses);
    }
    let first = prefix("10.77.0.0/31");
    let inside: Vec<bool> =
        given.iter().map(|ip| first.contains(*ip)).collect();
    assert_eq!(inside, [true, true, false, false]);
}

#[test]
fn a_request_without_pools_is_refused() {
    let mut host = Host::with("10.77.0.0/24");
    let mut none = request("c1");
    none.pools.clear();
    assert_eq!(host.ask(none, at(0)), Err(AssignError::NoPools));
}

#[test]
fn an_attachment_cannot_keep_its_address_under_another_class() {
    let mut host = Host::with("10.77.0.0/24");
    host.give("c1", at(0));
    let mut other = request("c1");
    other.class = class("002a:0008");
    let error = host.ask(other, at(0)).unwrap_err();
    assert!(matches!(error, AssignError::ClassChanged { .. }));
}
