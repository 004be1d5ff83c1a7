//! The engine of a cluster (acts): etcd 3.4 or newer.
//!
//! | file | what |
//! |---|---|
//! | `settings` | how etcd is reached |
//! | `names`, `request` | our words and etcd's |
//! | `meaning` | what etcd's errors mean |
//! | `link` | the connection: one member at a time, backoff, deadlines |
//! | `follow`, `subscriptions` | the task that watches, and what it knows |
//!
//! A change is sent only over a connection that has answered since it last
//! failed, and once. So a failure is [`Fault::Unavailable`] where nothing was
//! sent and [`Fault::Unknown`] where the answer was lost; reads, and what may
//! be done twice without harm, are tried again until the deadline.

mod follow;
mod link;
mod meaning;
mod names;
mod request;
mod settings;
mod subscriptions;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use etcd_client::{
    Compare, CompareOp, GetOptions, GetResponse, ResponseHeader, Txn, TxnOp,
    TxnResponse,
};

use self::follow::Follower;
use self::link::{Effect, Link};
use self::meaning::Meaning;
use self::names::{Names, number, revision};
pub use self::settings::{EtcdCertificate, EtcdLogin, EtcdSettings, EtcdTls};
use crate::engine::{Engine, Events, Fault};
use crate::entry::{Lease, LeaseId, Listing, Revision, StoreId};
use crate::range::Range;
use crate::transaction::{Outcome, Transaction};

/// Entries of one page of a listing: some hundred kilobytes of blocks.
const PAGE: i64 = 500;

/// How often a listing begins again because it was compacted under way.
const LISTING_TRIES: usize = 3;

/// The kernel makes a random UUID at each reading.
const RANDOM: &str = "/proc/sys/kernel/random/uuid";

/// The etcd engine.
pub(crate) struct Etcd {
    names: Names,
    link: Arc<Link>,
    follower: Follower,
}

impl Etcd {
    /// Checks the settings. Nothing is sent yet.
    pub(crate) fn new(settings: EtcdSettings) -> Result<Self, Fault> {
        settings.check()?;
        let names = Names::new(&settings.prefix);
        let link = Arc::new(Link::new(settings, names.probe()));
        let follower = Follower::spawn(Arc::clone(&link), names.clone());
        Ok(Self { names, link, follower })
    }

    async fn read(
        &self,
        key: String,
        options: GetOptions,
    ) -> Result<GetResponse, Fault> {
        self.link
            .call(Effect::Harmless, |client| {
                let (key, options) = (key.clone(), options.clone());
                async move { link::kv(&client).get(key, Some(options)).await }
            })
            .await
            .map_err(|failure| failure.fault)
    }

    async fn change(&self, txn: Txn) -> Result<TxnResponse, link::Failure> {
        self.link
            .call(Effect::Once, |client| {
                let txn = txn.clone();
                async move { link::kv(&client).txn(txn).await }
            })
            .await
    }

    /// Page after page of one revision.
    async fn pages(
        &self,
        range: &Range,
        at: Option<Revision>,
    ) -> Result<Listing, Fault> {
        let (mut start, end) = self.names.range(range);
        let mut listing =
            Listing { revision: Revision(0), entries: Vec::new() };
        let mut at = at.map(number);
        loop {
            let mut options =
                GetOptions::new().with_range(end.clone()).with_limit(PAGE);
            if let Some(at) = at {
                options = options.with_revision(at);
            }
            let page = self.read(start.clone(), options).await?;
            let at = *at.get_or_insert_with(|| header(page.header()));
            listing.revision = revision(at);
            let found = page.kvs().iter();
            listing.entries.extend(found.filter_map(|kv| self.names.entry(kv)));
            match page.kvs().last().map(|kv| String::from_utf8_lossy(kv.key()))
            {
                Some(last) if page.more() => start = format!("{last}\0"),
                _ => return Ok(listing),
            }
        }
    }

    async fn found_identity(&self) -> Result<Option<StoreId>, Fault> {
        let found = self.read(self.names.identity(), GetOptions::new()).await?;
        let value = found.kvs().first().map(|kv| kv.value());
        Ok(value.map(|id| StoreId(String::from_utf8_lossy(id).into_owned())))
    }

    async fn make_identity(&self) -> Result<(), Fault> {
        let key = self.names.identity();
        let id = fs::read_to_string(RANDOM)
            .map_err(|error| Fault::Unavailable(error.into()))?;
        let absent = Compare::create_revision(key.clone(), CompareOp::Equal, 0);
        let put = TxnOp::put(key, id.trim(), None);
        let txn = Txn::new().when([absent]).and_then([put]);
        self.change(txn).await.map(drop).map_err(|failure| failure.fault)
    }

