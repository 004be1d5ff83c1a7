//! Forwarding belongs to the namespace of whoever asks.

use tartan_hostnet::{Forwarding, forwarding, set_forwarding, within};
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
