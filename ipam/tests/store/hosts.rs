//! A host enters itself in the store.

use std::time::Duration;

use tartan_ipam::claimer::{self, ClaimError};
use tartan_ipam::host::{Before, RegisterError};
use tartan_ipam::hosts::{self, ContactError};
use tartan_ipam::removal::{self, Death, MOST_FREED, Progress, RemovalError};
use tartan_ipam::{AgentState, HostRecord, Removal, keys, records};
use tartan_model::{BootId, Epoch, HostName};
use tartan_store::Store;

use crate::cast::{Place, register, want, want_around};

#[tokio::test]
async fn a_host_is_entered_once_and_known_again() {
    let place = Place::new().await;
    let store = &place.store;
    let new = register(store, "ambre", "i-1", "b-1").await.unwrap();
    assert_eq!((new.before, new.record.epoch), (Before::New, Epoch(1)));
    let again = register(store, "ambre", "i-1", "b-1").await.unwrap();
    assert_eq!(again.before, Before::SameBoot);
    assert_eq!(again.revision, new.revision, "nothing was written");
    let rebooted = register(store, "ambre", "i-1", "b-2").await.unwrap();
    assert_eq!(rebooted.before, Before::EarlierBoot);
    assert_eq!(rebooted.record.epoch, Epoch(1));
    let entry = store.get(&keys::host(&"ambre".parse().unwrap())).await;
    let record: HostRecord = records::decode(&entry.unwrap().unwrap()).unwrap();
    assert_eq!(record.boot, BootId::new("b-2"));
}

#[tokio::test]
async fn another_installation_under_a_living_name_is_refused() {
    let place = Place::new().await;
    register(&place.store, "ambre", "i-1", "b-1").await.unwrap();
    let error = register(&place.store, "ambre", "i-2", "b-9").await;
    let error = error.unwrap_err();
    assert!(matches!(error, RegisterError::AnotherInstance { .. }));
    assert!(error.to_string().contains("another name"), "{error}");
}

#[tokio::test]
async fn i_049_long_names_and_names_with_dots_are_hosts_too() {
    let place = Place::new().await;
    for name in ["Node-1.Example.ORG", &"x".repeat(200)] {
        let one = register(&place.store, name, "i-1", "b-1").await.unwrap();
        let two = register(&place.store, name, "i-1", "b-1").await.unwrap();
        assert_eq!(one.record, two.record);
    }
}

fn ambre() -> HostName {
    "ambre".parse().unwrap()
}

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn remove(store: &Store, death: Death) -> Result<(), RemovalError> {
    removal::begin(store, &ambre(), death, (1000, DAY)).await
}

async fn step(store: &Store) -> Progress {
    removal::go_on(store, &ambre()).await.unwrap()
}

#[tokio::test]
async fn i_048_a_removed_host_claims_nothing_and_its_blocks_rest() {
    let place = Place::with_pool(&["10.77.0.0/16"]).await;
    let store = &place.store;
    let who = place.host("ambre").await;
    let block = place.claim(&who, &want(26)).await.unwrap().prefix;
    remove(store, Death::Presumed).await.unwrap();
    remove(store, Death::Presumed).await.unwrap();
    let error = place.claim(&who, &want(26)).await.unwrap_err();
    assert!(matches!(error, ClaimError::EpochRaised { .. }), "{error}");
    let until = 1000 + DAY.as_secs();
    let resting = Progress::Resting(Removal { at: 1000, until });
    assert_eq!(step(store).await, resting);
    let back = register(store, "ambre", "ambre", "b-1").await.unwrap_err();
    assert!(matches!(back, RegisterError::Removed { .. }), "{back}");
    let other = place.host("basalte").await;
    let same = want_around(&block.first().to_string());
    let error = place.claim(&other, &same).await.unwrap_err();
    assert!(matches!(error, ClaimError::Owned { .. }), "{error}");

    remove(store, Death::Confirmed).await.unwrap();
    assert_eq!(step(store).await, Progress::Freed(1));
    assert_eq!(step(store).await, Progress::Done);
    assert_eq!(step(store).await, Progress::Done);
    place.claim(&other, &want(26)).await.unwrap();
}

#[tokio::test]
async fn lesson_17_a_removal_goes_on_wherever_it_was_cut_off() {
    let place = Place::with_pool(&["10.77.0.0/16"]).await;
    let who = place.host("ambre").await;
    for _ in 0..2 * MOST_FREED + 50 {
        let known = claimer::own_blocks(&place.store, &who).await.unwrap();
        let known = known.valid.iter().map(|claimed| claimed.prefix).collect();
        let want = want(30);
        claimer::claim(&place.store, &who, &want, &known).await.unwrap();
    }
    remove(&place.store, Death::Confirmed).await.unwrap();
    // Each step by another process, which knows nothing of the one before.
    let mut freed = Vec::new();
    while let Progress::Freed(count) = step(&place.again().await).await {
        freed.push(count);
    }
    assert_eq!(freed, [MOST_FREED, MOST_FREED, 50]);
    let left = place.store.list(&keys::blocks(), None).await.unwrap();
    assert!(left.entries.is_empty());
    assert!(hosts::list(&place.store).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_remove_one_host_at_once_do_it_once() {
    let place = Place::with_pool(&["10.77.0.0/16"]).await;
    let who = place.host("ambre").await;
    place.claim(&who, &want(26)).await.unwrap();
    let mut removing = Vec::new();
    for _ in 0..4 {
        let store = place.again().await;
        removing.push(tokio::spawn(async move {
            // Done by another already, it is unknown.
            let _ = remove(&store, Death::Confirmed).await;
            while step(&store).await != Progress::Done {}
        }));
    }
    for one in removing {
        one.await.unwrap();
    }
    let again = register(&place.store, "ambre", "i-2", "b-2").await.unwrap();
    assert_eq!(again.record.epoch, Epoch(3), "above the raised one");
}

#[tokio::test]
async fn a_name_that_was_removed_is_free_and_its_epochs_are_not_repeated() {
    let place = Place::new().await;
    let store = &place.store;
    register(store, "ambre", "i-1", "b-1").await.unwrap();
    remove(store, Death::Confirmed).await.unwrap();
    assert_eq!(step(store).await, Progress::Done);
    let error = remove(store, Death::Confirmed).await.unwrap_err();
    assert!(matches!(error, RemovalError::Unknown(_)), "{error}");
    let new = register(store, "ambre", "i-2", "b-9").await.unwrap();
    assert_eq!((new.before, new.record.epoch), (Before::New, Epoch(3)));
}

#[tokio::test]
async fn a_host_says_when_it_spoke_as_long_as_it_is_itself() {
    let place = Place::new().await;
    let store = &place.store;
    let who = place.host("ambre").await;
    let now = (5, AgentState::Running);
    hosts::note_contact(store, &who, now).await.unwrap();
    let known = hosts::list(store).await.unwrap().remove(0);
    assert_eq!(known.contact.map(|contact| contact.at), Some(5));
    remove(store, Death::Presumed).await.unwrap();
    let error = hosts::note_contact(store, &who, now).await.unwrap_err();
    assert!(matches!(error, ContactError::Outdated(_)), "{error}");
}
