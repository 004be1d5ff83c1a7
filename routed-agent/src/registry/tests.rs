//! The registry on a real embedded store: numbers, refusals, following, and
//! going on from the mirror.

use std::collections::BTreeSet;

use tartan_model::{
    Affinity, BlockRecord, BootId, Epoch, Generation, Pool, Slot, SlotState,
};
use tartan_store::{Key, Transaction};

use super::*;

/// A host's directories, which end with the test.
struct Dirs {
    _root: tempfile::TempDir,
    places: Places,
}

impl Dirs {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let places = Places {
            run_dir: root.path().join("run"),
            state_dir: root.path().join("state"),
            ..Places::default()
        };
        std::fs::create_dir(&places.run_dir).unwrap();
        Self { _root: root, places }
    }

    async fn store(&self) -> Store {
        let boot = BootId::new("boot");
        Store::open_embedded(&self.places.state_dir, &boot).await.unwrap()
    }

    async fn registry(&self) -> Registry {
        let seen = Seen::in_state_dir(&self.places.state_dir).unwrap();
        let store = self.store().await;
        Registry::start(&store, &self.places, &Arc::new(seen)).await.unwrap()
    }
}

fn team(name: &str) -> TeamName {
    name.parse().unwrap()
}

fn app(name: &str) -> AppName {
    name.parse().unwrap()
}

async fn put(store: &Store, key: &[&str], value: String) {
    let change = Transaction::new().put(Key::new(key), value);
    store.commit(change).await.unwrap();
}

#[tokio::test]
async fn teams_and_apps_get_the_next_number_and_are_seen_at_once() {
    let dirs = Dirs::new();
    let registry = dirs.registry().await;
    for (name, number) in [("payments", 1), ("web", 2)] {
        let entered = registry.create_team(&team(name)).await.unwrap();
        assert_eq!(entered.value.number.get(), number);
        assert_eq!(entered.freshness, Freshness::New);
    }
    for (name, number) in [("api", 1), ("batch", 2)] {
        let (web, name) = (team("web"), app(name));
        let entered = registry.create_app(&web, &name).await.unwrap();
        assert_eq!(entered.value.number.0, number);
    }
    let now = registry.snapshot();
    let class = now.class_of(&team("web"), Some(&app("batch"))).unwrap();
    assert_eq!(class.to_string(), "0002:0002");
    assert_eq!(now.label(class), "web/batch");
}

#[tokio::test]
async fn what_exists_is_found_and_keeps_its_number() {
    let dirs = Dirs::new();
    let registry = dirs.registry().await;
    let first = registry.create_team(&team("payments")).await.unwrap();
    let again = registry.create_team(&team("payments")).await.unwrap();
    assert_eq!(again.freshness, Freshness::Found);
    assert_eq!(again.value, first.value);
}

#[tokio::test]
async fn a_number_is_never_given_to_another() {
    let dirs = Dirs::new();
    let registry = dirs.registry().await;
    let numbers = async |name: &str| {
        let entered = registry.create_team(&team(name)).await.unwrap();
        entered.value.number.get()
    };
    assert_eq!(numbers("payments").await, 1);
    registry.delete_team(&team("payments")).await.unwrap();
    assert!(registry.snapshot().teams.is_empty());
    assert_eq!(numbers("web").await, 2);
    assert_eq!(numbers("payments").await, 3);

    let payments = team("payments");
    registry.create_app(&payments, &app("api")).await.unwrap();
    registry.delete_app(&payments, &app("api")).await.unwrap();
    let again = registry.create_app(&payments, &app("api")).await.unwrap();
    assert_eq!(again.value.number.0, 2);
}

/// Runs a test on several threads. They end before the test does, and with
/// them whoever writes into its directories.
fn on_threads(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test);
}

#[test]
fn numbers_are_given_once_when_many_ask_at_the_same_time() {
    let dirs = Dirs::new();
    on_threads(ask_for_numbers(&dirs));
}

