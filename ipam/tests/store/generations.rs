//! A pool that is drained, deleted, enlarged and made anew with blocks of
//! other lengths while hosts that hear of it late give addresses: held against
//! the one thing that matters. No two blocks share an address, and no two
//! containers have one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tartan_ipam::claimer::{self, ClaimError};
use tartan_ipam::pools::{self, Flow};
use tartan_ipam::{AssignError, AssignRequest, keys};
use tartan_model::{Generation, Prefix};

use crate::cast::{Agent, Place, at, default_pool, pool};

/// What happens next; hosts and containers by number.
#[derive(Clone, Debug)]
enum Event {
    Create { block_length: u8, bits: u8 },
    Flow(Flow),
    Enlarge { bits: u8 },
    Delete,
    Hear(usize),
    Add(usize, u8),
    Release(usize, u8),
    Publish(usize),
    GiveBack(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let host = || 0..2usize;
    prop_oneof![
        2 => (24..31u8, 24..29u8).prop_map(|(block_length, bits)| {
            Event::Create { block_length, bits }
        }),
        1 => Just(Event::Flow(Flow::Draining)),
        1 => Just(Event::Flow(Flow::Open)),
        1 => (22..28u8).prop_map(|bits| Event::Enlarge { bits }),
        2 => Just(Event::Delete),
        3 => host().prop_map(Event::Hear),
        6 => (host(), 0..12u8).prop_map(|(h, c)| Event::Add(h, c)),
        4 => (host(), 0..12u8).prop_map(|(h, c)| Event::Release(h, c)),
        3 => host().prop_map(Event::Publish),
        2 => host().prop_map(Event::GiveBack),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn lesson_8_no_generation_of_a_pool_overlaps_another(
        events in prop::collection::vec(event(), 10..60)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all().build().unwrap();
        runtime.block_on(play(&events));
    }
}

async fn play(events: &[Event]) {
    let place = Place::new().await;
    let mut hosts = Vec::new();
    for name in ["ambre", "basalte"] {
        let who = place.host(name).await;
        hosts.push(Agent::start(place.store.clone(), who).await);
    }
    for event in events {
        happen(&place, &mut hosts, event).await;
        blocks_are_apart(&place, event).await;
        nobody_shares(&hosts, event);
    }
}

/// Whatever is refused is refused: what holds afterwards is what counts.
async fn happen(place: &Place, hosts: &mut [Agent], event: &Event) {
    let (store, name) = (&place.store, default_pool());
    let prefix = |bits: &u8| format!("10.77.0.0/{bits}");
    match event {
        Event::Create { block_length, bits } => {
            let mut made = pool("default", &[&prefix(bits)]);
            made.block_length4 = *block_length;
            let _ = pools::create(store, &made).await;
        }
        Event::Flow(flow) => {
            let _ = pools::set_flow(store, &name, *flow).await;
        }
        Event::Enlarge { bits } => {
            let wider = [prefix(bits).parse().unwrap()];
            let _ = pools::enlarge(store, &name, &wider).await;
        }
        Event::Delete => {
            let _ = pools::delete(store, &name).await;
        }
        Event::Hear(host) => {
            let pools = pools::list(store).await.unwrap().pools;
            hosts[*host].ledger.set_pools(pools);
        }
        Event::Add(host, container) => add(&mut hosts[*host], *container).await,
        Event::Release(host, container) => {
            hosts[*host].release(&format!("c{container}"));
        }
        Event::Publish(host) => hosts[*host].publish().await,
        Event::GiveBack(host) => give_back(&mut hosts[*host]).await,
    }
}

async fn add(agent: &mut Agent, container: u8) {
    let mut request = AssignRequest {
        attachment: format!("shop,c{container},eth0").parse().unwrap(),
        generation: Generation(1),
        class: "002a:0007".parse().unwrap(),
        pools: vec![default_pool()],
        requested: Vec::new(),
        ranges: Default::default(),
        netns_cookie: None,
        unclaimable: BTreeSet::new(),
    };
    while let Err(AssignError::NeedsBlock(wants)) =
        agent.ledger.assign(&request, at(0))
    {
        for want in wants {
            let known = agent.ledger.blocks().collect();
            let (store, who) = (&agent.store, &agent.who);
            match claimer::claim(store, who, &want, &known).await {
                Ok(claimed) => {
                    agent.ledger.adopt_block(&claimed, at(0)).unwrap();
                }
                Err(ClaimError::NoRoom { .. }) => {
                    request.unclaimable.insert(want.room());
                }
                // The host has not heard of what became of the pool.
                Err(_) => return,
            }
        }
    }
}

async fn give_back(agent: &mut Agent) {
    agent.publish().await;
    for block in agent.ledger.begin_returns(at(3600)) {
        let (store, prefix) = (&agent.store, block.prefix);
        tartan_ipam::publisher::give_back(store, &block).await.unwrap();
        agent.ledger.drop_block(prefix);
    }
}

async fn blocks_are_apart(place: &Place, event: &Event) {
    let listing = place.store.list(&keys::blocks(), None).await.unwrap();
    let blocks = listing.entries.iter().map(|e| keys::block_of(&e.key));
    let blocks: Vec<Prefix> = blocks.collect::<Option<_>>().unwrap();
    for (at, one) in blocks.iter().enumerate() {
        for other in &blocks[at + 1..] {
            assert!(!one.overlaps(*other), "{event:?}: {one} and {other}");
        }
    }
}

fn nobody_shares(hosts: &[Agent], event: &Event) {
    let mut seen = BTreeMap::new();
    for agent in hosts {
        for held in agent.ledger.held() {
            let who = (&agent.who.host, &held.slot.attachment);
            let before = seen.insert(held.address, who);
            assert!(before.is_none(), "{event:?}: {who:?} and {before:?}");
        }
    }
}
