//! Documents against what there is: what is the same, new, changed, refused.

use serde_json::{Value, json};
use tartan_agent_api::people::declared::Document;

use super::Known;

fn known() -> Known {
    let pool = json!({
        "v": 1, "name": "default", "cidrs": ["10.77.0.0/16"],
        "block_length4": 26, "block_length6": 122, "affinity": "host-team",
    });
    let team = json!({"v": 1, "name": "shop", "number": 3});
    Known {
        pools: vec![serde_json::from_value(pool).unwrap()],
        teams: vec![serde_json::from_value(team).unwrap()],
        ..Known::default()
    }
}

#[track_caller]
fn becomes(documents: Value) -> Vec<String> {
    let mut documents: Vec<Document> =
        serde_json::from_value(documents).unwrap();
    let lines = known().judge(&mut documents);
    lines
        .iter()
        .map(|it| format!("{} {} {}", it.kind, it.name, it.verdict.as_str()))
        .collect()
}

#[test]
fn what_is_exported_is_the_same_when_it_comes_back() {
    let mut documents = known().documents();
    let lines = known().judge(&mut documents);
    assert!(lines.iter().all(|it| it.verdict.as_str() == "same"), "{lines:?}");
    assert_eq!(lines.len(), 3);
}

#[test]
fn each_document_is_judged_by_what_there_is() {
    let table = [
        (json!({"kind": "Team", "name": "shop", "number": 3}), "same"),
        (json!({"kind": "Team", "name": "shop"}), "same"),
        (json!({"kind": "Team", "name": "shop", "number": 4}), "refused"),
        (json!({"kind": "Team", "name": "blog", "number": 3}), "refused"),
        (json!({"kind": "Team", "name": "blog", "number": 4}), "new"),
        (json!({"kind": "App", "team": "shop", "name": "api"}), "new"),
        (json!({"kind": "App", "team": "blog", "name": "api"}), "refused"),
        (
            json!({"kind": "Settings", "values": {"address_rest": "5s"}}),
            "changed",
        ),
        (
            json!({"kind": "Settings", "values": {"address_rest": "30s"}}),
            "same",
        ),
        (
            json!({"kind": "Settings", "values": {"addres_rest": "5s"}}),
            "refused",
        ),
        (json!({"kind": "Settings", "values": {"cluster": "2"}}), "refused"),
        (
            json!({"kind": "Pool", "name": "default", "cidrs": ["10.77.0.0/16"]}),
            "same",
        ),
        (
            json!({"kind": "Pool", "name": "default", "cidrs": ["10.76.0.0/15"]}),
            "changed",
        ),
        (
            json!({"kind": "Pool", "name": "default", "cidrs": ["10.77.0.0/16"], "affinity": "host"}),
            "refused",
        ),
        (
            json!({"kind": "Pool", "name": "more", "cidrs": ["10.78.0.0/16"]}),
            "new",
        ),
        (json!({"kind": "Reservation", "address": "10.77.0.9"}), "new"),
        (
            json!({"kind": "Host", "name": "ambre", "boot": "b", "epoch": 1}),
            "waits",
        ),
    ];
    for (document, verdict) in table {
        let lines = becomes(json!([document.clone()]));
        assert!(
            lines[0].ends_with(&format!(" {verdict}")),
            "{document}: {lines:?}"
        );
    }
}

#[test]
fn what_a_document_needs_may_come_with_it_and_nothing_comes_twice() {
    let lines = becomes(json!([
        {"kind": "App", "team": "blog", "name": "api"},
        {"kind": "Team", "name": "blog"},
        {"kind": "Team", "name": "blog", "number": 9},
    ]));
    assert_eq!(
        lines,
        ["Team blog new", "Team blog refused", "App blog/api new"]
    );
}

#[track_caller]
fn why(document: Value) -> String {
    let mut documents = vec![serde_json::from_value(document).unwrap()];
    let lines = known().judge(&mut documents);
    assert_eq!(lines[0].verdict.as_str(), "refused", "{lines:?}");
    lines[0].why.join("; ")
}

#[test]
fn a_pool_that_a_command_would_refuse_is_refused_before_anything_is_done() {
    let pool = |name: &str, cidrs: &[&str]| {
        why(json!({"kind": "Pool", "name": name, "cidrs": cidrs}))
    };
    let table = [
        (pool("default", &["10.77.0.0/17"]), "does not shrink"),
        (pool("default", &["10.78.0.0/16"]), "does not contain"),
        (pool("default", &["10.77.0.0/16", "fd00::/64"]), "another pool"),
        (pool("default", &["fd00::/64"]), "another pool"),
        (pool("default", &[]), "no prefix"),
        (pool("more", &["10.77.9.0/24"]), "overlaps"),
        (pool("more", &["127.0.0.0/16"]), "loopback"),
        (pool("more", &["10.1.0.0/16", "10.2.0.0/16"]), "one prefix per"),
    ];
    for (why, part) in table {
        assert!(why.contains(part), "{why}: {part}");
    }
}

#[test]
fn documents_that_contradict_each_other_are_refused() {
    let lines = becomes(json!([
        {"kind": "Pool", "name": "a", "cidrs": ["10.90.0.0/16"]},
        {"kind": "Pool", "name": "b", "cidrs": ["10.90.9.0/24"]},
        {"kind": "Pool", "name": "default", "cidrs": ["10.76.0.0/15"]},
        {"kind": "Pool", "name": "old", "cidrs": ["10.76.9.0/24"]},
        {"kind": "Team", "name": "x", "number": 9},
        {"kind": "Team", "name": "y", "number": 9},
        {"kind": "App", "team": "shop", "name": "api", "number": 4},
        {"kind": "App", "team": "shop", "name": "web", "number": 4},
    ]));
    assert_eq!(
        lines,
        [
            "Pool a new",
            "Pool b refused",
            "Pool default changed",
            "Pool old refused",
            "Team x new",
            "Team y refused",
            "App shop/api new",
            "App shop/web refused",
        ]
    );
}

#[test]
fn teams_come_by_number_and_those_without_one_last() {
    let lines = becomes(json!([
        {"kind": "Team", "name": "a"},
        {"kind": "Team", "name": "b", "number": 12},
        {"kind": "Team", "name": "c", "number": 7},
    ]));
    assert_eq!(lines, ["Team c new", "Team b new", "Team a new"]);
}

#[test]
fn a_number_that_may_have_been_anothers_is_refused_beforehand() {
    let mut known = known();
    known.numbers.teams = Some(5);
    known.numbers.apps.insert("shop".parse().unwrap(), 8);
    let table = [
        (json!({"kind": "Team", "name": "x", "number": 4}), "refused"),
        (json!({"kind": "Team", "name": "x", "number": 6}), "new"),
        (json!({"kind": "Team", "name": "x", "number": 4095}), "refused"),
        (json!({"kind": "Team", "name": "x", "number": 0}), "refused"),
        (
            json!({"kind": "App", "team": "shop", "name": "a", "number": 8}),
            "refused",
        ),
        (
            json!({"kind": "App", "team": "shop", "name": "a", "number": 9}),
            "new",
        ),
    ];
    for (document, verdict) in table {
        let mut one = vec![serde_json::from_value(document.clone()).unwrap()];
        let lines = known.judge(&mut one);
        assert_eq!(lines[0].verdict.as_str(), verdict, "{document}");
    }
}
