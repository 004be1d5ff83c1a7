//! Translation at the border of the containers' world: masquerade, host
//! ports, and a way through the forwarding rules of others. A reconciler, in
//! the five files that every reconciler has, and four more:
//!
//! | file | |
//! |---|---|
//! | `skeleton` | pure: the rules, which are always the same |
//! | `elements` | pure: what one attachment puts into their sets |
//! | `holders` | pure: who has which host port |
//! | `foreign` | pure: which rules of ours stand in tables of others |
//! | `desired`, `plan`, `report` | pure |
//! | `observed`, `apply` | act, by nfnetlink |
//! | `stale` | acts: connections that are to be forgotten |
//!
//! One table of ours, `inet tartan`: a few rules over sets and maps, so that
//! one more host port is one more element and costs a packet nothing. It is
//! made when somebody first needs it. Whatever is changed is changed in one
//! transaction.
//!
//! The kernel's tables are changed by one at a time; who has which port is
//! asked without waiting for that.

mod apply;
mod desired;
mod elements;
mod foreign;
mod holders;
mod observed;
mod plan;
mod report;
mod skeleton;
mod stale;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tartan_agent_api::record::Record;
use tartan_hostnet::nft::{Chain, Element, Nft, Set};
use tartan_hostnet::{NetfilterError, OpenError, ReadError, SysctlError};
use tartan_model::{Attachment, Family, HostPort, Pool, PoolName, Translation};
use thiserror::Error;

pub(crate) use foreign::Foreign;
pub(crate) use holders::{Held, PortError};
pub(crate) use plan::Step;
pub(crate) use report::Report;

use crate::config::ForeignForward;
use crate::endpoints::Mode;
use crate::host::Host;
use crate::registry::Snapshot;
use holders::Holders;
use stale::Tracked;

/// What of netfilter is ours, or should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Nat {
    /// Our table; none where it is not there, or not needed.
    pub(crate) table: Option<TableState>,
    /// Links whose containers are reached by 127.0.0.1.
    pub(crate) loopback: BTreeSet<String>,
    /// Forwarding rules in tables of others, by family.
    pub(crate) foreign: BTreeMap<Family, Foreign>,
}

/// Our table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableState {
    pub(crate) skeleton: Skeleton,
    pub(crate) elements: BTreeSet<Element>,
}

/// What of the table is always the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Skeleton {
    pub(crate) chains: BTreeSet<Chain>,
    pub(crate) sets: BTreeSet<Set>,
    /// For each chain its rules in their order, each by its comment. It ends
    /// with a digest of what our build wrote: rules that are missing, or of
    /// another build, are noticed, and one that somebody rewrote under the
    /// same comment is not.
    pub(crate) rules: BTreeMap<String, Vec<String>>,
}

