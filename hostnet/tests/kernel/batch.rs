//! What is told about a batch that the kernel refuses in part.

use tartan_hostnet::{Batch, Operation, Route, Rtnl, VethSpec};

use crate::ground::{Container, look, new_netns};

const FIRST: u32 = (1 << 20) + 1;

#[test]
fn every_refusal_is_told_and_all_else_is_done() {
    let host = new_netns();
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    let address = "10.4.2.7".parse().unwrap();
    let nowhere = Route::to_address(address, 4711);
    let mut batch = Batch::new();
    batch.up(1).route(&nowhere).down(4711).address(1, address).group(4711, 3);
    let error = rtnl.apply(batch).unwrap_err();
    let failures = error.failures();
    let places: Vec<_> = failures.iter().map(|f| f.index).collect();
    assert_eq!(places, [1, 2, 4]);
    assert_eq!(failures[0].operation, Operation::AddRoute(nowhere));
    let said = failures[0].to_string();
    assert!(said.starts_with("cannot add route 10.4.2.7/32 dev 4711: ENODEV"));
    assert!(error.is_absent() && !error.is_exists());
    let lo = look(&host, "ip -j addr show lo");
    assert_eq!(lo[0]["operstate"], "UNKNOWN");
    let addresses = lo[0]["addr_info"].as_array().unwrap();
    assert!(addresses.iter().any(|a| a["local"] == "10.4.2.7"));
}

#[test]
fn the_words_of_the_kernel_are_in_the_error() {
    let host = new_netns();
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    let gateway = "192.0.2.1".parse().unwrap();
    let mut route = Route::default_via(gateway, 1).unwrap();
    route.next_hop = Some(tartan_hostnet::NextHop::Via(gateway));
    let mut batch = Batch::new();
    batch.up(1).route(&route);
    let error = rtnl.apply(batch).unwrap_err();
    let text = error.failures()[0].text().map(str::to_owned);
    assert_eq!(text.as_deref(), Some("Nexthop has invalid gateway"));
    assert!(error.to_string().contains("Nexthop has invalid gateway"));
}

#[test]
fn a_taken_number_is_told_and_its_link_is_left_alone() {
    let host = new_netns();
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    let (a, b) = (Container::new(FIRST), Container::new(FIRST + 1));
    a.add(&mut rtnl);
    let before = rtnl.link(a.index).unwrap();
    let spec = VethSpec { index: a.index, ..b.spec() };
    let mut batch = Batch::new();
    batch.veth(&spec).alt_name(a.index, &b.alt_name());
    let error = rtnl.apply(batch).unwrap_err();
    assert!(error.is_exists());
    assert_eq!(error.failures()[0].index, 0);
    assert_eq!(rtnl.link(a.index).unwrap(), before);
}

#[test]
fn a_taken_name_in_the_container_is_told() {
    let host = new_netns();
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    let mut a = Container::new(FIRST);
    a.add(&mut rtnl);
    a.index += 1;
    let error = rtnl.apply(a.birth()).unwrap_err();
    assert!(error.is_exists() && !error.is_absent());
    assert_eq!(rtnl.link(a.index).unwrap(), None);
}

#[test]
fn thousands_of_changes_are_done_and_thousands_of_refusals_told() {
    let host = new_netns();
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    let mut up = Batch::new();
    rtnl.apply({
        up.up(1);
        up
    })
    .unwrap();
    let all = || {
        let mut batch = Batch::new();
        for number in 0..3000u32 {
            let address = std::net::Ipv4Addr::from_bits(0x0a04_0000 | number);
            batch.route(&Route::to_address(address.into(), 1));
        }
        batch
    };
    rtnl.apply(all()).unwrap();
    assert_eq!(
        rtnl.routes(tartan_hostnet::ROUTE_PROTOCOL).unwrap().len(),
        3000
    );
    let error = rtnl.apply(all()).unwrap_err();
    assert_eq!(error.failures().len(), 3000);
    assert_eq!(error.failures()[2999].index, 2999);
    assert!(error.is_exists());
}
