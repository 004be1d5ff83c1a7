//! How full a pool is, told to whoever got nothing from it and to whoever
//! looks at it. Acts by asking the ledger; stores nothing.

use std::fmt;

use tartan_agent_api::people::pools::{Share, WholeUse};
use tartan_ipam::{AssignError, Census, Claimed};
use tartan_model::{Family, PoolName, Prefix};

use crate::addresses::AddressError;
use crate::clock::boot_time;
use crate::host::Host;

/// Classes and networks that are named; the others are in the sum alone.
const MOST_NAMED: usize = 3;

/// The pools that had nothing to give.
#[derive(Debug)]
pub(crate) struct Fullness(Vec<Full>);

#[derive(Debug)]
struct Full {
    pool: PoolName,
    cidr: Option<Prefix>,
    whole: WholeUse,
}

impl Fullness {
    /// A pool to enlarge, and the prefix that it has.
    pub(crate) fn first(&self) -> Option<(&PoolName, Prefix)> {
        let full = self.0.first()?;
        Some((&full.pool, full.cidr?))
    }
}

impl fmt::Display for Fullness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, full) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { "; " };
            write!(f, "{between}{full}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WholeUse { size, used, resting, reserved, free, .. } = self.whole;
        write!(f, "pool {}", self.pool)?;
        if let Some(cidr) = self.cidr {
            write!(f, " ({cidr})")?;
        }
        write!(
            f,
            ": {used} of {size} addresses in use here, {resting} resting, \
             {reserved} reserved"
        )?;
        if free > 0 {
            write!(f, ", {free} in blocks of other hosts or teams")?;
        }
        named(f, "most by class", &self.whole.classes)?;
        named(f, "by network", &self.whole.networks)?;
        let ends = self.whole.oldest.as_ref().zip(self.whole.newest.as_ref());
        match ends {
            Some((oldest, newest)) => {
                write!(f, "; oldest {oldest}, newest {newest}")
            }
            None => Ok(()),
        }
    }
}

fn named(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    shares: &[Share],
) -> fmt::Result {
    for (at, share) in shares.iter().take(MOST_NAMED).enumerate() {
        let between = if at == 0 { format!("; {what} ") } else { ", ".into() };
        write!(f, "{between}{} ({})", share.name, share.addresses)?;
    }
    Ok(())
}

/// Adds to an error that no address is left who has them all.
pub(crate) fn explained(host: &Host, error: AddressError) -> AddressError {
    let AddressError::Assign(why) = error else { return error };
    let AssignError::Exhausted { pools, family, .. } = &why else {
        return AddressError::Assign(why);
    };
    let registry = host.registry.snapshot();
    let full = pools.0.iter().filter_map(|pool| {
        let whole = whole(host, pool, *family, &[])?;
        let known = registry.pools.get(pool);
        let cidr = known.and_then(|known| known.cidr(*family));
        Some(Full { pool: pool.clone(), cidr, whole })
    });
    let figures = Fullness(full.collect());
    AddressError::Exhausted { why, figures }
}

/// What of a pool is used, by this host and in blocks of others.
pub(crate) fn whole(
    host: &Host,
    pool: &PoolName,
    family: Family,
    elsewhere: &[Claimed],
) -> Option<WholeUse> {
    let census =
        host.addresses.look(|ledger| ledger.census(pool, family, boot_time()));
    let mut census = census?;
    census.add_elsewhere(elsewhere);
    Some(shown(host, &census))
}

fn shown(host: &Host, census: &Census) -> WholeUse {
    let registry = host.registry.snapshot();
    let number = |count: u128| u64::try_from(count).unwrap_or(u64::MAX);
    let share = |name: String, addresses| Share { name, addresses };
    let classes = census.classes().into_iter();
    let networks = census.networks().into_iter();
    WholeUse {
        size: number(census.size),
        used: number(census.used),
        resting: number(census.resting),
        reserved: number(census.reserved),
        free: number(census.free()),
        classes: classes.map(|(c, n)| share(registry.label(c), n)).collect(),
        networks: networks.map(|(w, n)| share(w.to_string(), n)).collect(),
        oldest: census.oldest().cloned(),
        newest: census.newest().cloned(),
    }
}
