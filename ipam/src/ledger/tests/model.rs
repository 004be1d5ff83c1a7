//! Random lives of a host against a simple model: a map of who has what, and
//! a map of who had what last.

use proptest::prelude::*;

use super::*;
use crate::Unpublished;

/// Small enough to be exhausted: two teams can have a block each.
const CIDRS: [&str; 2] = ["10.77.0.0/27", "fd00::/123"];
/// Two apps of one team, and another team.
const CLASSES: [&str; 3] = ["002a:0001", "002a:0002", "002b:0001"];

#[derive(Clone, Debug)]
enum Act {
    Assign {
        who: u8,
        class: usize,
        requested: Option<u8>,
    },
    Confirm(u8),
    Release(u8),
    /// Starts writing what is unpublished.
    BeginPublish,
    /// The write of before is done, however much has changed since.
    EndPublish,
    Wait(u64),
    /// The agent starts anew; the containers live on.
    Restart,
    /// The host starts anew; the containers are gone.
    Reboot,
}

fn act() -> impl Strategy<Value = Act> {
    let who = 0u8..20;
    prop_oneof![
        8 => (who.clone(), 0..CLASSES.len(), proptest::option::weighted(0.2, 0u8..32))
            .prop_map(|(who, class, requested)| Act::Assign { who, class, requested }),
        3 => who.clone().prop_map(Act::Confirm),
        5 => who.prop_map(Act::Release),
        3 => Just(Act::BeginPublish),
        3 => Just(Act::EndPublish),
        3 => (0u64..40).prop_map(Act::Wait),
        1 => Just(Act::Restart),
        1 => Just(Act::Reboot),
    ]
}

/// Who had an address last.
#[derive(Clone, Debug)]
struct Last {
    class: ClassId,
    released: BootTime,
    committed: Option<BootTime>,
}

struct World {
    host: Host,
    now: BootTime,
    boots: u32,
    /// What the store has.
    stored: BTreeMap<Prefix, Claimed>,
    writing: Vec<Unpublished>,
    living: BTreeMap<Attachment, Living>,
    last: BTreeMap<IpAddr, Last>,
}

impl World {
    fn new() -> Self {
        Self {
            host: Host::new(vec![pool("default", &CIDRS)]),
            now: at(100),
            boots: 1,
            stored: BTreeMap::new(),
            writing: Vec::new(),
            living: BTreeMap::new(),
            last: BTreeMap::new(),
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Assign { who, class, requested } => {
                self.assign(*who, *class, *requested);
            }
            Act::Confirm(n) => {
                let who = name(*n);
                let done = self.host.ledger.confirm(&who, Generation(1));
                assert_eq!(done.is_ok(), self.living.contains_key(&who));
                if let Some(living) = self.living.get_mut(&who) {
                    living.stage = Stage::Used;
                }
            }
            Act::Release(n) => self.release(&name(*n)),
            Act::BeginPublish => self.writing = self.host.ledger.dirty(),
            Act::EndPublish => self.end_publish(),
            Act::Wait(seconds) => {
                self.now = self.now.after(Duration::from_secs(*seconds));
            }
            Act::Restart => self.restart(),
            Act::Reboot => self.reboot(),
        }
        self.check();
    }

    fn assign(&mut self, n: u8, class_at: usize, requested: Option<u8>) {
        let wanted = requested.map(|n| ip(&format!("10.77.0.{n}")));
        let ask = AssignRequest {
            attachment: name(n),
            class: class(CLASSES[class_at]),
            requested: wanted.into_iter().collect(),
            ..request("any")
        };
        let before = self.host.ledger.held().count();
        let answer = self.host.ask(ask.clone(), self.now);
        self.remember_claims();
        let Ok(assigned) = answer else {
            assert_eq!(self.host.ledger.held().count(), before, "all or none");
            return;
        };
        if let Some(living) = self.living.get(&ask.attachment) {
            assert_eq!(assigned.freshness, Freshness::Again);
            assert_eq!(assigned.addresses, living.addresses);
            assert_eq!(ask.class, living.class);
            return;
        }
        assert_eq!(assigned.freshness, Freshness::New);
        assert_eq!(assigned.addresses.len(), 2, "one per family");
        for address in &assigned.addresses {
            self.check_given(*address, &ask);
            self.last.remove(address);
        }
        let living = Living {
            attachment: ask.attachment,
            generation: ask.generation,
            class: ask.class,
            addresses: assigned.addresses,
            stage: Stage::Pending,
            netns_cookie: None,
            gateways: Vec::new(),
        };
        self.living.insert(living.attachment.clone(), living);
    }

