//! What is done about each difference, as a table.

use tartan_model::{AttachMode, ClassId, Mac};

use super::*;

const LIFE: Generation = Generation(7);

fn whole() -> Endpoint {
    Endpoint {
        index: 100,
        attachment: Some("shop,c1,eth0".parse().unwrap()),
        mtu: 1500,
        is_up: true,
        entry: Some(EndpointEntry {
            class: ClassId::UNCLASSIFIED,
            generation: LIFE,
            mac: Mac::local(1),
            limit_class: None,
            ipv4: Some("10.77.0.5".parse().unwrap()),
            ipv6: None,
        }),
        attach: Some(AttachMode::SharedBlock),
        paces: Paces::default(),
        routes: vec!["10.77.0.5".parse().unwrap()],
    }
}

fn one(endpoint: Endpoint) -> Endpoints {
    Endpoints { wired: [(LIFE, endpoint)].into(), ..Endpoints::default() }
}

fn none() -> Endpoints {
    Endpoints::default()
}

#[test]
fn nothing_is_done_where_nothing_differs() {
    assert_eq!(between(&one(whole()), &one(whole())), []);
    assert_eq!(between(&none(), &none()), []);
}

#[test]
fn an_attachment_without_a_link_is_forgotten() {
    let attachment = whole().attachment.unwrap();
    assert_eq!(
        between(&none(), &one(whole())),
        [Step::Forget(attachment, LIFE)]
    );
}

#[test]
fn a_whole_link_without_a_record_is_adopted() {
    assert_eq!(
        between(&one(whole()), &none()),
        [Step::Adopt(LIFE, Box::new(whole()))]
    );
}

#[test]
fn an_unfinished_link_without_a_record_is_retired() {
    let spoiled: [fn(&mut Endpoint); 4] = [
        |e| e.is_up = false,
        |e| e.attachment = None,
        |e| e.entry = None,
        |e| e.entry.as_mut().unwrap().generation = Generation(6),
    ];
    for spoil in spoiled {
        let mut endpoint = whole();
        spoil(&mut endpoint);
        let steps = between(&one(endpoint), &none());
        assert!(matches!(steps[..], [Step::Retire { index: 100, .. }]));
    }
}

#[test]
fn the_class_is_back_before_the_way_is() {
    let mut bare = whole();
    bare.entry = None;
    bare.routes.clear();
    bare.is_up = false;
    let steps = between(&one(bare), &one(whole()));
    assert!(matches!(steps[..], [Step::Classify { .. }, Step::Rewire(..)]));
}

#[test]
fn entries_without_a_link_go_first() {
    let mut observed = one(whole());
    observed.stray_entries = vec![5];
    let steps = between(&observed, &none());
    assert_eq!(steps[0], Step::Declassify(5));
}

#[test]
fn a_cut_off_add_is_undone_and_its_link_left_to_that() {
    let attachment = whole().attachment.unwrap();
    let desired = Endpoints {
        unfinished: [(LIFE, attachment.clone())].into(),
        ..Endpoints::default()
    };
    assert_eq!(
        between(&one(whole()), &desired),
        [Step::Undo(attachment, LIFE)]
    );
}
