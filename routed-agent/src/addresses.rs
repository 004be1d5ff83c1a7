//! The host's addresses: the ledger, and how it meets the store. Acts.
//!
//! ```text
//!   ADD, DEL (threads) --> Ledger (in memory, one lock)
//!                             | dirty              | wants
//!                             v                    v
//!                   publish (task, coalesced)   claim (one at a time)
//!                             |                    |
//!                             +------> store <-----+
//! ```
//!
//! An ADD touches the ledger alone, unless no own block has room: then it
//! waits, not for ever, for one to be claimed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tartan_agent_api::record::{Record, RecordState};
use tartan_ipam::{Claimant, Claimed, Ledger, Living, RestoreError, Stage};
use tartan_model::{Attachment, Generation, HostName, Prefix};
use tartan_store::Store;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::clock::boot_time;
use crate::seen::Seen;

mod claiming;
mod contact;
mod error;
mod lost;
mod mirror;
mod publish;

use claiming::CLAIM_PATIENCE;
use contact::Contact;
pub(crate) use error::AddressError;
pub(crate) use mirror::{Mirror, MirrorError, parse as parse_mirrored};
pub(crate) use publish::PublishReport;

/// What this host may say to the store of blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Nothing: the store has not confirmed what this host owns.
    #[default]
    Unconfirmed,
    /// What it does with its own blocks. The store was restored, and those
    /// hosts have not made their claims again.
    Waiting(BTreeSet<HostName>),
    /// That too, and that it claims blocks, under this name and epoch.
    Confirmed(Claimant),
    /// Nothing, and it gives nothing: an operator removes it from the
    /// cluster, or another host has its name.
    Removed,
}

/// Which address belongs to whom, on this host.
pub(crate) struct Addresses {
    ledger: Mutex<Ledger>,
    store: Store,
    mirror: Mirror,
    seen: Arc<Seen>,
    standing: Mutex<Standing>,
    /// Blocks are claimed one after another: who waited asks the ledger again
    /// before claiming another.
    claiming: Arc<tokio::sync::Mutex<()>>,
    changed: Notify,
    /// Somebody has released addresses.
    left: Notify,
    thirsty: Notify,
    runtime: Handle,
    published: Mutex<PublishReport>,
    /// When the store last answered, and how long to go on without.
    contact: Mutex<Contact>,
    /// Blocks that were taken from this host while containers lived in them.
    lost: Mutex<BTreeSet<Prefix>>,
    /// How much of the registry the ledger has heard of.
    heard: Mutex<Option<u64>>,
}

impl Addresses {
    /// The addresses of `ledger`, still to be confirmed by the store.
    pub(crate) fn new(
        ledger: Ledger,
        store: Store,
        (mirror, seen): (Mirror, Arc<Seen>),
        runtime: Handle,
    ) -> Self {
        let contact = Contact::known_since(mirror.contact());
        let lost = mirror.lost();
        Self {
            ledger: Mutex::new(ledger),
            store,
            mirror,
            seen,
            standing: Mutex::default(),
            claiming: Arc::default(),
            changed: Notify::new(),
            left: Notify::new(),
            thirsty: Notify::new(),
            runtime,
            published: Mutex::new(PublishReport::default()),
            contact: Mutex::new(contact),
            lost: Mutex::new(lost),
            heard: Mutex::new(None),
        }
    }

