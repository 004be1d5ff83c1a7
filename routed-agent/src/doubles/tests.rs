//! Copies of records.

use tartan_agent_api::plugin::{Attached, Given};
use tartan_agent_api::record::VERSION;
use tartan_model::{BootId, ClassId, Generation, Mac};

use super::*;

fn record(name: &str, addresses: &[&str]) -> Record {
    let given = |text: &&str| Given {
        address: text.parse().unwrap(),
        gateway: "169.254.1.1".parse().unwrap(),
        length: None,
    };
    Record {
        v: VERSION,
        attachment: format!("shop,{name},eth0").parse().unwrap(),
        state: RecordState::Ready,
        boot: BootId::new("boot"),
        netns_path: String::new(),
        netns_cookie: 1,
        host_index: 7,
        container_index: 2,
        attached: Attached {
            generation: Generation(1),
            host_link: Generation(1).host_link_name(),
            host_mac: Mac([2, 0, 0, 0, 0, 1]),
            mac: Mac([2, 0, 0, 0, 0, 2]),
            mtu: 1500,
            addresses: addresses.iter().map(given).collect(),
            class: ClassId::UNCLASSIFIED,
        },
        translation: Default::default(),
        limits: Default::default(),
        attach: Default::default(),
        limit_class: None,
        foreign: None,
    }
}

/// Names of the records that lose where `real` are there and `held` held.
fn losers(records: &[Record], real: &str, held: &str) -> Vec<String> {
    let found = doubles(records, |record| {
        let is = |name: &str| record.attachment.container().as_str() == name;
        Evidence { is_real: is(real), is_held: is(held) }
    });
    let name = |double: Double| double.attachment.container().to_string();
    found.into_iter().map(name).collect()
}

#[test]
fn of_two_that_claim_an_address_the_real_one_has_it() {
    let all = [
        record("a", &["10.77.0.5", "fd00::5"]),
        record("b", &["10.77.0.5", "fd00::5"]),
        record("c", &["10.77.0.6"]),
    ];
    assert_eq!(losers(&all, "a", "b"), ["b"]);
    assert_eq!(losers(&all, "b", "a"), ["a"]);
    assert_eq!(losers(&all, "-", "a"), ["b"], "neither, but one is held");
    assert_eq!(losers(&all, "-", "-").len(), 1, "one stays in any case");
}

#[test]
fn nobody_is_asked_about_what_is_claimed_once() {
    let all = [record("a", &["10.77.0.5"]), record("b", &["10.77.0.6"])];
    assert!(doubles(&all, |_| panic!("asked")).is_empty());
}

#[test]
fn who_is_set_aside_takes_nothing_from_anybody() {
    let all = [
        record("a", &["10.77.0.5"]),
        record("b", &["10.77.0.5", "fd00::6"]),
        record("c", &["fd00::6"]),
    ];
    assert_eq!(losers(&all, "a", "b"), ["b"], "c has its address alone");
    let mut lost = losers(&all, "b", "a");
    lost.sort();
    assert_eq!(lost, ["a", "c"]);
}
