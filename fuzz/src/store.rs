//! Values of the store, whoever wrote them: settings, pools, teams, apps,
//! reservations, hosts and blocks. An input is lines: a key, its value, the
//! next key; a key that begins with `-` is deleted and has no value.
//!
//! The registry forgets what is deleted; a ledger that adopted the blocks
//! gives addresses of its pools alone, each once, none that is reserved.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use tartan_agent::fuzzing::Registry;
use tartan_ipam::records::{self, decode_block};
use tartan_ipam::{
    AssignRequest, BootTime, Claimed, HostRecord, Ledger, check,
};
use tartan_model::{Attachment, BootId, ClassId, Generation, Prefix};
use tartan_store::{Entry, Event, Key, Revision};

use crate::promise;

pub(crate) fn run(bytes: &[u8]) {
    let Some(events) = events(bytes) else { return };
    let mut registry = Registry::default();
    let damaged = registry.apply(&events);
    assert!(damaged <= events.len());
    is_sound(&registry);
    let entries: Vec<Entry> = events.iter().filter_map(entry).collect();
    for entry in &entries {
        if let Ok(host) = records::decode::<HostRecord>(entry) {
            promise::reads_back(&host);
        }
    }
    gives(&registry, entries.iter().filter_map(|e| decode_block(e).ok()));
    forgets(&mut registry, &events);
}

fn entry(event: &Event) -> Option<Entry> {
    match event {
        Event::Put(entry) => Some(entry.clone()),
        Event::Deleted { .. } => None,
    }
}

fn events(bytes: &[u8]) -> Option<Vec<Event>> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut events = Vec::new();
    while let Some(line) = lines.next() {
        let revision = Revision(events.len() as u64 + 1);
        let line = std::str::from_utf8(line).ok()?;
        if let Some(key) = line.strip_prefix('-') {
            let key = Key::parse(key).ok()?;
            events.push(Event::Deleted { key, revision });
            continue;
        }
        let Ok(key) = Key::parse(line) else { continue };
        let value = lines.next().unwrap_or_default().to_vec();
        let (created, modified) = (revision, revision);
        let lease = None;
        events.push(Event::Put(Entry { key, value, created, modified, lease }));
    }
    Some(events)
}

fn is_sound(registry: &Registry) {
    for pool in registry.pools() {
        promise::is_component(pool.name.as_str());
        promise::reads_back(&pool);
    }
    for team in registry.teams() {
        promise::reads_back(&team);
        let name = tartan_model::ClassName { team: team.name, app: None };
        let found = registry.class_of(&name);
        assert!(found.is_some_and(|(class, _)| class.team() == team.number));
    }
    registry.apps().iter().for_each(|app| drop(promise::reads_back(app)));
    promise::reads_back(registry.settings());
}

/// Whatever the entries were, with all keys gone nothing is left.
fn forgets(registry: &mut Registry, events: &[Event]) {
    let gone: Vec<Event> = events
        .iter()
        .map(|event| Event::Deleted {
            key: event.key().clone(),
            revision: Revision(u64::MAX),
        })
        .collect();
    assert_eq!(registry.apply(&gone), 0);
    assert_eq!(registry.pools(), []);
    assert_eq!(registry.teams(), []);
    assert_eq!(registry.apps(), []);
    assert_eq!(registry.reserved(), [] as [IpAddr; 0]);
}

const HOUR: BootTime = BootTime::START;

fn gives(registry: &Registry, blocks: impl Iterator<Item = Claimed>) {
    let blocks: Vec<Claimed> = blocks.collect();
    let Some(first) = blocks.first() else { return };
    let (host, boot) = (first.record.host.clone(), BootId::new("boot"));
    let now = HOUR.after(Duration::from_secs(3600));
    let mut ledger = Ledger::new(host, boot);
    ledger.set_pools(registry.pools());
    ledger.set_reserved(registry.reserved().into_iter().collect());
    for block in &blocks {
        let _ = ledger.adopt_block(block, now);
    }
    let own: Vec<Prefix> = ledger.blocks().collect();
    let before = holders(&ledger);
    for number in 0..3 {
        let class = blocks.iter().map(|b| b.record.affinity);
        for class in class.map(class_of).chain([ClassId::UNCLASSIFIED]) {
            give_one(registry, &mut ledger, (number, class), now);
        }
    }
    for (address, holder) in before {
        let now = ledger.by_address(address);
        let now = now.map(|held| held.slot.attachment.clone());
        assert_eq!(now, Some(holder), "{address} was taken from its holder");
    }
    is_publishable(&ledger, &own);
    let leaks = check::check(ledger.held(), &BTreeMap::new(), now);
    assert!(leaks.len() <= ledger.held().count());
}

fn class_of(affinity: tartan_model::Affinity) -> ClassId {
    match affinity {
        tartan_model::Affinity::Team(class) => class,
        tartan_model::Affinity::Any => ClassId::UNCLASSIFIED,
    }
}

fn holders(ledger: &Ledger) -> BTreeMap<IpAddr, Attachment> {
    let held = ledger.held();
    held.map(|held| (held.address, held.slot.attachment.clone())).collect()
}

fn give_one(
    registry: &Registry,
    ledger: &mut Ledger,
    (number, class): (usize, ClassId),
    now: BootTime,
) {
    let pools = registry.pools();
    let text = format!("net,fuzz{number}-{:x},eth0", class.bits());
    let Ok(attachment) = text.parse::<Attachment>() else { return };
    let request = AssignRequest {
        attachment: attachment.clone(),
        generation: Generation(7),
        class,
        pools: pools.iter().map(|pool| pool.name.clone()).collect(),
        requested: Vec::new(),
        ranges: Default::default(),
        netns_cookie: None,
        unclaimable: BTreeSet::new(),
    };
    let held = holders(ledger);
    let Ok(given) = ledger.assign(&request, now) else { return };
    promise::are_one_per_family(&given.addresses);
    let reserved = registry.reserved();
    for address in &given.addresses {
        let of_pool = |p: &&tartan_model::Pool| {
            p.cidrs.iter().any(|cidr| cidr.contains(*address))
        };
        assert!(pools.iter().any(|p| of_pool(&p)), "{address} is of no pool");
        assert!(!reserved.contains(address), "{address} is reserved");
        let holder = held.get(address);
        assert!(holder.is_none_or(|h| *h == attachment), "{address} was held");
    }
}

/// What would be written to the store reads back, and has no slot beyond the
/// block's end.
fn is_publishable(ledger: &Ledger, own: &[Prefix]) {
    for block in ledger.dirty() {
        assert!(own.contains(&block.prefix), "{} is not ours", block.prefix);
        promise::reads_back(&block.record);
        for offset in block.record.slots.keys() {
            let inside = block.prefix.nth(u128::from(*offset)).is_some();
            assert!(inside, "slot {offset} of {}", block.prefix);
        }
    }
}
