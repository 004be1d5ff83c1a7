//! What the ledger decides, behaviour by behaviour, and a model of it all.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use tartan_model::{
    Affinity, Attachment, BlockRecord, BootId, ClassId, Epoch, Family,
    Generation, Pool, PoolName, Prefix, Ranges, SlotState,
};
use tartan_store::Revision;

use super::*;
use crate::claim;
use crate::request::{AssignRequest, Assigned, Freshness, Living, Stage, Want};
use crate::{AssignError, Exclusion, Proof};

mod adopting;
mod blocks;
mod census;
mod giving;
mod model;
mod publishing;
mod ranges;
mod releasing;
mod requesting;
mod resting;

const REST: Duration = Ledger::DEFAULT_REST;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn at(seconds: u64) -> BootTime {
    BootTime::new(Duration::from_secs(seconds))
}

fn who(container: &str) -> Attachment {
    format!("shop,{container},eth0").parse().unwrap()
}

fn class(text: &str) -> ClassId {
    text.parse().unwrap()
}

/// The class of most containers here.
fn api() -> ClassId {
    class("002a:0007")
}

fn pool_name(text: &str) -> PoolName {
    text.parse().unwrap()
}

fn pool(name: &str, cidrs: &[&str]) -> Pool {
    Pool {
        v: Pool::VERSION,
        name: pool_name(name),
        cidrs: cidrs.iter().map(|cidr| prefix(cidr)).collect(),
        block_length4: Pool::BLOCK_LENGTH_4,
        block_length6: Pool::BLOCK_LENGTH_6,
        affinity: Default::default(),
        nat_outgoing: false,
        draining: false,
    }
}

fn request(container: &str) -> AssignRequest {
    AssignRequest {
        attachment: who(container),
        generation: Generation(1),
        class: api(),
        pools: vec![pool_name("default")],
        requested: Vec::new(),
        ranges: Default::default(),
        netns_cookie: None,
        unclaimable: BTreeSet::new(),
    }
}

/// A store of one host: claims what the ledger wants, where there is room.
struct Host {
    ledger: Ledger,
    taken: BTreeSet<BlockKey>,
    pools: Vec<Pool>,
    revision: u64,
}

use tartan_model::BlockKey;

impl Host {
    fn new(pools: Vec<Pool>) -> Self {
        let boot = BootId::new("b-1");
        let mut ledger = Ledger::new("node-1".parse().unwrap(), boot);
        ledger.set_pools(pools.clone());
        Self { ledger, taken: BTreeSet::new(), pools, revision: 1 }
    }

    /// A host with one pool of one prefix.
    fn with(cidr: &str) -> Self {
        Self::new(vec![pool("default", &[cidr])])
    }

    fn record(&self, want: &Want) -> BlockRecord {
        BlockRecord {
            v: BlockRecord::VERSION,
            pool: want.pool.clone(),
            host: self.ledger.host.clone(),
            epoch: Epoch(1),
            boot: self.ledger.boot.clone(),
            affinity: want.affinity,
            slots: BTreeMap::new(),
        }
    }

    /// Claims a block as the store would let it.
    fn claim(&mut self, want: &Want, now: BootTime) -> Option<Prefix> {
        let pool = self.pools.iter().find(|pool| pool.name == want.pool)?;
        let windows = claim::windows(pool, want, 0);
        let window = *windows.last()?;
        let found = claim::candidate(pool, want, window, &self.taken, 0)?;
        self.taken.insert(BlockKey(found));
        self.revision += 1;
        let claimed = Claimed {
            prefix: found,
            record: self.record(want),
            revision: Revision(self.revision),
        };
        self.ledger.adopt_block(&claimed, now).unwrap();
        Some(found)
    }

    /// Assigns as an agent does: claiming what is needed for it.
    fn ask(
        &mut self,
        mut request: AssignRequest,
        now: BootTime,
    ) -> Result<Assigned, AssignError> {
        loop {
            let wants = match self.ledger.assign(&request, now) {
                Err(AssignError::NeedsBlock(wants)) => wants,
                other => return other,
            };
            for want in wants {
                if self.claim(&want, now).is_none() {
                    request.unclaimable.insert(want.room());
                }
            }
        }
    }

    fn give(&mut self, container: &str, now: BootTime) -> Vec<IpAddr> {
        self.ask(request(container), now).unwrap().addresses
    }

    fn give_one(&mut self, container: &str, now: BootTime) -> IpAddr {
        let given = self.give(container, now);
        assert_eq!(given.len(), 1);
        given[0]
    }

    fn release(&mut self, container: &str, now: BootTime) -> Vec<IpAddr> {
        let freed = self.ledger.release(&who(container), None, now);
        freed.unwrap().addresses
    }

    fn publish(&mut self, now: BootTime) -> Vec<BlockRecord> {
        let dirty = self.ledger.dirty();
        for block in &dirty {
            self.revision += 1;
            let (prefix, revision) = (block.prefix, Revision(self.revision));
            self.ledger.published(prefix, block.version, revision, now);
        }
        dirty.into_iter().map(|block| block.record).collect()
    }

    fn request_ip(
        &mut self,
        container: &str,
        address: &str,
        now: BootTime,
    ) -> Result<IpAddr, AssignError> {
        let mut request = request(container);
        request.requested = vec![ip(address)];
        self.ask(request, now).map(|assigned| assigned.addresses[0])
    }
}
