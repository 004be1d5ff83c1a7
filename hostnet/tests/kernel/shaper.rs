//! Queues with a rate, as `tc` sees them.

use tartan_hostnet::{Batch, Class, Pace, Queue, QueueKind, Rtnl, Shaper};

use crate::ground::{Container, look, new_netns};

const FIRST: u32 = (1 << 20) + 1;
const TREE: u16 = 0x7461;
const CLASS: u32 = 0x7461_0005;
const SHAPER: Shaper =
    Shaper { rate: 2_500_000, burst: 62_500, queue: 130_000 };

#[test]
fn a_link_is_shaped_and_shaped_no_longer() {
    let (host, a) = (new_netns(), Container::new(FIRST));
    let mut rtnl = Rtnl::open_in(&host).unwrap();
    a.add(&mut rtnl);
    let mut batch = Batch::new();
    batch.shaper(a.index, SHAPER);
    rtnl.apply(batch).unwrap();
    let seen = look(&host, "tc -j qdisc show root");
    let tbf = seen.as_array().unwrap().iter().find(|q| q["kind"] == "tbf");
    let options = &tbf.unwrap()["options"];
    assert_eq!(options["rate"], 2_500_000);
    assert_eq!(options["burst"], 62_500);
    let found = shaping(&mut rtnl, a.index);
    assert_eq!(found, QueueKind::TokenBucket(SHAPER.pace()));

    let mut batch = Batch::new();
    batch.delete_shaper(a.index);
    rtnl.apply(batch).unwrap();
    assert_eq!(shaping(&mut rtnl, a.index), QueueKind::Other);
}

fn shaping(rtnl: &mut Rtnl, link: u32) -> QueueKind {
    let queues = rtnl.queues().unwrap();
    let of_link =
        |queue: &&Queue| queue.link == link && queue.parent == Queue::ROOT;
    queues.iter().find(of_link).unwrap().kind
}

#[test]
fn a_class_is_made_changed_and_taken_away() {
    let mut rtnl = Rtnl::open_in(&new_netns()).unwrap();
    let mut batch = Batch::new();
    batch.ifb(FIRST, "shaped").alt_name(FIRST, "ours");
    batch.up(FIRST).tree(FIRST, TREE);
    batch.class(FIRST, CLASS, SHAPER);
    rtnl.apply(batch).unwrap();
    let class = Class { id: CLASS, rate: SHAPER.rate };
    assert_eq!(rtnl.classes(FIRST).unwrap(), [class]);

    let faster = Shaper { rate: 5_000_000_000, queue: 900_000, ..SHAPER };
    let mut batch = Batch::new();
    batch.class(FIRST, CLASS, faster);
    rtnl.apply(batch).unwrap();
    let class = Class { id: CLASS, rate: faster.rate };
    assert_eq!(rtnl.classes(FIRST).unwrap(), [class]);
    let Pace { queue, .. } = faster.pace();
    let rooms = rtnl.queues().unwrap();
    let room = rooms.iter().find(|room| room.parent == CLASS).unwrap();
    assert_eq!(room.kind, QueueKind::Bytes(queue));

    let mut batch = Batch::new();
    batch.delete_class(FIRST, CLASS);
    rtnl.apply(batch).unwrap();
    assert!(rtnl.classes(FIRST).unwrap().is_empty());
    let mut batch = Batch::new();
    batch.delete_class(FIRST, CLASS);
    assert!(rtnl.apply(batch).unwrap_err().is_absent());
}
