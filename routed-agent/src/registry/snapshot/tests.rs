//! Names to numbers and back, and what a registry makes of bad entries.

use super::*;

/// Apps of a team, with their numbers.
type Apps<'a> = &'a [(&'a str, u16)];

impl Snapshot {
    /// A registry of these teams with their numbers and apps.
    pub(crate) fn for_tests(teams: &[(&str, u16, Apps<'_>)]) -> Self {
        let mut snapshot = Self { origin: Origin::Store, ..Self::default() };
        for (team, number, apps) in teams {
            let name: TeamName = team.parse().unwrap();
            let number = TeamNumber::new(*number).unwrap();
            let entry = Team { v: 1, name: name.clone(), number };
            snapshot.teams.insert(name.clone(), entry);
            for (app, number) in *apps {
                let app: AppName = app.parse().unwrap();
                let number = AppNumber(*number);
                let team = name.clone();
                let entry = App { v: 1, team, name: app.clone(), number };
                snapshot.apps.insert((name.clone(), app), entry);
            }
        }
        snapshot.index();
        snapshot
    }
}

fn entry(key: &[&str], value: &str) -> Entry {
    Entry {
        key: Key::new(key),
        value: value.into(),
        created: Revision(1),
        modified: Revision(7),
        lease: None,
    }
}

const PAYMENTS: &str = r#"{"v":1,"name":"payments","number":42}"#;
const NEWER_PAYMENTS: &str = r#"{"v":2,"name":"payments","number":42}"#;
const API: &str = r#"{"v":1,"team":"payments","name":"api","number":7}"#;

#[test]
fn names_lead_to_numbers_and_back() {
    let registry = Snapshot::for_tests(&[("payments", 42, &[("api", 7)])]);
    let team: TeamName = "payments".parse().unwrap();
    let api: AppName = "api".parse().unwrap();

    let class = registry.class_of(&team, Some(&api)).unwrap();
    assert_eq!(class.to_string(), "002a:0007");
    assert_eq!(registry.label(class), "payments/api");
    assert_eq!(registry.label(class.team_class()), "payments");
    assert_eq!(registry.class_of(&team, None), Some(class.team_class()));
}

#[test]
fn what_has_no_name_is_shown_by_its_word_or_its_number() {
    let registry = Snapshot::for_tests(&[("payments", 42, &[])]);
    for (class, label) in [
        ("0000:0000", "unknown"),
        ("0000:0003", "world"),
        ("0000:0004", "unclassified"),
        ("002a:0009", "002a:0009"),
        ("102a:0000", "102a:0000"),
    ] {
        assert_eq!(registry.label(class.parse().unwrap()), label);
    }
}

#[test]
fn the_cluster_is_part_of_every_class() {
    let mut registry = Snapshot::for_tests(&[("payments", 42, &[])]);
    let settings = r#"{"v":1,"cluster":1}"#;
    assert!(registry.read(&[entry(&["settings"], settings)]).is_empty());
    let team = "payments".parse().unwrap();
    let class = registry.class_of(&team, None).unwrap();
    assert_eq!(class.to_string(), "102a:0000");
    assert_eq!(registry.label(class), "payments");
}

#[test]
fn events_carry_a_listing_on() {
    let mut registry = Snapshot::default();
    let team = entry(&["teams", "payments"], PAYMENTS);
    assert!(registry.read(std::slice::from_ref(&team)).is_empty());
    let app = entry(&["apps", "payments", "api"], API);
    assert!(registry.apply(&[Event::Put(app.clone())]).is_empty());
    assert_eq!(registry.label("002a:0007".parse().unwrap()), "payments/api");
    assert_eq!(registry.revision, Revision(7));

    let gone = Event::Deleted { key: app.key, revision: Revision(8) };
    assert!(registry.apply(&[gone]).is_empty());
    assert_eq!(registry.label("002a:0007".parse().unwrap()), "002a:0007");
    assert_eq!(registry.revision, Revision(8));
}

#[test]
fn a_damaged_entry_is_told_and_left_out() {
    for (key, value) in [
        (&["teams", "payments"][..], "not json"),
        (&["teams", "other"], PAYMENTS),
        (&["teams", "payments"], r#"{"v":1,"name":"payments"}"#),
        (&["apps", "web", "api"], API),
        (&["settings"], r#"{"v":1,"cluster":16}"#),
        (&["pools", "default"], "{}"),
        (&["teams", "payments"], NEWER_PAYMENTS),
        (&["settings"], r#"{"v":2,"cluster":1}"#),
        (&["reservations", "10.77.0.9"], r#"{"v":2,"address":"10.77.0.9"}"#),
        (&["reservations", "10.77.0.9"], r#"{"v":1,"address":"10.77.0.8"}"#),
    ] {
        let mut registry = Snapshot::default();
        let damaged = registry.read(&[entry(key, value)]);
        assert_eq!(damaged.len(), 1, "{key:?} {value}");
        assert_eq!(registry, Snapshot::default());
    }
}

#[test]
fn what_belongs_to_others_is_passed_over() {
    let mut registry = Snapshot::default();
    let block = entry(&["blocks", "4", "0a4d0000-28"], "whatever");
    assert!(registry.read(&[block]).is_empty());
    assert_eq!(registry, Snapshot::default());
}
