//! The people's API: bodies of questions and answers, names in paths, and
//! pools as people ask for them.

use std::collections::BTreeSet;

use tartan_agent_api::people::{
    Failure, classes, endpoints, gc, ips, path, pools, settings, status,
};
use tartan_ipam::{Want, claim, pool_rules};
use tartan_model::pool::PoolAffinity;
use tartan_model::{ClassId, Family, Pool};

use crate::promise::{self, json};

pub(crate) fn run(bytes: &[u8]) {
    json::<classes::NewTeam>(bytes);
    json::<classes::NewApp>(bytes);
    json::<ips::Reserve>(bytes);
    json::<ips::Check>(bytes);
    json::<settings::NewValue>(bytes);
    json::<gc::Collect>(bytes);
    if let Some(new) = json::<pools::NewPool>(bytes) {
        can_be_cut(&pool(new));
    }
    answers(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        is_one_component(text);
    }
}

/// What the command reads.
fn answers(bytes: &[u8]) {
    json::<Failure>(bytes);
    json::<status::Status>(bytes);
    json::<Vec<pools::PoolView>>(bytes);
    json::<ips::IpView>(bytes);
    json::<ips::CheckReport>(bytes);
    json::<classes::TeamView>(bytes);
    json::<endpoints::EndpointDetail>(bytes);
    json::<gc::GcReport>(bytes);
}

fn pool(new: pools::NewPool) -> Pool {
    promise::is_component(new.name.as_str());
    Pool {
        v: Pool::VERSION,
        name: new.name,
        cidrs: new.cidrs,
        block_length4: new.block_length4.unwrap_or(Pool::BLOCK_LENGTH_4),
        block_length6: new.block_length6.unwrap_or(Pool::BLOCK_LENGTH_6),
        affinity: new.affinity,
        nat_outgoing: false,
        draining: false,
    }
}

/// Of a pool that the rules allow, a host finds a piece, within it.
fn can_be_cut(pool: &Pool) {
    if pool_rules::check(pool).is_err() {
        return;
    }
    promise::are_one_per_family(
        &pool.cidrs.iter().map(|cidr| cidr.first()).collect::<Vec<_>>(),
    );
    for family in Family::ALL {
        let Some(cidr) = pool.cidr(family) else { continue };
        let want = Want {
            pool: pool.name.clone(),
            family,
            length: pool.first_length(family),
            affinity: PoolAffinity::Host.of(ClassId::from_bits(0)),
            within: None,
        };
        let seed = 0x5eed;
        let windows = claim::windows(pool, &want, seed);
        let none = BTreeSet::new();
        let found = windows
            .into_iter()
            .find_map(|w| claim::candidate(pool, &want, w, &none, seed));
        assert!(found.is_some_and(|block| cidr.covers(block)), "{pool:?}");
    }
}

/// A name in a path stays one component, and is what it was.
fn is_one_component(name: &str) {
    let item = path::item(path::POOLS, &[name]);
    let behind = item.strip_prefix(path::POOLS).unwrap_or_default();
    let escaped = behind.strip_prefix('/').unwrap_or("/");
    assert!(!escaped.contains(['/', '?', '#', ' ']), "{escaped}");
    assert_eq!(unescaped(escaped), name.as_bytes(), "{escaped}");
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let hex = rest.get(1..3).filter(|_| first == b'%');
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = rest.get(hex.map_or(1, |_| 3)..).unwrap_or_default();
    }
    bytes
}