    /// An error that names no revision is completed with the current one.
    async fn complete<T>(&self, result: Result<T, Fault>) -> Result<T, Fault> {
        match result {
            Err(Fault::Ahead { .. }) => {
                Err(Fault::Ahead { current: self.revision().await? })
            }
            other => other,
        }
    }
}

#[async_trait]
impl Engine for Etcd {
    fn name(&self) -> &'static str {
        "etcd"
    }

    async fn identity(&self) -> Result<StoreId, Fault> {
        loop {
            if let Some(id) = self.found_identity().await? {
                return Ok(id);
            }
            // Whoever is first makes it; all read it back.
            self.make_identity().await?;
        }
    }

    async fn revision(&self) -> Result<Revision, Fault> {
        let options = GetOptions::new().with_count_only();
        let answer = self.read(self.names.probe(), options).await?;
        Ok(revision(header(answer.header())))
    }

    async fn list(
        &self,
        range: &Range,
        at: Option<Revision>,
    ) -> Result<Listing, Fault> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.pages(range, at).await {
                Err(Fault::Compacted { .. })
                    if at.is_none() && tries < LISTING_TRIES => {}
                other => return self.complete(other).await,
            }
        }
    }

    async fn commit(&self, change: Transaction) -> Result<Outcome, Fault> {
        let answer = match self.change(request::txn(&self.names, &change)).await
        {
            Ok(answer) => answer,
            Err(failure) if failure.meaning == Some(Meaning::NoLease) => {
                return Err(Fault::LeaseEnded(request::lease_of(&change)));
            }
            Err(failure) => return Err(failure.fault),
        };
        Ok(match answer.succeeded() {
            true => Outcome::Committed(revision(header(answer.header()))),
            false => Outcome::Refused,
        })
    }

    async fn watch(
        &self,
        range: &Range,
        from: Revision,
    ) -> Result<Box<dyn Events>, Fault> {
        Ok(Box::new(self.follower.follow(range.clone(), from)))
    }

    async fn grant(&self, lifetime: Duration) -> Result<Lease, Fault> {
        let whole = lifetime.as_secs();
        let seconds = whole + u64::from(lifetime.subsec_nanos() > 0);
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        // A second grant, after the answer of a first one was lost, leaves a
        // lease behind that nobody uses and that ends by itself.
        let granted = self
            .link
            .call(Effect::Harmless, |client| async move {
                client.lease_client().grant(seconds, None).await
            })
            .await
            .map_err(|failure| failure.fault)?;
        let lifetime = seconds_of(granted.ttl());
        Ok(Lease { id: LeaseId(granted.id()), lifetime })
    }

    async fn keep_alive(&self, lease: LeaseId) -> Result<Duration, Fault> {
        let told = self
            .link
            .call(Effect::Harmless, |client| async move {
                // The first beat answers without the lifetime.
                let mut leases = client.lease_client();
                let (mut keeper, mut beats) =
                    leases.keep_alive(lease.0).await?;
                keeper.keep_alive().await?;
                beats.message().await
            })
            .await;
        match told {
            Ok(Some(beat)) if beat.ttl() > 0 => Ok(seconds_of(beat.ttl())),
            Ok(_) => Err(Fault::LeaseEnded(lease)),
            Err(failure) if failure.meaning == Some(Meaning::NoLease) => {
                Err(Fault::LeaseEnded(lease))
            }
            Err(failure) => Err(failure.fault),
        }
    }

    async fn revoke(&self, lease: LeaseId) -> Result<(), Fault> {
        let done = self
            .link
            .call(Effect::Harmless, |client| async move {
                client.lease_client().revoke(lease.0).await
            })
            .await;
        match done {
            Err(failure) if failure.meaning != Some(Meaning::NoLease) => {
                Err(failure.fault)
            }
            _ => Ok(()),
        }
    }

    async fn compact(&self, upto: Revision) -> Result<(), Fault> {
        let done = self
            .link
            .call(Effect::Harmless, |client| async move {
                client.kv_client().compact(number(upto), None).await
            })
            .await;
        match done {
            Err(failure) if failure.meaning != Some(Meaning::Compacted) => {
                self.complete(Err(failure.fault)).await
            }
            _ => Ok(()),
        }
    }
}

/// Each answer of etcd has a header.
fn header(header: Option<&ResponseHeader>) -> i64 {
    header.map_or(0, ResponseHeader::revision)
}

fn seconds_of(ttl: i64) -> Duration {
    Duration::from_secs(u64::try_from(ttl).unwrap_or(0))
}
