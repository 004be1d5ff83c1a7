//! Maps of another build: what is in them, and what is counted in them while
//! they are replaced, is there afterwards, wherever the agent was killed.
//!
//! Another build is played by giving its maps another name than this layout's;
//! a story goes between two real ones.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use tartan_ebpf::{
    ClassCount, Dataplane, DataplaneSettings, Direction, DropReason, Mark,
    MigrationStep, TrialPacket, Verdict,
};
use tartan_model::ClassId;

use crate::craft::*;
use crate::place::{Bpffs, LOOPBACK, Place, own};

const WAY: Direction = Direction::FromContainer;

/// What an agent of another build left, running: packets still meet it.
struct Old {
    bpffs: Bpffs,
    running: Dataplane,
}

impl Old {
    /// One endpoint, one known address, a mark; three packets passed, two
    /// dropped.
    fn build() -> Self {
        let Place { dataplane, bpffs } = Place::with_endpoint();
        dataplane
            .set_settings(&DataplaneSettings { mark: Mark::Full })
            .unwrap();
        let known = [(OTHER_V4.into(), ClassId::HOST)];
        dataplane.set_known_addresses(&known).unwrap();
        let old = Self { bpffs, running: dataplane };
        (0..3).for_each(|_| old.passes());
        (0..2).for_each(|_| old.drops());
        old.is_of_another_layout(1);
        old
    }

    fn passes(&self) {
        send(&self.running, &v4(OWN_V4, OTHER_V4), Verdict::Passed);
    }

    fn drops(&self) {
        send(&self.running, &v4(OTHER_V4, OTHER_V4), Verdict::Dropped);
    }

    /// Names the set of this number after a layout of its own.
    fn is_of_another_layout(&self, number: u32) {
        let path = self.bpffs.path();
        let begin = format!("{number:04}-");
        let found = sets(&path).into_iter().find(|it| it.starts_with(&begin));
        let name = found.expect("a set");
        let stage = &name[begin.len() + 16..];
        let other = format!("{begin}{:016x}{stage}", 0xbeef + number);
        fs::rename(path.join(name), path.join(other)).unwrap();
    }
}

fn send(to: &Dataplane, packet: &[u8], expected: Verdict) {
    let packet = TrialPacket::new(LOOPBACK, packet);
    assert_eq!(to.try_packet(WAY, &packet).unwrap().verdict, expected);
}

fn sets(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().flatten();
    let mut all: Vec<_> =
        names.map(|it| it.file_name().into_string().unwrap()).collect();
    // The kernel's own, in each bpf file system.
    all.retain(|name| !name.ends_with(".debug"));
    all.sort();
    all
}

/// The endpoint is known, and so many packets passed and were dropped, in each
/// counter there is.
#[track_caller]
fn has(dataplane: &Dataplane, (passed, dropped): (u64, u64), when: &str) {
    assert_eq!(dataplane.endpoints().unwrap(), [(LOOPBACK, own())], "{when}");
    let mine = dataplane.endpoint_counters(LOOPBACK).unwrap().unwrap();
    let why = DropReason::SpoofedAddress;
    let counted = (mine.passed(WAY).packets, mine.dropped(WAY, why));
    assert_eq!(counted, (passed, dropped), "{when}: endpoint");
    let classes = dataplane.class_counters().unwrap();
    let sum = |verdict| -> u64 {
        let of = |it: &&ClassCount| it.verdict == verdict;
        classes.iter().filter(of).map(|it| it.traffic.packets).sum()
    };
    let counted = (sum(Verdict::Passed), sum(Verdict::Dropped));
    assert_eq!(counted, (passed, dropped), "{when}: classes");
    let drops = dataplane.drops().unwrap();
    let all: u64 = drops.iter().map(|it| it.packets).sum();
    assert_eq!(all, dropped, "{when}: drops");
}

