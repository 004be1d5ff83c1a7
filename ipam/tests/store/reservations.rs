//! Addresses that are kept by name, in the store.

use std::net::IpAddr;

use tartan_ipam::reservations::{self, Asking, ReservationError, is_held};
use tartan_ipam::{GrantedPlace, keys, records};
use tartan_model::{Grant, Reservation, ReservationHolder};
use tartan_store::Store;

use crate::cast::{Agent, Place, want, want_around};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn holder(container: &str, host: &str) -> ReservationHolder {
    ReservationHolder {
        attachment: format!("shop,{container},eth0").parse().unwrap(),
        generation: tartan_model::Generation(1),
        host: host.parse().unwrap(),
    }
}

fn asking(container: &str, host: &str) -> Asking {
    let team = "002a:0000".parse().unwrap();
    Asking { name: "db-0".to_owned(), team, holder: holder(container, host) }
}

async fn found(store: &Store, address: &str) -> Reservation {
    let entry = store.get(&keys::reservation(ip(address))).await;
    records::decode(&entry.unwrap().unwrap()).unwrap()
}

#[tokio::test]
async fn i_051_a_reservation_in_a_block_waits_until_its_owner_grants_it() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let store = &place.store;
    let who = place.host("ambre").await;
    let same = want_around("10.77.0.9");
    let block = place.claim(&who, &same).await.unwrap();
    for (address, grant) in
        [("10.77.0.9", Grant::Requested), ("10.99.0.9", Grant::Granted)]
    {
        let made = reservations::reserve(store, ip(address), None).await;
        assert_eq!(made.unwrap(), grant);
        let again = reservations::reserve(store, ip(address), None).await;
        assert!(matches!(again, Err(ReservationError::Exists(_))));
    }
    // Only as long as the block is what its owner knows.
    let stale = (block.prefix, tartan_store::Revision(1));
    let refused = reservations::grant(store, ip("10.77.0.9"), stale).await;
    assert!(matches!(refused, Err(ReservationError::Contended(_))));
    let known = (block.prefix, block.revision);
    reservations::grant(store, ip("10.77.0.9"), known).await.unwrap();
    assert_eq!(found(store, "10.77.0.9").await.grant, Grant::Granted);
}

#[tokio::test]
async fn lesson_19_a_name_has_one_holder_and_moves_when_that_has_left() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let store = &place.store;
    let address = ip("10.77.0.9");
    let (one, two) = (asking("c1", "ambre"), asking("c2", "basalte"));
    let nothing = reservations::of_name(store, "db-0").await.unwrap();
    assert!(nothing.kept.is_empty());
    let take = reservations::take(store, &one, &nothing, &[address]).await;
    assert!(take.unwrap());
    // Whoever looked before that takes nothing, of any address.
    for other in ["10.77.0.9", "10.77.0.10"] {
        let new = [ip(other)];
        let late = reservations::take(store, &two, &nothing, &new).await;
        assert!(!late.unwrap(), "{other}");
    }
    let kept = reservations::of_name(store, "db-0").await.unwrap();
    assert_eq!(kept.kept[0].reservation.holder, Some(one.holder.clone()));
    let busy = reservations::remove(store, address, |_| false).await;
    assert!(matches!(busy, Err(ReservationError::InUse { .. })));
    // Another's leaving is not the holder's.
    reservations::leave(store, address, &two.holder).await.unwrap();
    assert!(found(store, "10.77.0.9").await.holder.is_some());
    reservations::leave(store, address, &one.holder).await.unwrap();
    let kept = reservations::of_name(store, "db-0").await.unwrap();
    assert!(reservations::take(store, &two, &kept, &[]).await.unwrap());
    assert!(!reservations::take(store, &one, &kept, &[]).await.unwrap());
    reservations::remove(store, address, |_| true).await.unwrap();
    let gone = reservations::remove(store, address, |_| true).await;
    assert!(matches!(gone, Err(ReservationError::Absent(_))));
}

#[tokio::test]
async fn a_host_gives_a_kept_address_of_anothers_block_to_its_holder_alone() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let owner = place.host("ambre").await;
    let block = place.claim(&owner, &want(28)).await.unwrap();
    let address = block.prefix.nth(5).unwrap();
    let around = reservations::block_around(&place.store, address).await;
    let around = around.unwrap().found.unwrap();
    assert!(!is_held(&around, address));
    let who = place.host("basalte").await;
    let mut agent = Agent::start(place.store.clone(), who).await;
    agent.ledger.set_reserved([address].into());
    let c1 = "shop,c1,eth0".parse().unwrap();
    agent.ledger.grant(&c1, [(address, GrantedPlace::Elsewhere)]);
    assert!(agent.ask("c2", address).is_err(), "it is c1's");
    assert_eq!(agent.ask("c1", address).unwrap(), [address]);
    agent.ledger.revoke(&c1);
    assert!(agent.ledger.by_address(address).is_some());
    agent.release("c1");
    assert!(agent.ledger.by_address(address).is_none());
    assert!(agent.ask("c1", address).is_err(), "revoked");
}
