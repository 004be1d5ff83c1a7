//! A declared pool, held against the pools and blocks that there are: what a
//! command would refuse is refused before anything is done. Pure.

use std::collections::BTreeSet;

use tartan_agent_api::people::declared::DeclaredPool;
use tartan_ipam::pool_rules::{
    PoolError, check, check_apart, check_blocks, could_be_of, enlarged,
};
use tartan_model::{Family, Pool, Prefix, SlotState};

use super::{Judged, Known, changed, new, refused};

/// What would become of a pool.
pub(super) fn judge(known: &Known, wanted: &DeclaredPool) -> Judged {
    let pool = stored(wanted);
    if let Err(error) = check(&pool) {
        return refused(&error.to_string());
    }
    match known.pools.iter().find(|it| it.name == wanted.name) {
        Some(now) => judge_change(known, now, &pool),
        None => judge_new(known, &pool),
    }
}

fn judge_new(known: &Known, pool: &Pool) -> Judged {
    if let Err(error) = check_place(known, pool) {
        return refused(&error.to_string());
    }
    let is_foreign = |block: &&tartan_ipam::Claimed| {
        let mut cidrs = pool.cidrs.iter();
        let mut slots = block.record.slots.values();
        cidrs.any(|cidr| cidr.overlaps(block.prefix))
            && !could_be_of(pool, block)
            && slots.any(|it| !matches!(it.state, SlotState::Resting { .. }))
    };
    match known.blocks.iter().find(is_foreign) {
        Some(block) => refused(&format!(
            "containers have addresses of block {} of pool {}",
            block.prefix, block.record.pool
        )),
        None => new(),
    }
}

fn judge_change(known: &Known, now: &Pool, pool: &Pool) -> Judged {
    let (before, after) = (declared(now), declared(pool));
    let fixed = fixed(&before, &after);
    if !fixed.is_empty() {
        let fixed = fixed.join(", ");
        return refused(&format!(
            "a pool keeps what it was made with: {fixed}"
        ));
    }
    if families(now) != families(pool) {
        return refused(&format!(
            "it has prefixes of {} and cannot come to have those of {}: make \
             another pool for the other family",
            families(now).join(" and "),
            families(pool).join(" and ")
        ));
    }
    let mut why = Vec::new();
    if before.cidrs != after.cidrs {
        let place = enlarged(now, &pool.cidrs);
        if let Err(error) = place.and_then(|it| check_place(known, &it)) {
            return refused(&error.to_string());
        }
        why.push(format!(
            "cidrs: {:?} becomes {:?}",
            before.cidrs, after.cidrs
        ));
    }
    if before.draining != after.draining {
        why.push(format!("draining becomes {}", after.draining));
    }
    changed(why)
}

/// What differs and cannot be changed.
fn fixed(before: &DeclaredPool, after: &DeclaredPool) -> Vec<&'static str> {
    let mut fixed = Vec::new();
    if before.affinity != after.affinity {
        fixed.push("affinity");
    }
    if before.nat_outgoing != after.nat_outgoing {
        fixed.push("nat_outgoing");
    }
    // Of a family that only one of them has, families are spoken of instead.
    let differ = |before: Option<u8>, after: Option<u8>| {
        before.zip(after).is_some_and(|(before, after)| before != after)
    };
    if differ(before.block_length4, after.block_length4)
        || differ(before.block_length6, after.block_length6)
    {
        fixed.push("block_length");
    }
    fixed
}

fn families(pool: &Pool) -> Vec<String> {
    let all: BTreeSet<_> = pool.cidrs.iter().map(|it| it.family()).collect();
    all.iter().map(Family::to_string).collect()
}

fn check_place(known: &Known, pool: &Pool) -> Result<(), PoolError> {
    let others = known.pools.iter().filter(|it| it.name != pool.name);
    let others: Vec<Pool> = others.cloned().collect();
    let blocks = known.blocks.iter().map(|it| -> Prefix { it.prefix });
    check_apart(pool, &others)?;
    check_blocks(pool, blocks)
}

/// A pool as it would be stored.
pub(crate) fn stored(wanted: &DeclaredPool) -> Pool {
    Pool {
        v: Pool::VERSION,
        name: wanted.name.clone(),
        cidrs: wanted.cidrs.clone(),
        block_length4: wanted.block_length4.unwrap_or(Pool::BLOCK_LENGTH_4),
        block_length6: wanted.block_length6.unwrap_or(Pool::BLOCK_LENGTH_6),
        affinity: wanted.affinity,
        nat_outgoing: wanted.nat_outgoing,
        draining: wanted.draining,
    }
}

/// A pool as it is declared. A length for a family that it has not is none.
pub(super) fn declared(pool: &Pool) -> DeclaredPool {
    let mut cidrs = pool.cidrs.clone();
    cidrs.sort_unstable();
    let length = |family| {
        let length = match family {
            Family::V4 => pool.block_length4,
            Family::V6 => pool.block_length6,
        };
        pool.cidr(family).map(|_| length)
    };
    DeclaredPool {
        name: pool.name.clone(),
        cidrs,
        block_length4: length(Family::V4),
        block_length6: length(Family::V6),
        affinity: pool.affinity,
        nat_outgoing: pool.nat_outgoing,
        draining: pool.draining,
    }
}