    fn check_given(&self, address: IpAddr, ask: &AssignRequest) {
        let whole = &self.host.pools[0];
        assert!(whole.cidr(Family::of(address)).unwrap().contains(address));
        assert!(!whole.excludes(address), "{address} is excluded");
        let mut held = self.living.values().flat_map(|l| &l.addresses);
        assert!(!held.any(|other| *other == address), "{address} given twice");
        let Some(last) = self.last.get(&address) else { return };
        if self.is_eligible(last, ask.class) {
            return;
        }
        assert_eq!(last.class, ask.class, "{address} changed class early");
        if !ask.requested.contains(&address) {
            assert!(
                self.nothing_else(address, ask.class),
                "{address} is early"
            );
        }
    }

    fn is_eligible(&self, last: &Last, class: ClassId) -> bool {
        let is_over = |since: BootTime| since.after(REST) <= self.now;
        (last.class == class && is_over(last.released))
            || last.committed.is_some_and(is_over)
    }

    /// No own address but `address` could have been given to the class.
    fn nothing_else(&self, address: IpAddr, class: ClassId) -> bool {
        let whole = &self.host.pools[0];
        let blocks = self.host.ledger.blocks.values();
        let serving = blocks.filter(|b| {
            b.affinity().serves(class)
                && b.prefix.family() == Family::of(address)
        });
        serving.flat_map(|block| block.addresses()).all(|(other, _)| {
            let held =
                self.living.values().any(|l| l.addresses.contains(&other));
            let waits = self
                .last
                .get(&other)
                .is_some_and(|last| !self.is_eligible(last, class));
            other == address || held || waits || whole.excludes(other)
        })
    }

    /// A claim is in the store at once.
    fn remember_claims(&mut self) {
        for block in self.host.ledger.blocks.values() {
            let record =
                BlockRecord { slots: BTreeMap::new(), ..block.record() };
            let (prefix, revision) = (block.prefix, block.modified);
            let claimed = Claimed { prefix, record, revision };
            self.stored.entry(prefix).or_insert(claimed);
        }
    }

    fn release(&mut self, who: &Attachment) {
        let freed = self.host.ledger.release(who, None, self.now).unwrap();
        let living = self.living.remove(who);
        let expected = living.as_ref().map(|l| l.addresses.clone());
        assert_eq!(freed.addresses, expected.unwrap_or_default());
        let Some(living) = living else { return };
        for address in living.addresses {
            let last = Last {
                class: living.class,
                released: self.now,
                committed: None,
            };
            self.last.insert(address, last);
        }
    }

    fn end_publish(&mut self) {
        for block in std::mem::take(&mut self.writing) {
            self.host.revision += 1;
            let revision = Revision(self.host.revision);
            let Unpublished { prefix, record, version, .. } = block;
            for (offset, slot) in &record.slots {
                let address = prefix.nth((*offset).into()).unwrap();
                let SlotState::Resting { since_millis } = slot.state else {
                    continue;
                };
                let released = BootTime::from_millis(since_millis);
                if let Some(last) = self.last.get_mut(&address)
                    && last.released == released
                    && last.class == slot.class
                {
                    last.committed.get_or_insert(self.now);
                }
            }
            let claimed = Claimed { prefix, record, revision };
            self.stored.insert(prefix, claimed);
            self.host.ledger.published(prefix, version, revision, self.now);
        }
    }

    fn new_ledger(&mut self) {
        let boot = BootId::new(&format!("b-{}", self.boots));
        let mut ledger = Ledger::new("node-1".parse().unwrap(), boot);
        ledger.set_pools(self.host.pools.clone());
        for claimed in self.stored.values() {
            ledger.adopt_block(claimed, self.now).unwrap();
        }
        self.host.ledger = ledger;
        self.writing.clear();
        self.last.clear();
    }

