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
