//! A host enters itself in the store.

use tartan_ipam::host::{Before, RegisterError};
use tartan_ipam::{HostRecord, keys, records};
use tartan_model::{BootId, Epoch};

use crate::cast::{Place, register};

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