#[test]
fn what_another_build_knew_and_counted_is_there() {
    let old = Old::build();

    let mut new = Dataplane::prepare(&old.bpffs.path(), |_| ()).unwrap();
    assert!(new.is_migrating());
    old.passes();
    send(&new, &v4(OWN_V4, OTHER_V4), Verdict::Passed);
    old.drops();
    new.settle(|_| ()).unwrap();

    has(&new, (5, 3), "settled");
    let packet = v4(OWN_V4, OTHER_V4);
    let trial = new.try_packet(WAY, &TrialPacket::new(LOOPBACK, &packet));
    assert_eq!(trial.unwrap().mark, 0x102a_0007, "the mark is as it was set");
    let known = new.class_counters().unwrap();
    let to_host = known.iter().filter(|it| it.peer == ClassId::HOST);
    assert_eq!(to_host.map(|it| it.traffic.packets).sum::<u64>(), 6);
    assert_eq!(sets(&old.bpffs.path()).len(), 1, "the old pins are gone");
}

/// Prepares and settles, and dies before `death`; true where it did.
fn dies_before(path: &Path, death: MigrationStep) -> bool {
    let before = |step: MigrationStep| {
        if step == death {
            std::panic::resume_unwind(Box::new("killed"));
        }
    };
    let life = || {
        let mut new = Dataplane::prepare(path, before).unwrap();
        if death > MigrationStep::Replace(Direction::ToContainer) {
            send(&new, &v4(OWN_V4, OTHER_V4), Verdict::Passed);
        }
        new.settle(before).unwrap();
    };
    catch_unwind(AssertUnwindSafe(life)).is_err()
}

fn deaths() -> impl Iterator<Item = (MigrationStep, u64)> {
    let own = MigrationStep::ALL.into_iter();
    let own = own.filter(|it| !matches!(it, MigrationStep::Replace(_)));
    // From there on the new programs see a packet, too.
    own.map(|it| (it, u64::from(it >= MigrationStep::TakeOver)))
}

#[test]
fn an_agent_killed_at_any_step_is_followed_by_one_that_ends_it() {
    for (death, more) in deaths() {
        let old = Old::build();
        let path = old.bpffs.path();
        assert!(dies_before(&path, death), "{death} is a step");

        let new = Dataplane::open(&path).unwrap();

        has(&new, (3 + more, 2), &death.to_string());
        assert_eq!(sets(&path).len(), 1, "{death}");
        assert!(!new.is_migrating());
    }
}

#[test]
fn after_any_step_an_agent_of_a_third_build_can_go_on() {
    for (death, more) in deaths() {
        let old = Old::build();
        let path = old.bpffs.path();
        assert!(dies_before(&path, death), "{death} is a step");
        if sets(&path).len() > 1 {
            old.is_of_another_layout(2);
        }

        let new = Dataplane::open(&path).unwrap();

        has(&new, (3 + more, 2), &death.to_string());
        assert_eq!(sets(&path).len(), 1, "{death}");
    }
}

#[test]
fn what_was_carried_is_carried_on() {
    let old = Old::build();
    for number in 2..5 {
        let new = Dataplane::open(&old.bpffs.path()).unwrap();
        send(&new, &v4(OWN_V4, OTHER_V4), Verdict::Passed);
        has(&new, (u64::from(number) + 2, 2), &format!("set {number}"));
        old.is_of_another_layout(number);
    }
}

#[test]
fn an_interface_given_to_another_does_not_inherit_counts() {
    let old = Old::build();
    let new = Dataplane::open(&old.bpffs.path()).unwrap();
    new.remove_endpoint(LOOPBACK).unwrap();
    new.put_endpoint(LOOPBACK, &own()).unwrap();
    let mine = new.endpoint_counters(LOOPBACK).unwrap().unwrap();
    assert_eq!(mine.passed(WAY).packets, 0);
}

#[test]
fn what_is_not_a_set_of_maps_is_left_alone() {
    let old = Old::build();
    let path = old.bpffs.path();
    for stranger in ["links", "0007-tomorrow", "v1x"] {
        fs::create_dir(path.join(stranger)).unwrap();
    }
    Dataplane::open(&path).unwrap();
    assert_eq!(sets(&path).len(), 4, "{:?}", sets(&path));
}

// Before sets had numbers they were named by a version.
#[test]
fn maps_of_the_first_builds_are_taken_over() {
    let old = Old::build();
    let path = old.bpffs.path();
    let first = path.join(&sets(&path)[0]);
    fs::rename(&first, path.join("v1")).unwrap();
    for name in sets(&path.join("v1")) {
        if name.ends_with("_carried") {
            fs::remove_file(path.join("v1").join(name)).unwrap();
        }
    }
    let new = Dataplane::open(&path).unwrap();
    has(&new, (3, 2), "taken over");
}
