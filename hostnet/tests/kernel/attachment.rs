//! One ADD, in three sends, and what is left after it.

use std::net::IpAddr;
use std::num::NonZeroU32;

use tartan_hostnet::{
    Batch, FilterPlace, Forwarding, Link, ROUTE_PROTOCOL, Rtnl, set_forwarding,
    within,
};
use tartan_model::Family;

use crate::ground::{
    BLOCKS, Container, GROUP, look, new_netns, peer_of, run_in,
};

const FIRST: u32 = (1 << 20) + 1;

#[test]
fn containers_in_two_namespaces_reach_each_other_through_the_host() {
    let host = new_netns();
    within(&host, || {
        for family in Family::ALL {
            set_forwarding(family, Forwarding::On).unwrap();
        }
    })
    .unwrap();
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    let (a, b) = (Container::new(FIRST), Container::new(FIRST + 1));
    a.add(&mut rtnl);
    b.add(&mut rtnl);
    assert_eq!(rtnl.sends(), 4);
    for address in b.addresses() {
        let (is_well, text) = run_in(
            &a.netns,
            &format!("busybox ping -c 5 -i 0.2 -W 5 {address}"),
        );
        assert!(is_well, "{text}");
    }
}

#[test]
fn the_echo_tells_the_number_of_the_end_in_the_container() {
    let (host, a) = (new_netns(), Container::new(FIRST));
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    let echoes = rtnl.apply(a.birth()).unwrap();
    let seen = look(&a.netns, "ip -j link show eth0");
    assert_eq!(seen[0]["ifindex"], peer_of(&echoes));
    assert_eq!((echoes[0].index, echoes[0].link.index), (0, FIRST));
    assert_eq!(rtnl.sends(), 1);
}

#[test]
fn both_ends_are_born_down_and_as_asked() {
    let (host, a) = (new_netns(), Container::new(FIRST));
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    rtnl.apply(a.birth()).unwrap();
    let spec = a.spec();
    let ours = look(&host, &format!("ip -j -d link show tt{FIRST}"));
    let theirs = look(&a.netns, "ip -j -d link show eth0");
    for (seen, end) in [(&ours, &spec.host), (&theirs, &spec.container)] {
        assert_eq!(seen[0]["operstate"], "DOWN");
        assert_eq!(seen[0]["mtu"], end.mtu);
        assert_eq!(seen[0]["address"], end.mac.to_string());
        assert_eq!(seen[0]["num_tx_queues"], 1);
    }
    assert_eq!(ours[0]["ifindex"], FIRST);
    assert_eq!(ours[0]["group"], GROUP.to_string());
    assert_eq!(ours[0]["altnames"][0], a.alt_name());
    let qdisc = look(&host, &format!("tc -j qdisc show dev tt{FIRST}"));
    let clsact = qdisc.as_array().unwrap().last().unwrap();
    assert_eq!(clsact["kind"], "clsact");
    assert_eq!(clsact["ingress_block"], BLOCKS.ingress);
    assert_eq!(clsact["egress_block"], BLOCKS.egress);
}

#[test]
fn the_host_has_the_containers_routes_and_no_address_on_its_end() {
    let (host, a) = (new_netns(), Container::new(FIRST));
    a.add(&mut Rtnl::open_in(&host).unwrap());
    let seen = look(&host, &format!("ip -j addr show tt{FIRST}"));
    assert_eq!(seen[0]["addr_info"].as_array().unwrap().len(), 0);
    for (flag, address) in ["-4", "-6"].iter().zip(a.addresses()) {
        let routes = look(&host, &format!("ip {flag} -j route show proto 116"));
        assert_eq!(routes[0]["dst"], address.to_string());
        assert_eq!(routes[0]["dev"], format!("tt{FIRST}"));
    }
    let neighbours = look(&host, "ip -j neigh show");
    for seen in neighbours.as_array().unwrap() {
        assert_eq!(seen["state"][0], "PERMANENT");
        assert_eq!(seen["lladdr"], a.mac().to_string());
    }
    assert_eq!(neighbours.as_array().unwrap().len(), 2);
}

