//! Claims of blocks, and races for them.

use std::collections::BTreeSet;

use tartan_ipam::claimer::{self, ClaimError};
use tartan_ipam::pools::{self, Flow};
use tartan_ipam::{HostRecord, keys, records};
use tartan_model::{Epoch, Prefix};
use tartan_store::{Key, Transaction};

use crate::cast::{Agent, Place, default_pool, want, want_around};

#[tokio::test]
async fn a_claim_is_in_the_store_with_its_owner() {
    let place = Place::with_pool(&["10.77.0.0/16"]).await;
    let who = place.host("ambre").await;
    let claimed = place.claim(&who, &want(28)).await.unwrap();
    assert_eq!(claimed.prefix.length(), 28);
    let own = claimer::own_blocks(&place.store, &who).await.unwrap();
    assert_eq!(own.valid, [claimed]);
    assert!(own.void.is_empty() && own.unreadable.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i_040_of_two_hosts_that_want_the_last_block_one_has_it() {
    for _ in 0..10 {
        let place = Place::with_pool(&["10.77.0.0/28"]).await;
        let mut tries = Vec::new();
        for name in ["ambre", "basalte"] {
            let (who, store) = (place.host(name).await, place.again().await);
            tries.push(tokio::spawn(async move {
                let none = BTreeSet::new();
                claimer::claim(&store, &who, &want(28), &none).await
            }));
        }
        let (mut won, mut lost) = (Vec::new(), Vec::new());
        for attempt in tries {
            match attempt.await.unwrap() {
                Ok(claimed) => won.push(claimed.record.host),
                Err(ClaimError::NoRoom { owners, .. }) => {
                    lost.extend(owners.into_keys());
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(won.len(), 1);
        assert_eq!(won, lost, "the loser is told who has it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i_040_many_hosts_share_a_pool_without_overlap() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let mut hosts = Vec::new();
    for n in 0..6 {
        let who = place.host(&format!("node-{n}")).await;
        let store = place.again().await;
        hosts.push(tokio::spawn(async move {
            let mut own = BTreeSet::new();
            while let Ok(claimed) =
                claimer::claim(&store, &who, &want(28), &own).await
            {
                own.insert(claimed.prefix);
            }
            own
        }));
    }
    let mut all: Vec<Prefix> = Vec::new();
    for host in hosts {
        all.extend(host.await.unwrap());
    }
    all.sort_unstable();
    let apart = all.windows(2).all(|two| !two[0].overlaps(two[1]));
    assert!(apart, "{all:?}");
    let size: u128 = all.iter().filter_map(|block| block.size()).sum();
    assert_eq!(size, 256, "and nothing is left over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i_041_a_host_that_races_with_itself_has_one_block() {
    let place = Place::with_pool(&["10.77.0.0/16"]).await;
    let who = place.host("ambre").await;
    let mut tries = Vec::new();
    for _ in 0..6 {
        let (who, store) = (who.clone(), place.again().await);
        tries.push(tokio::spawn(async move {
            let none = BTreeSet::new();
            claimer::claim(&store, &who, &want(28), &none).await.unwrap()
        }));
    }
    let mut blocks = BTreeSet::new();
    for attempt in tries {
        blocks.insert(attempt.await.unwrap().prefix);
    }
    assert_eq!(blocks.len(), 1);
}

#[tokio::test]
async fn i_072_a_claim_whose_answer_was_lost_is_found_and_no_second_made() {
    let place = Place::with_pool(&["10.77.0.0/16"]).await;
    let who = place.host("ambre").await;
    let lost = place.claim(&who, &want(28)).await.unwrap();
    let found = place.claim(&who, &want(28)).await.unwrap();
    assert_eq!(found, lost);
    let known = [lost.prefix].into();
    let next = claimer::claim(&place.store, &who, &want(27), &known).await;
    assert_ne!(next.unwrap().prefix, lost.prefix);
}

#[tokio::test]
async fn i_015_claims_in_huge_pools_read_little() {
    for cidr in ["10.0.0.0/8", "fd00::/64"] {
        let place = Place::with_pool(&[cidr]).await;
        let who = place.host("ambre").await;
        let mut agent = Agent::start(place.store.clone(), who).await;
        for n in 0..300 {
            agent.add(&format!("c{n}")).await.unwrap();
        }
        agent.publish().await;
        assert_eq!(agent.ledger.held().count(), 300, "{cidr}");
    }
}

#[tokio::test]
async fn a_requested_address_of_anothers_block_names_the_owner() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let ambre = place.host("ambre").await;
    let basalte = place.host("basalte").await;
    let around = want_around("10.77.0.9");
    let block = place.claim(&ambre, &around).await.unwrap().prefix;
    assert!(block.contains("10.77.0.9".parse().unwrap()));
    let error = place.claim(&basalte, &around).await.unwrap_err();
    let ClaimError::Owned { by, .. } = error else { panic!("{error}") };
    assert_eq!(by.as_str(), "ambre");
    place.claim(&basalte, &want_around("10.77.0.99")).await.unwrap();
}

#[tokio::test]
async fn a_claim_of_a_raised_epoch_is_void() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let who = place.host("ambre").await;
    let kept = place.claim(&who, &want(28)).await.unwrap();
    let key = keys::host(&who.host);
    let entry = place.store.get(&key).await.unwrap().unwrap();
    let mut record: HostRecord = records::decode(&entry).unwrap();
    record.epoch = Epoch(2);
    let raised = records::encode(&key, &record).unwrap();
    let change = Transaction::new().put(key, raised);
    place.store.commit(change).await.unwrap();
    let error = place.claim(&who, &want(27)).await.unwrap_err();
    let found = Some(Epoch(2));
    assert!(
        matches!(error, ClaimError::EpochRaised { found: f, .. } if f == found)
    );
    let mut later = who;
    later.epoch = Epoch(2);
    let own = claimer::own_blocks(&place.store, &later).await.unwrap();
    assert_eq!((own.valid, own.void), (vec![], vec![kept]));
}

#[tokio::test]
async fn i_060_no_block_of_a_draining_or_deleted_pool_is_claimed() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let who = place.host("ambre").await;
    pools::set_flow(&place.store, &default_pool(), Flow::Draining)
        .await
        .unwrap();
    let error = place.claim(&who, &want(28)).await.unwrap_err();
    assert!(matches!(error, ClaimError::PoolDraining(_)));
    pools::delete(&place.store, &default_pool()).await.unwrap();
    let error = place.claim(&who, &want(28)).await.unwrap_err();
    assert!(matches!(error, ClaimError::UnknownPool(_)));
}

#[tokio::test]
async fn i_019_a_damaged_block_is_nobodys_and_a_claim_goes_around_it() {
    let place = Place::with_pool(&["10.77.0.0/27"]).await;
    let who = place.host("ambre").await;
    let key = keys::block("10.77.0.0/28".parse().unwrap());
    let damage = Transaction::new().put(key, "");
    place.store.commit(damage).await.unwrap();
    let got = place.claim(&who, &want(28)).await.unwrap();
    assert_eq!(got.prefix, "10.77.0.16/28".parse().unwrap());
    let own = claimer::own_blocks(&place.store, &who).await.unwrap();
    assert_eq!(own.unreadable.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_claim_outlasts_reservations_being_made() {
    let place = Place::with_pool(&["10.77.0.0/16"]).await;
    let who = place.host("ambre").await;
    let store = place.again().await;
    let reserving = tokio::spawn(async move {
        for n in 0..40 {
            let key = Key::new(&["reservations", &format!("10.77.9.{n}")]);
            let change = Transaction::new().put(key, "{\"v\":1}");
            store.commit(change).await.unwrap();
        }
    });
    let mut known = BTreeSet::new();
    for _ in 0..5 {
        let want = want(28);
        match claimer::claim(&place.store, &who, &want, &known).await {
            Ok(claimed) => assert!(known.insert(claimed.prefix)),
            Err(ClaimError::Contended { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    reserving.await.unwrap();
    let last = claimer::claim(&place.store, &who, &want(28), &known).await;
    assert!(!known.contains(&last.unwrap().prefix));
}
