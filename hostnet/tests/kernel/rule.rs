//! Rules, as `ip rule` sees them, and what they do to packets.

use tartan_hostnet::{
    Batch, ROUTE_PROTOCOL, Route, Rtnl, Rule, VethEnd, VethSpec,
};
use tartan_model::Mac;

use crate::ground::{Container, GATEWAYS, GROUP, look, new_netns, run_in};

const FIRST: u32 = (1 << 20) + 1;
const TABLE: u32 = 0x7461_0003;
const PRIORITY: u32 = 1000;

fn rules() -> [Rule; 2] {
    ["10.4.2.7", "fd00:4:2::7"]
        .map(|from| Rule::new(from.parse().unwrap(), TABLE, PRIORITY))
}

fn added() -> Batch<'static> {
    let mut batch = Batch::new();
    for rule in &rules() {
        batch.rule(rule);
    }
    batch
}

fn deleted() -> Batch<'static> {
    let mut batch = Batch::new();
    for rule in &rules() {
        batch.delete_rule(rule);
    }
    batch
}

#[test]
fn a_rule_is_seen_and_read_back_and_goes() {
    let netns = new_netns();
    let mut rtnl = Rtnl::open_in(&netns).unwrap();
    rtnl.apply(added()).unwrap();
    for (flag, rule) in ["-4", "-6"].iter().zip(rules()) {
        let seen = look(&netns, &format!("ip {flag} -N -j -d rule show"));
        let ours: Vec<_> = seen
            .as_array()
            .unwrap()
            .iter()
            .filter(|seen| seen["protocol"] == "116")
            .collect();
        let [ours] = ours[..] else { panic!("{seen}") };
        assert_eq!(ours["priority"], PRIORITY);
        assert_eq!(ours["src"], rule.from.to_string());
        assert_eq!(ours["table"], TABLE.to_string());
    }
    assert_eq!(rtnl.rules(ROUTE_PROTOCOL).unwrap(), rules());
    rtnl.apply(deleted()).unwrap();
    assert_eq!(rtnl.rules(ROUTE_PROTOCOL).unwrap(), []);
    assert_eq!(rtnl.sends(), 6);
}

#[test]
fn a_rule_that_is_there_is_told_from_one_that_is_not() {
    let mut rtnl = Rtnl::open_in(&new_netns()).unwrap();
    assert!(rtnl.apply(deleted()).unwrap_err().is_absent());
    rtnl.apply(added()).unwrap();
    let error = rtnl.apply(added()).unwrap_err();
    assert!(error.is_exists(), "{error}");
    assert_eq!(error.failures().len(), 2);
}

#[test]
fn rules_of_others_are_not_ours() {
    let netns = new_netns();
    let add = "ip rule add from 10.4.2.7 lookup 77 priority 7";
    assert!(run_in(&netns, add).0);
    let mut rtnl = Rtnl::open_in(&netns).unwrap();
    assert_eq!(rtnl.rules(ROUTE_PROTOCOL).unwrap(), []);
}

/// A second way out of a container, of which only the table knows.
fn second_way_out(index: u32) -> Batch<'static> {
    let end = |name: &str, mac| VethEnd {
        name: name.into(),
        mac: Mac::local(mac),
        mtu: 1450,
    };
    let mut batch = Batch::new();
    let (host, container) = (end("eth1", 8), end("behind", 9));
    let spec = VethSpec { index, group: GROUP, host, container, netns: None };
    batch.veth(&spec).up(index);
    for (rule, gateway) in rules().iter().zip(GATEWAYS) {
        let gateway = gateway.parse().unwrap();
        let mut way_out = Route::default_via(gateway, index).unwrap();
        way_out.table = TABLE;
        batch.address(index, rule.from).route(&way_out).rule(rule);
    }
    batch
}

#[test]
fn an_address_with_a_rule_leaves_by_the_link_of_its_table() {
    let (host, a) = (new_netns(), Container::new(FIRST));
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    a.add(&mut rtnl);
    let mut inside = Rtnl::open_in(&a.netns).unwrap();
    inside.apply(second_way_out(1000)).unwrap();
    let seconds = rules().map(|rule| rule.from);
    for (to, place) in [("192.0.2.9", 0), ("2001:db8::9", 1)] {
        let from = [(a.addresses()[place], "eth0"), (seconds[place], "eth1")];
        for (from, link) in from {
            let words = format!("ip -j route get {to} from {from}");
            assert_eq!(look(&a.netns, &words)[0]["dev"], link, "{words}");
        }
    }
}
