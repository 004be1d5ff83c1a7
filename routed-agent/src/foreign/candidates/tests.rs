//! Who may be taken for dead, and who never.

use tartan_agent_api::plugin::Attached;
use tartan_agent_api::record::{Foreign, VERSION};
use tartan_model::{BootId, ClassId, Mac};

use super::*;

fn at(seconds: u64) -> BootTime {
    BootTime::new(Duration::from_secs(seconds))
}

fn record(name: &str, foreign: Option<Foreign>) -> Record {
    let nobody = Mac([0; 6]);
    Record {
        v: VERSION,
        attachment: name.parse().unwrap(),
        state: RecordState::Ready,
        boot: BootId::new("boot"),
        netns_path: "/run/netns/a".to_owned(),
        netns_cookie: 7,
        host_index: 0,
        container_index: 0,
        attached: Attached {
            generation: Generation(1),
            host_link: String::new(),
            host_mac: nobody,
            mac: nobody,
            mtu: 0,
            addresses: Vec::new(),
            class: ClassId::UNCLASSIFIED,
        },
        translation: Default::default(),
        limits: Default::default(),
        attach: Default::default(),
        limit_class: None,
        foreign,
    }
}

fn seen(since_millis: u64) -> Option<Foreign> {
    Some(Foreign { since_millis, netns_inode: 5, is_visible: true })
}

fn holder(name: &str, cookie: u64) -> Holder {
    Holder {
        attachment: name.parse().unwrap(),
        generation: Generation(1),
        cookie,
        since: at(0),
    }
}

#[test]
fn only_what_is_settled_old_and_visible_can_be_dead() {
    let unseen = Foreign { since_millis: 0, netns_inode: 5, is_visible: false };
    let adding =
        Record { state: RecordState::Adding, ..record("n,adding,e", seen(0)) };
    let records = [
        record("n,old,e", seen(1_000)),
        record("n,young,e", seen(95_000)),
        record("n,ours,e", None),
        record("n,unseen,e", Some(unseen)),
        adding,
    ];
    let holders = [
        holder("n,lost,e", 9),
        holder("n,lost,e", 9),
        holder("n,blind,e", 0),
        // Its record knows better.
        holder("n,young,e", 8),
    ];
    let found = candidates(&records, &holders, at(100));
    let names: Vec<_> =
        found.iter().map(|one| one.attachment.to_string()).collect();
    assert_eq!(names, ["n,old,e", "n,lost,e"]);
    assert_eq!((found[0].cookie, found[1].cookie), (7, 9));
    assert!(candidates(&records, &holders, at(5)).is_empty());
}

#[test]
fn who_was_never_seen_counts_as_there() {
    let hidden = Foreign { is_visible: false, ..seen(0).unwrap() };
    let mut record = record("shop,c,eth0", Some(hidden));
    record.netns_cookie = u64::MAX;
    assert!(crate::foreign::exists(&record), "nobody can know its end");
}
