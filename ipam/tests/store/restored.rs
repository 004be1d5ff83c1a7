//! Claims that a restored store forgot are made again, each once.

use tartan_ipam::reassert::{self, Reasserted, reassert};
use tartan_ipam::{Claimed, keys};
use tartan_model::Epoch;
use tartan_store::Transaction;

use crate::cast::{Place, want, want_around};

/// A host's claim, and a store that knows nothing of it.
async fn forgotten(place: &Place, host: &str) -> Claimed {
    let who = place.host(host).await;
    let claimed = place.claim(&who, &want(28)).await.unwrap();
    let change = Transaction::new().delete(keys::block(claimed.prefix));
    place.store.commit(change).await.unwrap();
    claimed
}

#[tokio::test]
async fn a_forgotten_claim_is_made_again_and_found_again() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let claimed = forgotten(&place, "ambre").await;
    let who = place.host("ambre").await;
    let first = reassert(&place.store, &who, &claimed).await.unwrap();
    let Reasserted::Holds(holds) = &first else { panic!("{first:?}") };
    assert_eq!(holds.record, claimed.record);
    let again = reassert(&place.store, &who, &claimed).await.unwrap();
    assert_eq!(again, first, "a lost answer is found");
}

#[tokio::test]
async fn a_claim_is_made_again_under_the_epoch_that_the_store_knows() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let mut claimed = forgotten(&place, "ambre").await;
    claimed.record.epoch = Epoch(7);
    let who = place.host("ambre").await;
    let said = reassert(&place.store, &who, &claimed).await.unwrap();
    let Reasserted::Holds(holds) = said else { panic!("{said:?}") };
    assert_eq!(holds.record.epoch, who.epoch);
}

#[tokio::test]
async fn a_claim_is_lost_to_who_has_the_block_a_part_or_more_of_it() {
    for length in [26, 28, 30] {
        let place = Place::with_pool(&["10.77.0.0/24"]).await;
        let claimed = forgotten(&place, "ambre").await;
        let other = place.host("basalte").await;
        let first = claimed.prefix.first().to_string();
        let mut wish = want_around(&first);
        wish.length = length;
        place.claim(&other, &wish).await.unwrap();
        let who = place.host("ambre").await;
        let said = reassert(&place.store, &who, &claimed).await.unwrap();
        let by = Some(other.host.clone());
        assert_eq!(said, Reasserted::Lost { by }, "to a /{length}");
    }
}

#[tokio::test]
async fn a_call_is_followed_by_every_host() {
    let place = Place::new().await;
    let (ambre, basalte) =
        (place.host("ambre").await, place.host("basalte").await);
    let store = &place.store;
    assert_eq!(reassert::current_call(store).await.unwrap(), None);
    // Both notice; one call goes out.
    let first = reassert::call(store, None, "c-1").await.unwrap();
    let second = reassert::call(store, None, "c-2").await.unwrap();
    assert_eq!((&*first, &*second), ("c-1", "c-1"));
    for (who, left) in [(&ambre, 1), (&basalte, 0)] {
        reassert::sign(store, &who.host, &first).await.unwrap();
        let missing = reassert::missing(store, &first).await.unwrap();
        assert_eq!(missing.len(), left);
    }
    // Restored once more, from a copy that has the old call and signatures.
    let next = reassert::call(store, Some("c-1"), "c-3").await.unwrap();
    assert_eq!(next, "c-3");
    let missing = reassert::missing(store, &next).await.unwrap();
    assert_eq!(missing.len(), 2, "what was signed before does not count");
}
