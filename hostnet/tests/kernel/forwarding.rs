//! Forwarding belongs to the namespace of whoever asks.

use tartan_hostnet::{
    Forwarding, forwarding, keep_advertisements, set_forwarding, within,
};
use tartan_model::Family;

use crate::ground::{new_netns, run_in};

#[test]
fn forwarding_is_set_in_the_namespace_and_nowhere_else() {
    let outside = Family::ALL.map(|family| forwarding(family).unwrap());
    let host = new_netns();
    within(&host, || {
        for family in Family::ALL {
            set_forwarding(family, Forwarding::Off).unwrap();
            let before = set_forwarding(family, Forwarding::On).unwrap();
            assert_eq!(before, Forwarding::Off);
            assert_eq!(forwarding(family).unwrap(), Forwarding::On);
        }
    })
    .unwrap();
    for path in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
        let (_, text) = run_in(&host, &format!("cat /proc/sys/net/{path}"));
        assert_eq!(text.trim(), "1");
    }
    assert_eq!(Family::ALL.map(|f| forwarding(f).unwrap()), outside);
}

#[test]
fn a_link_that_listens_to_routers_goes_on_listening() {
    let host = new_netns();
    let accept =
        |link: &str| format!("/proc/sys/net/ipv6/conf/{link}/accept_ra");
    for (link, given) in [("listens", "1"), ("deaf", "0"), ("always", "2")] {
        let (is_made, why) =
            run_in(&host, &format!("ip link add {link} type bridge"));
        assert!(is_made, "{why}");
        within(&host, || std::fs::write(accept(link), given).unwrap()).unwrap();
    }
    let changed = within(&host, || {
        ["listens", "deaf", "always", "absent"]
            .map(|link| keep_advertisements(link).unwrap())
    });
    assert_eq!(changed.unwrap(), [true, false, false, false]);
    for (link, wanted) in [("listens", "2"), ("deaf", "0"), ("always", "2")] {
        let (_, text) = run_in(&host, &format!("cat {}", accept(link)));
        assert_eq!(text.trim(), wanted, "{link}");
    }
}
