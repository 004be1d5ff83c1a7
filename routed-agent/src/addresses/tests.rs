//! Teams that share a small pool, on a real embedded store.

use std::net::IpAddr;

use tartan_ipam::host::{Presence, register};
use tartan_ipam::{AssignError, AssignRequest, Instance, pools, records};
use tartan_model::{BlockRecord, BootId, Generation, Pool, Prefix};
use tartan_store::{Range, Transaction};
use tokio::runtime::Runtime;

use super::*;
use crate::wait::Wait;

const A: &str = "002a:0001";
const B: &str = "002b:0001";

/// A host alone with its store; both end with the test.
struct Scene {
    runtime: Runtime,
    _dir: tempfile::TempDir,
    addresses: Arc<Addresses>,
    given: u32,
}

impl Scene {
    /// A host that may claim from a pool of four blocks of two addresses.
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let addresses = Arc::new(runtime.block_on(confirmed(dir.path())));
        Self { runtime, _dir: dir, addresses, given: 0 }
    }

    fn request(&mut self, class: &str) -> AssignRequest {
        self.given += 1;
        AssignRequest {
            attachment: format!("shop,c{},eth0", self.given).parse().unwrap(),
            generation: Generation(1),
            class: class.parse().unwrap(),
            pools: vec!["small".parse().unwrap()],
            requested: Vec::new(),
            ranges: Default::default(),
            netns_cookie: None,
            unclaimable: BTreeSet::new(),
        }
    }

    /// As an ADD asks: claims where need be.
    fn add(&mut self, class: &str) -> Result<Vec<IpAddr>, AddressError> {
        let request = self.request(class);
        self.addresses.assign(&request, Wait::ForStore)
    }

    /// Gives out whatever the own blocks of a class have.
    fn fill(&mut self, class: &str) {
        loop {
            let request = self.request(class);
            let given =
                self.addresses.with(|l| l.assign(&request, boot_time()));
            if given.is_err() {
                return;
            }
        }
    }

    fn seek_head_room(&self) {
        self.runtime.block_on(self.addresses.seek_head_room());
    }

    fn blocks(&self) -> Vec<Prefix> {
        self.addresses.look(|ledger| ledger.blocks().collect())
    }
}

async fn confirmed(dir: &std::path::Path) -> Addresses {
    let (host, boot): (HostName, _) =
        ("ambre".parse().unwrap(), BootId::new("b-1"));
    let store = Store::open_embedded(dir, &boot).await.unwrap();
    let pool = small_pool();
    pools::create(&store, &pool).await.unwrap();
    let presence = Presence {
        host: host.clone(),
        instance: Instance("i-1".to_owned()),
        boot: boot.clone(),
        address: None,
    };
    let registered = register(&store, &presence).await.unwrap();
    let mut ledger = Ledger::new(host.clone(), boot.clone());
    ledger.set_pools(vec![pool]);
    let mirror = Mirror::in_run_dir(dir, boot).unwrap();
    let seen = Arc::new(Seen::in_state_dir(dir).unwrap());
    let addresses =
        Addresses::new(ledger, store, (mirror, seen), Handle::current());
    addresses.made_contact();
    addresses.stand(Standing::Confirmed(registered.claimant(host)));
    addresses
}

fn small_pool() -> Pool {
    Pool {
        v: Pool::VERSION,
        name: "small".parse().unwrap(),
        cidrs: vec!["10.77.0.0/29".parse().unwrap()],
        block_length4: 31,
        block_length6: Pool::BLOCK_LENGTH_6,
        affinity: Default::default(),
        nat_outgoing: false,
        draining: false,
    }
}

/// Team A and team B have two of the four blocks each, and each has one that
/// nobody uses.
fn shared() -> Scene {
    let mut scene = Scene::new();
    for class in [A, B] {
        scene.add(class).unwrap();
        scene.fill(class);
        scene.seek_head_room();
    }
    assert_eq!(scene.blocks().len(), 4, "the pool is full");
    scene
}

#[test]
fn head_room_is_not_taken_from_the_idle_block_of_another_team() {
    let mut scene = shared();
    let before = scene.blocks();
    scene.fill(B);
    let wants = |s: &Scene| s.addresses.look(|l| l.wants(boot_time()).len());
    assert_eq!(wants(&scene), 1, "B has nothing left");
    scene.seek_head_room();
    assert_eq!(scene.blocks(), before, "A keeps what it has");
    assert_eq!(wants(&scene), 0, "it is not tried again at once");
}

#[test]
fn an_add_gets_the_idle_block_of_another_team_where_nothing_is_free() {
    let mut scene = shared();
    scene.fill(B);
    scene.add(B).unwrap();
    scene.seek_head_room();
    scene.fill(B);
    let in_use = scene.addresses.look(|ledger| ledger.held().count());
    assert_eq!(scene.blocks().len(), 4, "B has three blocks, A one");
    scene.seek_head_room();
    assert_eq!(scene.blocks().len(), 4);
    assert!(in_use >= 5, "all but what A used: {in_use}");
    let refused = scene.add(A).unwrap_err();
    assert!(
        matches!(refused, AddressError::Assign(AssignError::Exhausted { .. })),
        "{refused}"
    );
}

