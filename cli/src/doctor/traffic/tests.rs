//! What stands in the way of packets, and what does not.

use serde_json::{Value, json};
use tartan_model::{Family, Prefix};

use super::{Facts, Pool, Traffic, decide, routes_v4, routes_v6};

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn pool(text: &str, size: u64, free: u64) -> Pool {
    Pool { name: "default".to_owned(), prefix: prefix(text), size, free }
}

fn facts() -> Facts {
    Facts {
        forwarding: vec![(Family::V4, true), (Family::V6, true)],
        rp_filter: vec![("eth0".to_owned(), 2)],
        routes: vec![
            (prefix("0.0.0.0/0"), "eth0".to_owned()),
            (prefix("10.77.0.5/32"), "tt0000000000001".to_owned()),
            (prefix("192.0.2.0/24"), "eth0".to_owned()),
        ],
        addresses: vec!["192.0.2.1".parse().unwrap()],
        pools: Some(vec![pool("10.77.0.0/16", 100, 10)]),
        conntrack: Some((90, 100)),
        ..Facts::default()
    }
}

fn forward(table: &str, policy: &str, rule: &Value) -> Option<Value> {
    Some(json!({"nftables": [
        {"metainfo": {}},
        {"chain": {"family": "inet", "table": table, "name": "forward",
                   "hook": "forward", "policy": policy}},
        {"rule": {"family": "inet", "table": table, "chain": "forward",
                  "expr": [rule]}},
    ]}))
}

#[test]
fn a_host_as_it_should_be_is_no_finding() {
    assert_eq!(decide(&facts()), []);
    for rules in [
        forward("filter", "accept", &json!({})),
        forward("tartan", "drop", &json!({})),
        forward("filter", "drop", &json!({"match": {"right": "tt*"}})),
    ] {
        assert_eq!(decide(&Facts { rules, ..facts() }), []);
    }
}

#[test]
fn each_thing_that_is_wrong_is_told() {
    let name = || "default".to_owned();
    let (ten, route) = (prefix("10.77.0.0/16"), prefix("10.0.0.0/8"));
    let link = || "eth0".to_owned();
    let table = [
        (
            Facts { forwarding: vec![(Family::V6, false)], ..facts() },
            Traffic::ForwardingOff { family: Family::V6 },
        ),
        (
            Facts { rp_filter: vec![(link(), 1)], ..facts() },
            Traffic::StrictSource { link: link() },
        ),
        (
            Facts { rules: forward("f", "drop", &json!({})), ..facts() },
            Traffic::ForwardDrops { table: "inet f forward".to_owned() },
        ),
        (
            Facts { legacy_tables: "filter".to_owned(), ..facts() },
            Traffic::LegacyTables { tables: "filter".to_owned() },
        ),
        (Facts { has_firewalld: true, ..facts() }, Traffic::Firewalld),
        (
            Facts { routes: vec![(route, link())], ..facts() },
            Traffic::RouteOverlaps {
                pool: name(),
                prefix: ten,
                route,
                link: link(),
            },
        ),
        (
            Facts { addresses: vec!["10.77.0.9".parse().unwrap()], ..facts() },
            Traffic::AddressOverlaps {
                pool: name(),
                prefix: ten,
                address: "10.77.0.9".parse().unwrap(),
            },
        ),
        (Facts { pools: Some(vec![]), ..facts() }, Traffic::NoPool),
        (
            Facts {
                pools: Some(vec![pool("10.77.0.0/16", 100, 9)]),
                ..facts()
            },
            Traffic::PoolNearlyFull { pool: name(), prefix: ten },
        ),
        (
            Facts { conntrack: Some((91, 100)), ..facts() },
            Traffic::ConntrackNearlyFull { count: 91, most: 100 },
        ),
    ];
    for (facts, expected) in table {
        assert_eq!(decide(&facts), [expected]);
    }
}

#[test]
fn a_pool_of_ipv6_is_counted_too() {
    let pools = Some(vec![pool("fd00:77::/64", u64::MAX, u64::MAX)]);
    assert_eq!(decide(&Facts { pools, ..facts() }), []);
}

#[test]
fn the_kernels_tables_of_routes_are_read() {
    let text = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n\
                eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\n\
                eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\n";
    let found: Vec<_> = routes_v4(text).map(|(p, _)| p.to_string()).collect();
    assert_eq!(found, ["0.0.0.0/0", "192.0.2.0/24"]);
    let zero = "0".repeat(32);
    let text = format!(
        "fd000077000000000000000000000000 40 {zero} 00 {zero} 100 1 0 1 eth0\n"
    );
    let found: Vec<_> = routes_v6(&text).collect();
    assert_eq!(found, [(prefix("fd00:77::/64"), "eth0".to_owned())]);
    assert_eq!(routes_v4("rubbish\nmore").count(), 0);
    assert_eq!(routes_v6("rubbish").count(), 0);
}