async fn ask_for_numbers(dirs: &Dirs) {
    let registry = dirs.registry().await;
    let asking: Vec<_> = (0..16)
        .map(|number| {
            let registry = registry.clone();
            // Half of them ask for a team that another asks for as well.
            let name = team(&format!("team-{}", number % 8));
            tokio::spawn(async move { registry.create_team(&name).await })
        })
        .collect();
    let mut numbers = BTreeSet::new();
    let mut fresh = 0;
    for asked in asking {
        let entered = asked.await.unwrap().unwrap();
        fresh += usize::from(entered.freshness == Freshness::New);
        numbers.insert(entered.value.number);
    }
    assert_eq!((numbers.len(), fresh), (8, 8));
}

#[test]
fn a_thread_without_a_runtime_enters_an_app() {
    let dirs = Dirs::new();
    on_threads(enter_by_thread(&dirs));
}

async fn enter_by_thread(dirs: &Dirs) {
    let registry = dirs.registry().await;
    registry.create_team(&team("payments")).await.unwrap();
    let asking = registry.clone();
    let thread = std::thread::spawn(move || {
        let payments = team("payments");
        let ghosts = asking.create_app_blocking(&team("ghosts"), &app("a"));
        assert!(matches!(ghosts, Err(RegistryError::UnknownTeam(_))));
        asking.create_app_blocking(&payments, &app("api")).unwrap();
        asking.create_app_blocking(&payments, &app("api")).unwrap()
    });
    let class =
        tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
    assert_eq!(class.to_string(), "0001:0001");
}

#[tokio::test]
async fn a_team_with_apps_and_a_class_with_addresses_stay() {
    let dirs = Dirs::new();
    let registry = dirs.registry().await;
    let (payments, api) = (team("payments"), app("api"));
    registry.create_team(&payments).await.unwrap();
    registry.create_app(&payments, &api).await.unwrap();
    let refused = registry.delete_team(&payments).await;
    assert!(matches!(refused, Err(RegistryError::TeamHasApps { .. })));

    let class = registry.snapshot().class_of(&payments, Some(&api)).unwrap();
    let mut block = block(class, SlotState::Used);
    put_block(&registry.store, &block).await;
    let refused = registry.delete_app(&payments, &api).await;
    assert!(matches!(refused, Err(RegistryError::InUse { count: 1, .. })));

    for slot in block.slots.values_mut() {
        slot.state = SlotState::Resting { since_millis: 1 };
    }
    put_block(&registry.store, &block).await;
    registry.delete_app(&payments, &api).await.unwrap();
    registry.delete_team(&payments).await.unwrap();
    let unknown = registry.delete_team(&payments).await;
    assert!(matches!(unknown, Err(RegistryError::UnknownTeam(_))));
}

fn block(class: ClassId, state: SlotState) -> BlockRecord {
    let slot = Slot {
        attachment: "shop,c1,eth0".parse().unwrap(),
        generation: Generation(1),
        class,
        boot: BootId::new("boot"),
        state,
        netns_cookie: None,
    };
    BlockRecord {
        v: BlockRecord::VERSION,
        pool: "default".parse().unwrap(),
        host: "elsewhere".parse().unwrap(),
        epoch: Epoch(1),
        boot: BootId::new("boot"),
        affinity: Affinity::Team(class.team_class()),
        slots: [(3, slot)].into(),
    }
}

async fn put_block(store: &Store, block: &BlockRecord) {
    let value = serde_json::to_string(block).unwrap();
    put(store, &["blocks", "4", "0a4d0000-28"], value).await;
}

#[tokio::test]
async fn the_cluster_has_its_number_before_it_has_teams() {
    let dirs = Dirs::new();
    let registry = dirs.registry().await;
    registry.set(Setting::Cluster, "3").await.unwrap();
    registry.create_team(&team("payments")).await.unwrap();
    let now = registry.snapshot();
    let class = now.class_of(&team("payments"), None).unwrap();
    assert_eq!(class.to_string(), "3001:0000");

    let refused = registry.set(Setting::Cluster, "4").await;
    assert!(matches!(refused, Err(RegistryError::ClusterInUse { .. })));
    registry.set(Setting::Cluster, "3").await.unwrap();
    registry.set(Setting::AddressRest, "5s").await.unwrap();
    let settings = &registry.snapshot().settings;
    assert_eq!(settings.address_rest_seconds, 5);
    assert_eq!(settings.cluster.get(), 3);
}

