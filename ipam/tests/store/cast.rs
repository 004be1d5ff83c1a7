//! The place: a store of its own for each test, pools in it, hosts before it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use tartan_ipam::claimer::{self, ClaimError};
use tartan_ipam::host::{self, Presence};
use tartan_ipam::{
    AssignError, AssignRequest, BootTime, Claimant, Claimed, Instance, Ledger,
    Want, pools, publisher,
};
use tartan_model::{
    Affinity, BootId, Family, Generation, Pool, PoolName, Prefix,
};
use tartan_store::Store;
use tempfile::TempDir;

/// A store in a folder that ends with the test.
pub(crate) struct Place {
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = open(&folder).await;
        Self { store, folder }
    }

    /// Another way to the same store, as another process has.
    pub(crate) async fn again(&self) -> Store {
        open(&self.folder).await
    }

    pub(crate) async fn with_pool(cidrs: &[&str]) -> Self {
        let place = Self::new().await;
        let pool = pool("default", cidrs);
        pools::create(&place.store, &pool).await.unwrap();
        place
    }

    pub(crate) async fn host(&self, name: &str) -> Claimant {
        let registered = register(&self.store, name, name, "b-1").await;
        registered.unwrap().claimant(name.parse().unwrap())
    }

    pub(crate) async fn claim(
        &self,
        who: &Claimant,
        want: &Want,
    ) -> Result<Claimed, ClaimError> {
        claimer::claim(&self.store, who, want, &BTreeSet::new()).await
    }
}

async fn open(folder: &TempDir) -> Store {
    let boot = BootId::new("b-1");
    Store::open_embedded(folder.path(), &boot).await.unwrap()
}

pub(crate) async fn register(
    store: &Store,
    name: &str,
    instance: &str,
    boot: &str,
) -> Result<host::Registered, host::RegisterError> {
    let presence = Presence {
        host: name.parse().unwrap(),
        instance: Instance(instance.to_owned()),
        boot: BootId::new(boot),
        address: None,
    };
    host::register(store, &presence).await
}

pub(crate) fn pool(name: &str, cidrs: &[&str]) -> Pool {
    Pool {
        v: Pool::VERSION,
        name: name.parse().unwrap(),
        cidrs: cidrs.iter().map(|text| text.parse().unwrap()).collect(),
        block_length4: Pool::BLOCK_LENGTH_4,
        block_length6: Pool::BLOCK_LENGTH_6,
        affinity: Default::default(),
        nat_outgoing: false,
        draining: false,
    }
}

pub(crate) fn default_pool() -> PoolName {
    "default".parse().unwrap()
}

/// A wish for an IPv4 block of the pool `default`.
pub(crate) fn want(length: u8) -> Want {
    Want {
        pool: default_pool(),
        family: Family::V4,
        length,
        affinity: Affinity::Any,
        within: None,
    }
}

pub(crate) fn want_around(address: &str) -> Want {
    let address: IpAddr = address.parse().unwrap();
    let family = Family::of(address);
    Want { within: Some(tartan_model::Span::one(address)), family, ..want(28) }
}

pub(crate) fn at(seconds: u64) -> BootTime {
    BootTime::new(Duration::from_secs(seconds))
}

/// A ledger and its ways to the store: what an agent is, as far as addresses
/// go.
pub(crate) struct Agent {
    pub(crate) ledger: Ledger,
    pub(crate) who: Claimant,
    pub(crate) store: Store,
}

impl Agent {
    pub(crate) async fn start(store: Store, who: Claimant) -> Self {
        let mut ledger = Ledger::new(who.host.clone(), who.boot.clone());
        ledger.set_pools(pools::list(&store).await.unwrap().pools);
        let own = claimer::own_blocks(&store, &who).await.unwrap();
        for claimed in &own.valid {
            ledger.adopt_block(claimed, at(0)).unwrap();
        }
        Self { ledger, who, store }
    }

    pub(crate) async fn add(
        &mut self,
        container: &str,
    ) -> Result<Vec<IpAddr>, AssignError> {
        let mut request = AssignRequest {
            attachment: format!("shop,{container},eth0").parse().unwrap(),
            generation: Generation(1),
            class: "002a:0007".parse().unwrap(),
            pools: vec![default_pool()],
            requested: Vec::new(),
            ranges: Default::default(),
            netns_cookie: None,
            unclaimable: BTreeSet::new(),
        };
        loop {
            let wants = match self.ledger.assign(&request, at(0)) {
                Err(AssignError::NeedsBlock(wants)) => wants,
                other => return other.map(|assigned| assigned.addresses),
            };
            for want in wants {
                if let Err(error) = self.claim(&want).await {
                    assert!(matches!(error, ClaimError::NoRoom { .. }));
                    request.unclaimable.insert(want.room());
                }
            }
        }
    }

    async fn claim(&mut self, want: &Want) -> Result<(), ClaimError> {
        let known: BTreeSet<Prefix> = self.ledger.blocks().collect();
        let claimed =
            claimer::claim(&self.store, &self.who, want, &known).await?;
        self.ledger.adopt_block(&claimed, at(0)).unwrap();
        Ok(())
    }

    /// Asks the ledger alone for an address.
    pub(crate) fn ask(
        &mut self,
        container: &str,
        address: IpAddr,
    ) -> Result<Vec<IpAddr>, AssignError> {
        let request = AssignRequest {
            attachment: format!("shop,{container},eth0").parse().unwrap(),
            generation: Generation(1),
            class: "002a:0007".parse().unwrap(),
            pools: vec![default_pool()],
            requested: vec![address],
            ranges: Default::default(),
            netns_cookie: None,
            unclaimable: BTreeSet::new(),
        };
        let assigned = self.ledger.assign(&request, at(0));
        assigned.map(|assigned| assigned.addresses)
    }

    pub(crate) fn release(&mut self, container: &str) {
        let who = format!("shop,{container},eth0").parse().unwrap();
        self.ledger.release(&who, None, at(0)).unwrap();
    }

    pub(crate) async fn publish(&mut self) {
        for block in self.ledger.dirty() {
            let revision =
                publisher::publish(&self.store, &block).await.unwrap();
            let (prefix, version) = (block.prefix, block.version);
            self.ledger.published(prefix, version, revision, at(0));
        }
    }
}
