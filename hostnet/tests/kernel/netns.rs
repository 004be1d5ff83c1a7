//! Namespaces are told apart, entered on a thread of their own, and left.

use std::fs::File;
use std::os::unix::net::UnixDatagram;
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::sys::socket::{
    AddressFamily, SockFlag, SockProtocol, SockType, socket,
};
use tartan_hostnet::{Batch, NetNs, NetnsError, OpenError, Rtnl, within};

use crate::ground::{look, new_netns};

fn cookie(netns: &NetNs) -> u64 {
    Rtnl::open_in(netns).unwrap().netns_cookie().unwrap()
}

#[test]
fn code_runs_within_and_its_caller_stays_outside() {
    let (here, there) = (NetNs::current().unwrap(), new_netns());
    let inside = within(&there, || NetNs::current().unwrap()).unwrap();
    assert_eq!(cookie(&inside), cookie(&there));
    assert_ne!(cookie(&inside), cookie(&here));
    assert_eq!(cookie(&NetNs::current().unwrap()), cookie(&here));
}

#[test]
fn a_panic_within_reaches_the_caller_who_stays_outside() {
    let (here, there) = (NetNs::current().unwrap(), new_netns());
    let result = catch_unwind(AssertUnwindSafe(|| {
        within(&there, || panic!("as asked")).unwrap()
    }));
    let cause = result.unwrap_err();
    assert_eq!(cause.downcast_ref::<&str>(), Some(&"as asked"));
    assert_eq!(cookie(&NetNs::current().unwrap()), cookie(&here));
}

#[test]
fn a_cookie_is_that_of_the_namespace_and_of_no_other() {
    let (a, b) = (new_netns(), new_netns());
    assert_eq!(cookie(&a), cookie(&a));
    assert_ne!(cookie(&a), cookie(&b));
}

#[test]
fn only_a_network_namespace_is_taken_for_one() {
    for path in ["/proc/self/ns/mnt", "/proc/self/ns/uts", "/dev/null"] {
        let file = File::open(path).unwrap();
        let refused = NetNs::from_fd(file.into()).unwrap_err();
        assert!(matches!(refused, NetnsError::NotNetwork { .. }), "{path}");
    }
    assert!(NetNs::open("/proc/self/ns/net").is_ok());
    let missing = NetNs::open("/run/netns/of-nobody").unwrap_err();
    assert!(missing.to_string().contains("/run/netns/of-nobody"));
}

#[test]
fn a_socket_opened_within_is_taken_over_and_acts_there() {
    let there = new_netns();
    let opened = within(&there, || {
        let (kind, flags) = (SockType::Datagram, SockFlag::SOCK_CLOEXEC);
        let protocol = SockProtocol::NetlinkRoute;
        socket(AddressFamily::Netlink, kind, flags, protocol).unwrap()
    });
    let mut rtnl = Rtnl::from_fd(opened.unwrap()).unwrap();
    assert_eq!(rtnl.netns_cookie().unwrap(), cookie(&there));
    let mut batch = Batch::new();
    batch.up(1);
    rtnl.apply(batch).unwrap();
    let lo = look(&there, "ip -j link show lo");
    assert_eq!(lo[0]["operstate"], "UNKNOWN");
}

#[test]
fn only_an_rtnetlink_socket_is_taken_over() {
    let (unix, _) = UnixDatagram::pair().unwrap();
    let refused = Rtnl::from_fd(unix.into()).unwrap_err();
    assert!(matches!(refused, OpenError::NotRoute { .. }));
    let file = File::open("/dev/null").unwrap();
    assert!(Rtnl::from_fd(file.into()).is_err());
}