/// Translation failed.
#[derive(Debug, Error)]
pub(crate) enum NatError {
    #[error("cannot change translation")]
    Netfilter(#[from] NetfilterError),
    #[error("cannot let a link be reached by 127.0.0.1")]
    Loopback(#[from] SysctlError),
    #[error("cannot open a netlink socket")]
    Netlink(#[from] OpenError),
    #[error("cannot read the host's addresses")]
    Addresses(#[from] ReadError),
}

/// Translation of this host.
#[derive(Debug)]
pub(crate) struct Translator {
    setting: Mutex<ForeignForward>,
    holders: Mutex<Holders>,
    /// Held while the kernel's tables are changed; taken before `holders`.
    kernel: Mutex<Option<Nft>>,
    tracked: Mutex<Tracked>,
    last: Mutex<Report>,
    /// The pools that the kernel was told of last.
    told: Mutex<Option<BTreeMap<PoolName, Pool>>>,
}

impl Translator {
    /// Nobody has anything yet.
    pub(crate) fn new(setting: ForeignForward) -> Self {
        Self {
            setting: Mutex::new(setting),
            holders: Mutex::default(),
            kernel: Mutex::default(),
            tracked: Mutex::default(),
            last: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// The number by which the kernel tells our changes from others'.
    pub(crate) fn port(&self) -> Option<u32> {
        lock(&self.kernel).as_ref().map(Nft::port)
    }

    /// What is done with tables of others from the next run on.
    pub(crate) fn set(&self, setting: ForeignForward) {
        *lock(&self.setting) = setting;
    }

    /// Takes in what living attachments have.
    pub(crate) fn restore(&self, records: &[Record]) {
        let mut holders = lock(&self.holders);
        records.iter().for_each(|record| holders.restore(record));
    }

    /// What living containers with these addresses asked for, as far as the
    /// kernel's table tells: their records were lost.
    pub(crate) fn recover(
        &self,
        addresses: &[IpAddr],
    ) -> Result<Translation, NatError> {
        let mut kernel = lock(&self.kernel);
        let found = observed::elements(nft(&mut kernel)?)?;
        Ok(elements::asked_by(addresses, &found))
    }

    /// Takes the host ports of an attachment to be, or says who has one.
    pub(crate) fn take_ports(&self, record: &Record) -> Result<(), PortError> {
        lock(&self.holders).take(record)
    }

    /// Gives back what this life of the attachment took.
    pub(crate) fn give_back(&self, record: &Record) {
        lock(&self.holders).give_back(record);
    }

    /// Translates for an attachment that is wired. Costs nothing where
    /// nothing is asked for.
    pub(crate) fn put(
        &self,
        registry: &Snapshot,
        record: &Record,
    ) -> Result<(), NatError> {
        if record.translation.is_nothing() {
            return Ok(());
        }
        let mut kernel = lock(&self.kernel);
        lock(&self.holders).make(record);
        let added = apply::put(nft(&mut kernel)?, &Held::of(record));
        if added.is_err() {
            // The table is not there, or is not what it was.
            self.repair(&mut kernel, registry)?;
            apply::put(nft(&mut kernel)?, &Held::of(record))?;
        }
        drop(kernel);
        stale::forget_untranslated(&mut lock(&self.tracked), record)
    }

    /// Translates no longer. Goes on whatever happens: what stays is found by
    /// the next run of the reconciler.
    pub(crate) fn remove(&self, registry: &Snapshot, record: &Record) {
        if record.translation.is_nothing() {
            return;
        }
        if let Err(error) = self.try_remove(registry, record) {
            let attachment = &record.attachment;
            tracing::warn!(%attachment, "{}", crate::chain(&error));
        }
    }

    fn try_remove(
        &self,
        registry: &Snapshot,
        record: &Record,
    ) -> Result<(), NatError> {
        let mut kernel = lock(&self.kernel);
        if !lock(&self.holders).give_back(record) {
            return Ok(());
        }
        if apply::remove(nft(&mut kernel)?, &Held::of(record)).is_err() {
            self.repair(&mut kernel, registry)?;
        }
        drop(kernel);
        stale::forget_translated(&mut lock(&self.tracked), record)
    }

    /// Holds the kernel against what should be, once. May be called at any
    /// time.
    pub(crate) fn reconcile(
        &self,
        registry: &Snapshot,
        mode: Mode,
    ) -> Result<Report, NatError> {
        let mut kernel = lock(&self.kernel);
        let done = self.run(nft(&mut kernel)?, registry, mode);
        let report = match &done {
            Ok(report) => report.clone(),
            Err(error) => Report::failing(crate::chain(error)),
        };
        if mode == Mode::Apply {
            *lock(&self.last) = report;
        }
        done
    }

    fn run(
        &self,
        nft: &mut Nft,
        registry: &Snapshot,
        mode: Mode,
    ) -> Result<Report, NatError> {
        let held = lock(&self.holders).made();
        let observed = observed::observe(nft, &held)?;
        let setting = *lock(&self.setting);
        let desired = desired::desired(&held, registry, &observed, setting);
        let steps = plan::between(&observed, &desired);
        let mut report = match mode {
            Mode::Apply => apply::apply(nft, steps),
            Mode::DryRun => Report::planned(steps),
        };
        report.legacy = observed.legacy();
        if mode == Mode::Apply {
            *lock(&self.told) = Some(registry.pools.clone());
        }
        Ok(report)
    }

    /// True where pools have changed since the kernel was told of them.
    pub(crate) fn is_behind(&self, registry: &Snapshot) -> bool {
        lock(&self.told).as_ref() != Some(&registry.pools)
    }

    fn repair(
        &self,
        kernel: &mut Option<Nft>,
        registry: &Snapshot,
    ) -> Result<(), NatError> {
        self.run(nft(kernel)?, registry, Mode::Apply).map(drop)
    }

    /// What the last run came to.
    pub(crate) fn report(&self) -> Report {
        lock(&self.last).clone()
    }

    /// Every host port and who has it, and how many attachments masquerade.
    pub(crate) fn held(&self) -> (Vec<(HostPort, Attachment)>, usize) {
        lock(&self.holders).summary()
    }

    /// True where the kernel has all that this attachment asked for.
    pub(crate) fn holds(&self, record: &Record) -> Result<bool, NatError> {
        if record.translation.is_nothing() {
            return Ok(true);
        }
        let mut kernel = lock(&self.kernel);
        let wanted = Held::of(record).elements();
        Ok(observed::has(nft(&mut kernel)?, &wanted)?)
    }
}

/// Holds translation against what it should be, and says what came of it.
/// May be called at any time, by whoever sees that something changed.
pub(crate) fn reconcile(host: &Host, mode: Mode) -> Result<Report, NatError> {
    host.nat.reconcile(&host.registry.snapshot(), mode)
}

/// Translation that could not be taken away whole.
#[derive(Debug, Error)]
pub(crate) enum LeaveError {
    #[error("cannot look")]
    Nat(#[source] NatError),
    #[error("{}", .0.trouble().unwrap_or_default())]
    Left(Box<Report>),
}

/// Takes away our table and our rules in tables of others: for hosts that
/// Tartan leaves.
pub(crate) fn leave() -> Result<Report, NatError> {
    let nft = &mut Nft::open()?;
    let observed = observed::observe(nft, &[])?;
    let steps = plan::between(&observed, &desired::nothing(&observed));
    Ok(apply::apply(nft, steps))
}

/// The socket, which is opened when it is first needed.
fn nft(kernel: &mut Option<Nft>) -> Result<&mut Nft, NatError> {
    match kernel {
        Some(nft) => Ok(nft),
        None => Ok(kernel.insert(Nft::open()?)),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change under these locks leaves a whole value.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