#[tokio::test]
async fn what_others_write_is_followed_and_damage_is_passed_over() {
    let dirs = Dirs::new();
    let registry = dirs.registry().await;
    let other = dirs.store().await;
    let pool = Pool {
        v: Pool::VERSION,
        name: "default".parse().unwrap(),
        cidrs: vec!["10.77.0.0/16".parse().unwrap()],
        block_length4: 26,
        block_length6: 122,
        affinity: Default::default(),
        nat_outgoing: false,
        draining: false,
    };
    put(&other, &["teams", "broken"], "nonsense".to_owned()).await;
    let value = serde_json::to_string(&pool).unwrap();
    put(&other, &["pools", "default"], value).await;
    registry.heard(|now| now.pools.contains_key(&pool.name)).await;
    let before = registry.snapshot();
    assert_eq!(before.pools.get(&pool.name), Some(&pool));
    assert!(before.teams.is_empty());

    let gone = Transaction::new().delete(Key::new(&["pools", "default"]));
    other.commit(gone).await.unwrap();
    registry.heard(|now| now.pools.is_empty()).await;
    let after = registry.snapshot();
    assert!(after.pools.is_empty());
    assert!(after.serial > before.serial);
    assert!(after.revision > before.revision);
}

#[tokio::test]
async fn a_restarted_agent_goes_on_from_the_mirror() {
    let dirs = Dirs::new();
    let registry = dirs.registry().await;
    registry.create_team(&team("payments")).await.unwrap();
    let mirrored = Mirror::in_run_dir(&dirs.places.run_dir).read().unwrap();
    assert_eq!(mirrored.origin, Origin::Mirror);
    assert_eq!(mirrored.teams, registry.snapshot().teams);
    assert_eq!(registry.snapshot().origin, Origin::Store);
}

#[tokio::test]
async fn a_declared_number_is_given_to_nobody_who_did_not_have_it() {
    let dirs = Dirs::new();
    let registry = dirs.registry().await;
    let number = |number| TeamNumber::new(number).unwrap();
    for name in ["shop", "blog"] {
        registry.create_team(&team(name)).await.unwrap();
    }
    registry.create_app(&team("blog"), &app("api")).await.unwrap();
    registry.delete_app(&team("blog"), &app("api")).await.unwrap();
    registry.delete_team(&team("blog")).await.unwrap();

    let refused = registry.enter_team(&team("other"), number(2)).await;
    assert!(matches!(refused, Err(RegistryError::Number(_))), "{refused:?}");
    let refused = registry.enter_team(&team("other"), number(4095)).await;
    assert!(matches!(refused, Err(RegistryError::Number(_))), "{refused:?}");
    registry.enter_team(&team("blog"), number(2)).await.unwrap();
    let api = AppNumber(1);
    let refused = registry.enter_app(&team("blog"), &app("web"), api).await;
    assert!(matches!(refused, Err(RegistryError::Number(_))), "{refused:?}");
    registry.enter_app(&team("blog"), &app("api"), api).await.unwrap();
    let web = registry.create_app(&team("blog"), &app("web")).await.unwrap();
    assert_eq!(web.value.number.0, 2, "the counter has outlived the team");
    registry.enter_team(&team("other"), number(9)).await.unwrap();
    let next = registry.create_team(&team("next")).await.unwrap();
    assert_eq!(next.value.number.get(), 10);
}

#[tokio::test]
async fn a_declared_number_whose_class_has_addresses_is_refused() {
    let dirs = Dirs::new();
    let registry = dirs.registry().await;
    let class = "0007:0001".parse().unwrap();
    put_block(&registry.store, &block(class, SlotState::Used)).await;
    let seven = TeamNumber::new(7).unwrap();
    let refused = registry.enter_team(&team("shop"), seven).await;
    assert!(matches!(refused, Err(RegistryError::InUse { .. })));
}
