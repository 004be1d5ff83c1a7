//! What an agent says of itself, and what is made of it.

use serde_json::json;
use tartan_agent_api::people::status::Status;

use super::{Agent, Facts, VERSION, decide};
use crate::doctor::ground::Silence;

fn status() -> Status {
    serde_json::from_value(json!({
        "host": "ambre",
        "version": VERSION,
        "boot": "b1",
        "store": {"engine": "etcd", "revision": 1, "trouble": null},
        "registry": {"origin": "store", "revision": 1, "teams": 0, "apps": 0},
        "attachments": {"ready": 0, "adding": 0, "addresses": 0},
        "pools": [],
        "dataplane": {
            "programs": [], "endpoints": 0, "dropped": [], "trouble": null
        },
        "workers": [{"name": "publish", "state": "", "trouble": null}],
    }))
    .unwrap()
}

fn facts(status: Result<Status, Silence>) -> Facts {
    let plugins = vec![("tartan-cni".into(), format!("v{VERSION}"))];
    Facts { socket: "agent.sock".into(), status, plugins }
}

#[test]
fn an_agent_that_is_well_is_no_finding() {
    assert_eq!(decide(&facts(Ok(status()))), []);
    assert_eq!(decide(&facts(Err(Silence::NotAllowed))), []);
    assert_eq!(decide(&facts(Err(Silence::Unasked))), []);
}

#[test]
fn an_agent_that_says_nothing_is_told() {
    let socket = || "agent.sock".into();
    let found = decide(&facts(Err(Silence::Absent)));
    assert_eq!(found, [Agent::Absent { socket: socket() }]);
    let why = || "slow".to_owned();
    let found = decide(&facts(Err(Silence::Mute(why()))));
    assert_eq!(found, [Agent::Mute { socket: socket(), why: why() }]);
}

#[test]
fn each_thing_that_an_agent_complains_of_is_told() {
    let mut other = facts(Ok(status()));
    other.plugins[0].1 = "9.9.9".to_owned();
    assert!(matches!(&decide(&other)[..], [Agent::PluginVersion { .. }]));

    let mut old = status();
    old.version = "9.9.9".to_owned();
    let found = decide(&Facts { plugins: vec![], ..facts(Ok(old)) });
    assert_eq!(found, [Agent::OtherVersion { agent: "9.9.9".to_owned() }]);

    let mut given_up = status();
    given_up.drift.given_up = vec!["qdisc of shop,front,eth0".to_owned()];
    let what = given_up.drift.given_up[0].clone();
    let found = decide(&facts(Ok(given_up)));
    assert_eq!(found, [Agent::DriftGivenUp { what }]);

    let mut silent = status();
    silent.store.trouble = Some("refused".to_owned());
    let (engine, why) = ("etcd".to_owned(), "refused".to_owned());
    let found = decide(&facts(Ok(silent)));
    assert_eq!(found, [Agent::StoreSilent { engine, why }]);

    for (worker, is_store) in [("own blocks", true), ("publish", false)] {
        let mut behind = status();
        behind.workers[0].name = worker.to_owned();
        behind.workers[0].trouble = Some("x".to_owned());
        let why = "x".to_owned();
        let expected = match is_store {
            true => Agent::StoreNotOurs { why },
            false => Agent::Behind { worker: worker.to_owned(), why },
        };
        assert_eq!(decide(&facts(Ok(behind))), [expected]);
    }
}
