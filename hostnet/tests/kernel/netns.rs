//! Namespaces are told apart, entered on a thread of their own, and left.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tartan_hostnet::{NetNs, NetnsError, Rtnl, within};

use crate::ground::new_netns;

#[test]
fn code_runs_within_and_its_caller_stays_outside() {
    let (here, there) = (NetNs::current().unwrap(), new_netns());
    let inside = within(&there, || NetNs::current().unwrap()).unwrap();
    assert!(inside.same_as(&there).unwrap());
    assert!(!inside.same_as(&here).unwrap());
    assert!(NetNs::current().unwrap().same_as(&here).unwrap());
}

#[test]
fn a_panic_within_reaches_the_caller_who_stays_outside() {
    let (here, there) = (NetNs::current().unwrap(), new_netns());
    let result = catch_unwind(AssertUnwindSafe(|| {
        within(&there, || panic!("as asked")).unwrap()
    }));
    let cause = result.unwrap_err();
    assert_eq!(cause.downcast_ref::<&str>(), Some(&"as asked"));
    assert!(NetNs::current().unwrap().same_as(&here).unwrap());
}

#[test]
fn a_cookie_is_that_of_the_namespace_and_of_no_other() {
    let (a, b) = (new_netns(), new_netns());
    let cookie = a.cookie().unwrap();
    assert_eq!(a.cookie().unwrap(), cookie);
    assert_ne!(b.cookie().unwrap(), cookie);
    let socket = Rtnl::open_in(&a).unwrap();
    assert_eq!(socket.netns_cookie().unwrap(), cookie);
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
