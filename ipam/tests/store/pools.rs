//! Pools in the store.

use tartan_ipam::pool_rules::PoolError;
use tartan_ipam::pools::{self, ChangePoolError, Flow};
use tartan_ipam::{claimer, keys};
use tartan_store::Transaction;

use crate::cast::{Agent, Place, default_pool, pool, want};

#[tokio::test]
async fn a_pool_is_made_listed_drained_and_deleted() {
    let place = Place::new().await;
    let store = &place.store;
    let made = pool("default", &["10.77.0.0/16", "fd00:77::/64"]);
    pools::create(store, &made).await.unwrap();
    assert_eq!(pools::list(store).await.unwrap().pools[0], made);
    for flow in [Flow::Draining, Flow::Draining, Flow::Open, Flow::Draining] {
        pools::set_flow(store, &made.name, flow).await.unwrap();
        let found = pools::list(store).await.unwrap().pools.remove(0);
        assert_eq!(found.draining, flow == Flow::Draining);
    }
    pools::delete(store, &made.name).await.unwrap();
    assert!(pools::list(store).await.unwrap().pools.is_empty());
    for error in [
        pools::delete(store, &made.name).await.unwrap_err(),
        pools::set_flow(store, &made.name, Flow::Open).await.unwrap_err(),
    ] {
        assert!(matches!(error, ChangePoolError::Unknown(_)));
    }
}