#[test]
fn what_was_made_is_read_back() {
    let (host, a) = (new_netns(), Container::new(FIRST));
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    let eth0 = a.add(&mut rtnl);
    let link = rtnl.link(FIRST).unwrap().unwrap();
    assert!(link.is_up && link.is_called(&a.alt_name()));
    assert_eq!(link.mac, Some(a.host_mac()));
    assert_eq!((link.kind.as_deref(), link.group), (Some("veth"), GROUP));
    assert_eq!(rtnl.link_named(&a.alt_name()).unwrap(), Some(link.clone()));
    assert_eq!(rtnl.link_named(&link.name).unwrap(), Some(link.clone()));
    assert!(rtnl.links().unwrap().contains(&link));
    assert_eq!(rtnl.blocks(FIRST).unwrap(), Some(BLOCKS));
    let to: Vec<IpAddr> = rtnl
        .routes(ROUTE_PROTOCOL)
        .unwrap()
        .iter()
        .map(|route| route.destination.first())
        .collect();
    assert_eq!(to, a.addresses());
    let neighbours = rtnl.neighbours(FIRST).unwrap();
    assert!(neighbours.iter().all(|n| n.is_permanent));
    assert_eq!(neighbours.len(), 2);
    let mut container = Rtnl::open_in(&a.netns).unwrap();
    let found = container.addresses(eth0).unwrap();
    assert!(a.addresses().iter().all(|address| found.contains(address)));
}

#[test]
fn what_is_not_there_is_no_error_to_look_for() {
    let mut rtnl = Rtnl::open_in(&new_netns()).unwrap();
    assert_eq!(rtnl.link(FIRST).unwrap(), None);
    assert_eq!(rtnl.link_named("tartan:nobody").unwrap(), None);
    assert_eq!(rtnl.blocks(FIRST).unwrap(), None);
    assert!(
        rtnl.filters(FilterPlace::Block(BLOCKS.ingress)).unwrap().is_empty()
    );
    assert!(rtnl.routes(ROUTE_PROTOCOL).unwrap().is_empty());
}

#[test]
fn a_renamed_end_gives_its_name_to_the_next() {
    let (host, mut a) = (new_netns(), Container::new(FIRST));
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    let eth0 = a.add(&mut rtnl);
    let mut rename = Batch::new();
    rename.rename(eth0, "gone0");
    Rtnl::open_in(&a.netns).unwrap().apply(rename).unwrap();
    // What the first had is taken away as a DEL would.
    let mut undo = Batch::new();
    for address in a.addresses() {
        let route = tartan_hostnet::Route::to_address(address, a.index);
        undo.delete_route(&route);
    }
    undo.down(a.index);
    rtnl.apply(undo).unwrap();
    let mut undo = Batch::new();
    undo.delete_address(eth0, a.addresses()[0]).down(eth0);
    Rtnl::open_in(&a.netns).unwrap().apply(undo).unwrap();
    a.index += 1;
    a.add(&mut rtnl);
    let seen = look(&a.netns, "ip -j link show eth0");
    assert_eq!(seen[0]["link_index"], FIRST + 1);
}

#[test]
fn all_links_of_a_group_are_deleted_by_one_send() {
    let host = new_netns();
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    let containers: Vec<_> =
        (0..5).map(|n| Container::new(FIRST + n)).collect();
    for container in &containers {
        container.add(&mut rtnl);
    }
    let mut set = Batch::new();
    for container in &containers[..4] {
        set.group(container.index, GROUP + 1);
    }
    rtnl.apply(set).unwrap();
    let group = NonZeroU32::new(GROUP + 1).unwrap();
    let before = rtnl.sends();
    let delete = || {
        let mut batch = Batch::new();
        batch.delete_group(group);
        batch
    };
    rtnl.apply(delete()).unwrap();
    assert_eq!(rtnl.sends(), before + 1);
    let ours = |link: &Link| (link.group == GROUP).then_some(link.index);
    let left: Vec<_> = rtnl.links().unwrap().iter().filter_map(ours).collect();
    assert_eq!(left, [FIRST + 4]);
    let (is_there, _) = run_in(&containers[0].netns, "ip link show eth0");
    assert!(!is_there);
    assert!(rtnl.apply(delete()).unwrap_err().is_absent());
}