    /// Asks or tells the ledger something; what it then has to say to the
    /// store is said soon.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Ledger) -> T) -> T {
        let result = act(&mut self.ledger());
        self.tell();
        result
    }

    /// Wakes those who speak to the store. An ADD calls it after its answer:
    /// who is woken before would share the processors with it.
    pub(crate) fn tell(&self) {
        self.changed.notify_one();
        self.thirsty.notify_one();
    }

    /// Only looks.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.ledger())
    }

    /// Takes in the claims that the run directory mirrors: they hold until
    /// the store says otherwise.
    pub(crate) fn adopt_mirror(&self) -> Result<(), MirrorError> {
        for claimed in self.mirror.all()? {
            self.adopt_block(&claimed);
        }
        Ok(())
    }

    /// Takes in what the store says this host owns. From the revisions told
    /// there, which may be lower than those known, everything else is said.
    pub(crate) fn confirm_claims(&self, own: &[Claimed]) {
        for claimed in own {
            let is_closing = |l: &Ledger| l.is_closing(claimed.prefix);
            if !self.look(is_closing)
                && let Err(error) = self.mirror.put(claimed)
            {
                tracing::warn!("{}", crate::chain(&error));
            }
            self.seen.claimed(claimed);
            self.adopt_block(claimed);
            let now = boot_time();
            self.with(|ledger| ledger.rebase_block(claimed, now));
        }
    }

    /// Holds off claims and returns of blocks while what the store has of
    /// them is read and taken in.
    pub(crate) async fn hold_claims(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.claiming.lock().await
    }

    /// The store has answered, and what this host knows of it holds.
    pub(crate) fn made_contact(&self) {
        let now = boot_time();
        if lock(&self.contact).made(now) {
            let kept = self.mirror.put_contact(now);
            if let Err(error) = kept {
                tracing::warn!("{}", crate::chain(&error));
            }
        }
    }

    /// How long to give addresses without contact to the store.
    pub(crate) fn set_max_offline(&self, longest: Duration) {
        lock(&self.contact).longest = longest;
    }

    fn refuse_offline(&self) -> Result<(), AddressError> {
        lock(&self.contact).check(boot_time())
    }

    /// What this host may say to the store from now on.
    pub(crate) fn stand(&self, standing: Standing) {
        *lock(&self.standing) = standing;
        self.changed.notify_one();
        self.thirsty.notify_one();
    }

    /// Waits for a release of addresses.
    pub(crate) async fn someone_left(&self) {
        self.left.notified().await;
    }

    /// Has a thread wait for the store, though not for ever.
    pub(crate) fn wait_for<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let ended = async { tokio::time::timeout(CLAIM_PATIENCE, work).await };
        self.runtime.block_on(ended).ok()
    }

    /// What this host may say to the store.
    pub(crate) fn standing(&self) -> Standing {
        lock(&self.standing).clone()
    }

    fn adopt_block(&self, claimed: &Claimed) {
        let adopted =
            self.with(|ledger| ledger.adopt_block(claimed, boot_time()));
        if let Err(error) = adopted {
            tracing::error!("{}", crate::chain(&error));
        }
    }

    /// Has the ledger told of a snapshot of the registry, unless it has heard
    /// of that one or a newer. One at a time: of two that come at once the
    /// older must not be the last to be told.
    pub(crate) fn hear(&self, serial: u64, tell: impl FnOnce(&Self)) {
        let mut heard = lock(&self.heard);
        if heard.is_none_or(|heard| heard < serial) {
            tell(self);
            *heard = Some(serial);
        }
    }

    /// The ADD has ended: the container uses what it was given.
    pub(crate) fn confirm(&self, attachment: &Attachment, life: Generation) {
        let result = self.ledger().confirm(attachment, life);
        if let Err(error) = result {
            tracing::warn!(%error, "cannot confirm an assignment");
        }
    }

    /// Takes back what this life of the attachment has.
    pub(crate) fn release(&self, attachment: &Attachment, life: Generation) {
        let now = boot_time();
        let result =
            self.with(|ledger| ledger.release(attachment, Some(life), now));
        self.left.notify_one();
        if let Err(error) = result {
            tracing::warn!(%error, "cannot release addresses");
        }
    }

    /// Takes back what any life of the attachment has: it has no record, so
    /// nothing of it lives.
    pub(crate) fn release_any(&self, attachment: &Attachment) {
        let now = boot_time();
        let result = self.with(|ledger| ledger.release(attachment, None, now));
        self.left.notify_one();
        if let Err(error) = result {
            tracing::warn!(%error, "cannot release addresses");
        }
    }

    /// Takes in what a living container has, whatever the store says.
    pub(crate) fn restore(&self, record: &Record) -> Result<(), RestoreError> {
        let living = living(record);
        self.with(|ledger| ledger.restore(&living, boot_time()))
    }

    /// How publishing is going.
    pub(crate) fn publish_report(&self) -> PublishReport {
        let behind = self.look(|ledger| ledger.dirty().len());
        PublishReport { behind, ..lock(&self.published).clone() }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

/// Claims the next block before the last is full, until it is aborted.
pub(crate) async fn keep_head_room(addresses: Arc<Addresses>) {
    loop {
        addresses.thirsty.notified().await;
        addresses.seek_head_room().await;
    }
}

/// Says what the ledger decided to the store, until it is aborted.
pub(crate) use publish::keep_published;

fn living(record: &Record) -> Living {
    Living {
        attachment: record.attachment.clone(),
        generation: record.generation(),
        class: record.class(),
        addresses: record.addresses().collect(),
        stage: match record.state {
            RecordState::Adding => Stage::Pending,
            RecordState::Ready => Stage::Used,
        },
        netns_cookie: record.foreign_netns(),
        gateways: match record.foreign {
            Some(_) => record.gateways().collect(),
            None => Vec::new(),
        },
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change under these locks is one call that leaves a whole value.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
