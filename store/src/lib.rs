//! What the cluster remembers: one trait, two engines, one contract.
//!
//! A single host keeps its store in a file that its processes share
//! (embedded); many hosts keep it in etcd. No other crate knows which.
//!
//! # The contract
//!
//! The store maps [`Key`]s to bytes. Each commit that changes something
//! raises the [`Revision`] by one or more.
//!
//! * **Reads** ([`Store::get`], [`Store::list`]) show the latest commit, a
//!   listing is complete and of one moment. A listing at a revision shows
//!   that moment, until [`Store::compact`] goes past it.
//! * **Commits** ([`Store::commit`]) compare and change as one step, at one
//!   revision. An acknowledged commit is on disk.
//! * **Watches** ([`Store::watch`]) tell every change after a revision, in
//!   order, each revision whole. They outlive cut connections and restarts.
//! * **Leases** ([`Store::grant`]): entries put with a lease are deleted when
//!   nobody has kept it alive for its lifetime, whichever process died, and
//!   when the host of an embedded store was rebooted. The deletion is an
//!   event like any other. A lease says something about liveness, never about
//!   ownership: whoever held it may be slow and still writing.
//!
//! The embedded store forgets by itself what is older than its last ten
//! thousand revisions; etcd forgets as it was told to.
//!
//! # A reply that was lost
//!
//! [`StoreError::Unknown`], and [`StoreError::Full`] of an etcd at its quota,
//! leave open whether a commit was done: ask
//! [`StoreError::may_have_been_done`]. Trying it again is wrong twice over:
//! comparisons such as [`Compare::Absent`] then refuse our own success, and a
//! second try under another key does the thing twice. Instead make what is
//! written recognisable (the host, its epoch, a number of the attempt) and
//! read it back:
//!
//! ```no_run
//! # use tartan_store::{Compare, Key, Outcome, Store, StoreError, Transaction};
//! async fn claim(store: &Store, key: Key, mine: Vec<u8>) -> Result<bool, StoreError> {
//!     let change = Transaction::new()
//!         .when(Compare::Absent(key.clone()))
//!         .put(key.clone(), mine.clone());
//!     match store.commit(change).await {
//!         Ok(Outcome::Committed(_)) => Ok(true),
//!         Ok(Outcome::Refused) => Ok(false),
//!         Err(error) if error.may_have_been_done() => {
//!             let found = store.get(&key).await?;
//!             Ok(found.is_some_and(|entry| entry.value == mine))
//!         }
//!         Err(error) => Err(error),
//!     }
//! }
//! ```
//!
//! A read sees what a lost commit did: the engine orders it behind. Only a
//! commit that is still under way somewhere may come after the read, so an
//! absent key is no proof that it stays absent; the comparison of the next
//! attempt is.
//!
//! # A store that is not the one it was
//!
//! Whoever keeps state of its own remembers [`Store::identity`] and the
//! highest revision seen. Another identity is another store; the same one
//! with a lower revision was restored from a copy.

#![forbid(unsafe_code)]

mod embedded;
mod engine;
mod entry;
mod error;
mod etcd;
mod key;
mod range;
mod store;
mod transaction;
mod watch;

pub use entry::{Entry, Event, Lease, LeaseId, Listing, Revision, StoreId};
pub use error::{Attempt, Doubt, InvalidRequest, Source, StoreError};
pub use etcd::{EtcdCertificate, EtcdLogin, EtcdSettings, EtcdTls};
pub use key::{Key, ParseKeyError};
pub use range::Range;
pub use store::Store;
pub use transaction::{
    Compare, MOST_BYTES, MOST_OPERATIONS, Op, Outcome, Transaction,
};
pub use watch::{Watch, WatchError};