#[tokio::test]
async fn i_011_a_pool_that_overlaps_or_exists_is_refused() {
    let place = Place::with_pool(&["10.77.0.0/16"]).await;
    let same = pool("default", &["10.99.0.0/16"]);
    let error = pools::create(&place.store, &same).await.unwrap_err();
    assert!(matches!(error, ChangePoolError::Exists(_)));
    let part = pool("part", &["10.77.3.0/24"]);
    let error = pools::create(&place.store, &part).await.unwrap_err();
    let ChangePoolError::Refused { source, .. } = error else {
        panic!("{error}");
    };
    assert!(matches!(source, PoolError::Overlaps { .. }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_overlapping_pools_made_at_once_one_is_made() {
    let place = Place::new().await;
    let mut tries = Vec::new();
    for n in 0..8 {
        let store = place.again().await;
        tries.push(tokio::spawn(async move {
            let length = 16 + n;
            let cidr = format!("10.77.0.0/{length}");
            let pool = pool(&format!("pool-{n}"), &[&cidr]);
            pools::create(&store, &pool).await.is_ok()
        }));
    }
    let mut made = 0;
    for attempt in tries {
        made += usize::from(attempt.await.unwrap());
    }
    assert_eq!(made, 1);
    assert_eq!(pools::list(&place.store).await.unwrap().pools.len(), 1);
}

#[tokio::test]
async fn i_037_a_pool_in_use_is_not_deleted_and_a_free_one_is() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let who = place.host("ambre").await;
    let mut agent = Agent::start(place.store.clone(), who).await;
    agent.add("c1").await.unwrap();
    agent.publish().await;
    let error = pools::delete(&place.store, &default_pool()).await;
    let error = error.unwrap_err();
    assert!(error.to_string().contains("ambre"), "{error}");
    assert!(error.to_string().contains("shop,c1,eth0"), "{error}");
    assert!(matches!(error, ChangePoolError::InUse { .. }));
    agent.release("c1");
    agent.publish().await;
    pools::delete(&place.store, &default_pool()).await.unwrap();
    let own = claimer::own_blocks(&place.store, &agent.who).await.unwrap();
    assert_eq!(own.valid.len(), 1, "the block is still its owner's");
}

#[tokio::test]
async fn a_pool_inside_a_block_that_is_not_given_back_is_refused() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let who = place.host("ambre").await;
    let block = place.claim(&who, &want(26)).await.unwrap().prefix;
    pools::delete(&place.store, &default_pool()).await.unwrap();
    let [inside, _] = block.halves().unwrap();
    let small = pool("small", &[&inside.to_string()]);
    let error = pools::create(&place.store, &small).await.unwrap_err();
    assert!(matches!(error, ChangePoolError::Refused { .. }));
    let whole = pool("whole", &["10.77.0.0/24"]);
    pools::create(&place.store, &whole).await.unwrap();
}

#[tokio::test]
async fn i_019_a_damaged_pool_is_reported_and_the_others_are_read() {
    let place = Place::with_pool(&["10.77.0.0/16"]).await;
    let key = keys::pool(&"broken".parse().unwrap());
    let damage = Transaction::new().put(key, "{\"v\":1,");
    place.store.commit(damage).await.unwrap();
    let found = pools::list(&place.store).await.unwrap();
    assert_eq!((found.pools.len(), found.unreadable.len()), (1, 1));
    let other = pool("other", &["10.78.0.0/16"]);
    let error = pools::create(&place.store, &other).await.unwrap_err();
    assert!(matches!(error, ChangePoolError::Record { .. }));
}

#[tokio::test]
async fn a_pool_is_enlarged_and_its_claims_stay_valid() {
    let place = Place::with_pool(&["10.77.4.0/28"]).await;
    let who = place.host("ambre").await;
    let mut agent = Agent::start(place.store.clone(), who).await;
    for name in ["c1", "c2"] {
        agent.add(name).await.unwrap();
    }
    agent.publish().await;
    let wider = ["10.77.4.0/24".parse().unwrap()];
    pools::enlarge(&place.store, &default_pool(), &wider).await.unwrap();
    let found = pools::list(&place.store).await.unwrap().pools.remove(0);
    assert_eq!(found.cidrs, wider);
    assert_eq!(found.block_length4, pool("p", &[]).block_length4);
    agent.ledger.set_pools(vec![found]);
    for n in 0..40 {
        agent.add(&format!("d{n}")).await.unwrap();
    }
    agent.publish().await;
    let held = pools::holders(&place.store, &default_pool()).await.unwrap();
    assert_eq!(held.0.len(), 42, "{held}");
    let again = pools::enlarge(&place.store, &default_pool(), &wider).await;
    again.unwrap();
}

#[tokio::test]
async fn a_pool_neither_shrinks_nor_moves_nor_grows_over_another() {
    let place = Place::with_pool(&["10.77.4.0/24"]).await;
    let other = pool("other", &["10.77.6.0/24"]);
    pools::create(&place.store, &other).await.unwrap();
    for (cidr, says) in [
        ("10.77.4.0/25", "does not shrink"),
        ("10.78.0.0/16", "does not contain 10.77.4.0/24"),
        ("10.77.0.0/16", "overlaps 10.77.6.0/24 of pool other"),
        ("fd00::/64", "no IPv6 prefix"),
        ("0.0.0.0/0", "this network"),
    ] {
        let wider = [cidr.parse().unwrap()];
        let error = pools::enlarge(&place.store, &default_pool(), &wider).await;
        let ChangePoolError::Refused { source, .. } = error.unwrap_err() else {
            panic!("{cidr} was not refused");
        };
        assert!(source.to_string().contains(says), "{cidr}: {source}");
    }
}

#[tokio::test]
async fn lesson_8_another_block_length_waits_until_the_old_blocks_are_empty() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let who = place.host("ambre").await;
    let mut agent = Agent::start(place.store.clone(), who).await;
    agent.add("c1").await.unwrap();
    agent.publish().await;
    // What an ADD gave while the pool was being deleted, its owner says late.
    let gone = Transaction::new().delete(keys::pool(&default_pool()));
    place.store.commit(gone).await.unwrap();
    let mut small = pool("default", &["10.77.0.0/24"]);
    small.block_length4 = 30;
    let error = pools::create(&place.store, &small).await.unwrap_err();
    assert!(matches!(error, ChangePoolError::EarlierInUse { .. }));
    let said = error.to_string();
    assert!(said.contains("shop,c1,eth0 on ambre"), "{said}");
    agent.release("c1");
    agent.publish().await;
    pools::create(&place.store, &small).await.unwrap();
}
