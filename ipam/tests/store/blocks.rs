//! Blocks are published, lost, given back; agents start again.

use tartan_ipam::publisher::{self, GiveBackError, PublishError};
use tartan_ipam::{Returning, claimer, keys};
use tartan_model::SlotState;
use tartan_store::Transaction;

use crate::cast::{Agent, Place, at, default_pool, pool};

/// A host with one container, published.
async fn one_container(place: &Place) -> Agent {
    let who = place.host("ambre").await;
    let mut agent = Agent::start(place.store.clone(), who).await;
    agent.add("c1").await.unwrap();
    agent.publish().await;
    agent
}

#[tokio::test]
async fn what_is_published_is_what_another_agent_finds() {
    let place = Place::with_pool(&["10.77.0.0/24", "fd00::/64"]).await;
    let mut agent = one_container(&place).await;
    agent.add("c2").await.unwrap();
    agent.release("c1");
    agent.publish().await;
    assert!(agent.ledger.dirty().is_empty());
    let again = Agent::start(place.again().await, agent.who.clone()).await;
    let held = |agent: &Agent| -> Vec<_> {
        let held = agent.ledger.held();
        held.map(|held| (held.address, held.slot.clone())).collect()
    };
    assert_eq!(held(&again), held(&agent));
    assert_eq!(again.ledger.resting().count(), 2);
    assert!(again.ledger.dirty().is_empty(), "i_082");
}

#[tokio::test]
async fn a_publish_whose_answer_was_lost_is_found_done() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let mut agent = one_container(&place).await;
    agent.add("c2").await.unwrap();
    let block = agent.ledger.dirty().remove(0);
    let done = publisher::publish(&place.store, &block).await.unwrap();
    let again = publisher::publish(&place.store, &block).await.unwrap();
    assert_eq!(again, done, "nothing was written twice");
    agent.add("c3").await.unwrap();
    let newer = agent.ledger.dirty().remove(0);
    assert_eq!(newer.modified, block.modified, "the answer never came");
    let later = publisher::publish(&place.store, &newer).await.unwrap();
    assert!(later > done);
}

#[tokio::test]
async fn a_block_that_is_gone_or_anothers_is_a_lost_claim() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let mut agent = one_container(&place).await;
    agent.add("c2").await.unwrap();
    let block = agent.ledger.dirty().remove(0);
    let key = keys::block(block.prefix);
    let mut theirs = block.record.clone();
    theirs.host = "basalte".parse().unwrap();
    let stolen = tartan_ipam::records::encode(&key, &theirs).unwrap();
    let change = Transaction::new().put(key.clone(), stolen);
    place.store.commit(change).await.unwrap();
    let error = publisher::publish(&place.store, &block).await.unwrap_err();
    assert!(error.to_string().contains("to host basalte"), "{error}");
    let change = Transaction::new().delete(key);
    place.store.commit(change).await.unwrap();
    let error = publisher::publish(&place.store, &block).await.unwrap_err();
    assert!(matches!(error, PublishError::ClaimLost { by: None, .. }));
}

#[tokio::test]
async fn a_deleted_pools_blocks_are_given_back_by_their_owner() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let mut agent = one_container(&place).await;
    agent.release("c1");
    agent.publish().await;
    tartan_ipam::pools::delete(&place.store, &default_pool()).await.unwrap();
    agent.ledger.set_pools(Vec::new());
    for block in agent.ledger.begin_returns(at(30)) {
        publisher::give_back(&place.store, &block).await.unwrap();
        publisher::give_back(&place.store, &block).await.unwrap();
        agent.ledger.drop_block(block.prefix);
    }
    let own = claimer::own_blocks(&place.store, &agent.who).await.unwrap();
    assert!(own.valid.is_empty());
    let small = pool("small", &["10.77.0.0/30"]);
    tartan_ipam::pools::create(&place.store, &small).await.unwrap();
}

#[tokio::test]
async fn i_043_a_block_is_not_deleted_where_something_was_written_since() {
    let place = Place::with_pool(&["10.77.0.0/24"]).await;
    let mut agent = one_container(&place).await;
    let block = claimer::own_blocks(&place.store, &agent.who).await.unwrap();
    let block = &block.valid[0];
    let (prefix, modified) = (block.prefix, block.revision);
    agent.add("c2").await.unwrap();
    agent.publish().await;
    let stale = Returning { prefix, modified, is_doubtful: false };
    let error = publisher::give_back(&place.store, &stale).await;
    assert!(matches!(error, Err(GiveBackError::Changed { .. })));
    let own = claimer::own_blocks(&place.store, &agent.who).await.unwrap();
    assert_eq!(own.valid[0].record.slots.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn i_071_hosts_that_add_and_delete_at_once_never_share_an_address() {
    let place = Place::with_pool(&["10.77.0.0/25", "fd00::/121"]).await;
    let mut hosts = Vec::new();
    for n in 0..4 {
        let who = place.host(&format!("node-{n}")).await;
        let store = place.again().await;
        hosts.push(tokio::spawn(async move {
            let mut agent = Agent::start(store, who).await;
            for round in 0..30 {
                // A full pool is no failure here.
                agent.add(&format!("c{round}")).await.ok();
                if round % 3 == 0 {
                    agent.release(&format!("c{}", round / 2));
                }
                agent.publish().await;
            }
            agent
        }));
    }
    let mut all = std::collections::BTreeMap::new();
    for host in hosts {
        let agent = host.await.unwrap();
        for held in agent.ledger.held() {
            let who = (agent.who.host.clone(), held.slot.attachment.clone());
            let other = all.insert(held.address, who);
            assert_eq!(other, None, "{} is given twice", held.address);
        }
    }
    let stored = stored_addresses(&place).await;
    assert_eq!(stored, all.len(), "what is held is in the store");
}

async fn stored_addresses(place: &Place) -> usize {
    let listing = place.store.list(&keys::blocks(), None).await.unwrap();
    let blocks = listing
        .entries
        .iter()
        .map(|entry| tartan_ipam::records::decode_block(entry).unwrap().record);
    let is_held = |state| !matches!(state, SlotState::Resting { .. });
    blocks
        .flat_map(|record| record.slots.into_values())
        .filter(|slot| is_held(slot.state))
        .count()
}
