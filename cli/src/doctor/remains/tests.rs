//! Leftovers, the clock, limits.

use std::time::Duration;

use tartan_hostnet::Link;

use super::{Facts, Remains, decide};

fn link(name: &str, alt_name: &str) -> Link {
    let alt_names = vec![alt_name.to_owned()];
    Link { name: name.to_owned(), alt_names, ..Link::default() }
}

fn facts() -> Facts {
    Facts {
        links: vec![
            link("eth0", "enp1s0"),
            link("tartan0", "tartan-keeper"),
            link("tt1", "tartan,0000000000001,shop,front,eth0"),
        ],
        known: Some(vec!["tt1".to_owned()]),
        ahead: Some(("seen.json".into(), Duration::from_secs(60))),
        inotify_instances: Some(128),
    }
}

#[test]
fn what_an_agent_left_as_it_should_is_no_finding() {
    assert_eq!(decide(&facts()), []);
    // An agent that runs looks after its links itself.
    assert_eq!(decide(&Facts { known: None, ..facts() }), []);
}

#[test]
fn each_thing_that_is_left_or_wrong_is_told() {
    let ahead = Duration::from_secs(61);
    let table = [
        (
            Facts { known: Some(vec![]), ..facts() },
            Remains::Links { names: "tt1".to_owned() },
        ),
        (
            Facts { links: vec![link("tartan0", "x")], ..facts() },
            Remains::ForeignName { link: "tartan0".to_owned() },
        ),
        (
            Facts { ahead: Some(("f".into(), ahead)), ..facts() },
            Remains::ClockSetBack { file: "f".into(), ahead },
        ),
        (
            Facts { inotify_instances: Some(1), ..facts() },
            Remains::InotifyLow { instances: 1 },
        ),
    ];
    for (facts, expected) in table {
        assert_eq!(decide(&facts), [expected]);
    }
}