#[test]
fn status_says_no_where_an_add_would_have_to_claim_and_may_not() {
    let mut scene = Scene::new();
    let pools = ["small".parse().unwrap()];
    let asked = |scene: &Scene| {
        scene.addresses.could_assign(&pools, &Default::default())
    };
    asked(&scene).unwrap();
    scene.addresses.stand(Standing::Unconfirmed);
    assert!(matches!(asked(&scene), Err(AddressError::Unconfirmed)));
    let refused = scene.add(A).unwrap_err();
    assert!(matches!(refused, AddressError::Unconfirmed), "{refused}");
}

#[test]
fn an_own_block_needs_no_claim() {
    let mut scene = Scene::new();
    scene.add(A).unwrap();
    scene.seek_head_room();
    scene.addresses.stand(Standing::Unconfirmed);
    let pools = ["small".parse().unwrap()];
    scene.addresses.could_assign(&pools, &Default::default()).unwrap();
    scene.add(A).unwrap();
}

#[test]
fn without_contact_for_too_long_no_address_is_given() {
    let mut scene = Scene::new();
    scene.add(A).unwrap();
    scene.addresses.set_max_offline(Duration::ZERO);
    let refused = scene.add(A).unwrap_err();
    assert!(matches!(refused, AddressError::Offline { .. }), "{refused}");
    let pools = ["small".parse().unwrap()];
    let status = scene.addresses.could_assign(&pools, &Default::default());
    assert!(matches!(status, Err(AddressError::Offline { .. })));
}

#[test]
fn a_claim_goes_on_when_its_add_has_gone() {
    let mut scene = Scene::new();
    let (addresses, request) = (Arc::clone(&scene.addresses), scene.request(A));
    let turn = scene.runtime.block_on(addresses.claiming.clone().lock_owned());
    let waiting = {
        let (addresses, request) = (Arc::clone(&addresses), request.clone());
        std::thread::spawn(move || {
            addresses.room_until(std::time::Instant::now(), &request)
        })
    };
    let ended = waiting.join().unwrap();
    assert!(matches!(ended, Err(AddressError::TooLong)), "no turn, no claim");
    drop(turn);
    assert!(scene.blocks().is_empty());
    let ended = addresses.room_until(std::time::Instant::now(), &request);
    assert!(matches!(ended, Err(AddressError::TooLong) | Ok(_)));
    drop(scene.runtime.block_on(addresses.hold_claims()));
    assert_eq!(scene.blocks().len(), 1, "it was begun, so it ended");
}

/// Another host's name is in the record of each block of ours.
fn others_have_our_blocks(scene: &Scene) {
    let store = scene.addresses.store.clone();
    scene.runtime.block_on(async {
        let blocks = Range::prefix("blocks/");
        for entry in store.list(&blocks, None).await.unwrap().entries {
            let mut record: BlockRecord = records::decode(&entry).unwrap();
            record.host = "bronze".parse().unwrap();
            let value = records::encode(&entry.key, &record).unwrap();
            let taken = Transaction::new().put(entry.key, value);
            store.commit(taken).await.unwrap();
        }
    });
}

#[test]
fn a_block_that_another_host_has_is_lost_with_those_who_live_in_it() {
    let mut scene = Scene::new();
    let given = scene.add(A).unwrap();
    others_have_our_blocks(&scene);
    scene.runtime.block_on(scene.addresses.publish_all());

    assert!(scene.blocks().is_empty(), "the block is the other's");
    let holders = scene.addresses.lost_holders();
    let holder = holders.iter().find(|(ip, _)| given.contains(ip));
    assert!(holder.is_some(), "{holders:?} are to be isolated");
    let refused = scene.add(A).unwrap_err();
    assert!(matches!(refused, AddressError::Lost { .. }), "{refused}");
    let kept = scene.addresses.mirror.lost();
    assert_eq!(kept.len(), 1, "the next agent isolates them as well");

    for (_, who) in scene.addresses.lost_holders() {
        scene.addresses.release_any(&who);
    }
    scene.add(A).expect("those have ended");
}

#[test]
fn an_older_registry_is_not_told_after_a_newer() {
    let scene = Scene::new();
    let mut told = Vec::new();
    for serial in [2, 1, 2, 4, 3] {
        scene.addresses.hear(serial, |_| told.push(serial));
    }
    assert_eq!(told, [2, 4]);
}

#[test]
fn two_registries_are_told_one_after_the_other() {
    let scene = Scene::new();
    let told = Mutex::new(Vec::new());
    let (begun, wait) = std::sync::mpsc::channel();
    let tell = |serial| {
        scene.addresses.hear(serial, |_| {
            begun.send(()).unwrap();
            // Another that comes now waits, and is then too old or not.
            std::thread::yield_now();
            told.lock().unwrap().push(serial);
        });
    };
    std::thread::scope(|threads| {
        threads.spawn(|| tell(2));
        wait.recv().unwrap();
        tell(1);
        tell(3);
    });
    assert_eq!(*told.lock().unwrap(), [2, 3]);
}