    fn restart(&mut self) {
        self.new_ledger();
        for living in self.living.values() {
            self.host.ledger.restore(living, self.now).unwrap();
        }
        let dead: BTreeSet<Attachment> = self
            .host
            .ledger
            .held()
            .filter(|held| held.proof == Proof::Recorded)
            .map(|held| held.slot.attachment.clone())
            .collect();
        for who in dead {
            self.host.ledger.release(&who, None, self.now).unwrap();
        }
        let resting: Vec<_> = self
            .host
            .ledger
            .resting()
            .map(|held| (held.address, held.slot.clone()))
            .collect();
        for (address, slot) in resting {
            let SlotState::Resting { since_millis } = slot.state else {
                unreachable!()
            };
            let was = self.stored_slot(address);
            let committed = (was == Some(&slot)).then_some(self.now);
            let released = BootTime::from_millis(since_millis);
            let class = slot.class;
            self.last.insert(address, Last { class, released, committed });
        }
    }

    fn stored_slot(&self, address: IpAddr) -> Option<&Slot> {
        let block =
            self.stored.values().find(|c| c.prefix.contains(address))?;
        let offset = block.prefix.offset_of(address)? as u32;
        block.record.slots.get(&offset)
    }

    fn reboot(&mut self) {
        self.boots += 1;
        self.living.clear();
        self.new_ledger();
        for claimed in self.stored.values() {
            for (offset, slot) in &claimed.record.slots {
                let address = claimed.prefix.nth((*offset).into()).unwrap();
                let last = Last {
                    class: slot.class,
                    released: BootTime::START,
                    committed: None,
                };
                self.last.insert(address, last);
            }
        }
    }

    fn check(&self) {
        let ledger = &self.host.ledger;
        let held: Vec<IpAddr> =
            ledger.held().map(|held| held.address).collect();
        let expected: BTreeSet<IpAddr> =
            self.living.values().flat_map(|l| l.addresses.clone()).collect();
        assert_eq!(BTreeSet::from_iter(held.clone()), expected);
        assert_eq!(held.len(), expected.len(), "an address is held once");
        for living in self.living.values() {
            let holding = ledger.by_attachment(&living.attachment).unwrap();
            assert_eq!(holding.addresses, living.addresses);
            assert_eq!(holding.stage, living.stage);
        }
        for usage in ledger.usage(self.now) {
            assert_eq!(usage.size, usage.used + usage.resting + usage.free);
        }
    }

    /// Everybody leaves: everything can be given again.
    fn end(&mut self) {
        let all: Vec<Attachment> = self.living.keys().cloned().collect();
        for who in all {
            self.release(&who);
        }
        self.writing = self.host.ledger.dirty();
        self.end_publish();
        assert!(self.host.ledger.dirty().is_empty());
        self.now = self.now.after(REST);
        for usage in self.host.ledger.usage(self.now) {
            assert_eq!(usage.free, usage.size, "none is lost");
        }
        let groups: Vec<Group> =
            self.host.ledger.blocks.values().map(Group::of).collect();
        for group in groups {
            let shelf = &self.host.ledger.shelves[&group];
            let usable = shelf.available(REST, self.now, usize::MAX);
            let size: usize = self
                .host
                .ledger
                .blocks
                .values()
                .filter(|block| Group::of(block) == group)
                .flat_map(|block| block.addresses())
                .filter(|(ip, _)| !self.host.pools[0].excludes(*ip))
                .count();
            assert_eq!(usable, size, "none is lost from a shelf");
        }
    }
}

fn name(n: u8) -> Attachment {
    who(&format!("c{n}"))
}

proptest! {
    #[test]
    fn i_070_no_life_of_a_host_gives_an_address_twice_or_loses_one(
        acts in proptest::collection::vec(act(), 1..120)
    ) {
        let mut world = World::new();
        for act in &acts {
            world.act(act);
        }
        world.end();
    }
}
