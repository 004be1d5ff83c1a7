//! Which addresses of the own blocks may be given, and putting them on their
//! shelves. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tartan_model::{Attachment, Pool, PoolName};

use super::block::OwnBlock;
use super::{Group, Ledger};

/// What the operator says about addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) pools: BTreeMap<PoolName, Pool>,
    /// Reservations and exclusions: nobody gets these,
    pub(super) reserved: BTreeSet<IpAddr>,
    /// but those for whom they are kept.
    pub(super) granted: BTreeMap<IpAddr, Granted>,
    /// Gateways of links that other plugins made: nobody gets these freely.
    pub(super) gateways: BTreeSet<IpAddr>,
}

/// A reserved address that an attachment may have.
#[derive(Clone, Debug)]
pub(super) struct Granted {
    pub(super) to: Attachment,
    pub(super) place: GrantedPlace,
}

/// Where a reserved address is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantedPlace {
    /// A block of this host, or one that it has to claim.
    Here,
    /// A block of another host, which gives it to nobody.
    Elsewhere,
}

impl Rules {
    /// Where a reserved address is from that an attachment may have.
    pub(super) fn granted(
        &self,
        address: IpAddr,
        to: &Attachment,
    ) -> Option<GrantedPlace> {
        let granted = self.granted.get(&address)?;
        (granted.to == *to).then_some(granted.place)
    }
}

impl Rules {
    /// The pool that a block may give addresses for now.
    pub(super) fn open_pool(&self, block: &OwnBlock) -> Option<&Pool> {
        let pool = self.pools.get(block.pool())?;
        let covers = pool
            .cidr(block.prefix.family())
            .is_some_and(|cidr| cidr.covers(block.prefix));
        (covers && !pool.draining && !block.is_closing).then_some(pool)
    }

    pub(super) fn is_barred(&self, pool: &Pool, address: IpAddr) -> bool {
        pool.excludes(address)
            || self.gateways.contains(&address)
            || self.reserved.contains(&address)
    }
}

impl Ledger {
    /// Keeps a gateway from everybody who does not ask for it by name. It is
    /// kept as long as the process lives: the link outlives its containers.
    pub(super) fn keep_gateway(&mut self, gateway: IpAddr) {
        if let Some(first) = self.home_of(gateway) {
            self.unshelve_one(first, gateway);
        }
        self.rules.gateways.insert(gateway);
    }

    /// Who holds one of the gateways.
    pub(super) fn holder_of(
        &self,
        gateways: &[IpAddr],
    ) -> Option<(IpAddr, Attachment)> {
        gateways.iter().find_map(|gateway| {
            let own = self.own_slot(*gateway).filter(|own| own.is_held())?;
            Some((*gateway, own.slot.attachment.clone()))
        })
    }

    /// Fills all shelves anew, after the rules have changed.
    pub(super) fn restock(&mut self) {
        self.shelves.clear();
        let all: Vec<IpAddr> = self.blocks.keys().copied().collect();
        for first in all {
            self.shelve(first);
        }
    }

    /// Puts every free address of a block on its shelf.
    pub(super) fn shelve(&mut self, first: IpAddr) {
        let Some(block) = self.blocks.get(&first) else { return };
        let Some(pool) = self.rules.open_pool(block) else { return };
        let shelf = self.shelves.entry(Group::of(block)).or_default();
        for (address, slot) in block.addresses() {
            if !self.rules.is_barred(pool, address) {
                shelf.put(address, slot);
            }
        }
    }

    /// Puts one free address of a block on its shelf.
    pub(super) fn shelve_one(&mut self, first: IpAddr, address: IpAddr) {
        let Some(block) = self.blocks.get(&first) else { return };
        let Some(pool) = self.rules.open_pool(block) else { return };
        if self.rules.is_barred(pool, address) {
            return;
        }
        let shelf = self.shelves.entry(Group::of(block)).or_default();
        shelf.put(address, block.slot(address));
    }

    /// Takes every address of a block off its shelf.
    pub(super) fn unshelve(&mut self, first: IpAddr) {
        let Some(block) = self.blocks.get(&first) else { return };
        let Some(shelf) = self.shelves.get_mut(&Group::of(block)) else {
            return;
        };
        for (address, slot) in block.addresses() {
            shelf.remove(address, slot);
        }
    }

    /// Takes one address of a block off its shelf.
    pub(super) fn unshelve_one(&mut self, first: IpAddr, address: IpAddr) {
        let Some(block) = self.blocks.get(&first) else { return };
        if let Some(shelf) = self.shelves.get_mut(&Group::of(block)) {
            shelf.remove(address, block.slot(address));
        }
    }
}
