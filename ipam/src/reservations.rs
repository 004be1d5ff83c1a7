//! Reservations in the store: made, granted, taken by a container, left, given
//! up. Acts; each is one transaction on `reservations/IP`.
//!
//! ```text
//!   an operator reserves --> requested, where a host owns the block around it
//!                               |  that host: closed in its ledger, and free
//!                               v
//!                            granted <--> held by one container of its name
//! ```
//!
//! A claim compares all reservations, and a reservation the blocks around it:
//! of two at once one is refused, and looks again.

use std::net::IpAddr;

use tartan_model::{
    ClassId, Grant, HostName, Prefix, Reservation, ReservationHolder, SlotState,
};
use tartan_store::{
    Compare, Entry, Key, Outcome, Revision, Store, StoreError, Transaction,
};
use thiserror::Error;

use crate::claim;
use crate::keys;
use crate::records::{self, RecordError};
use crate::request::Claimed;

/// How often a change is decided anew.
const MOST_ATTEMPTS: usize = 8;

/// Why a reservation was not changed.
#[derive(Debug, Error)]
pub enum ReservationError {
    /// There is one.
    #[error("{0} is reserved already")]
    Exists(IpAddr),
    /// There is none.
    #[error("{0} is not reserved")]
    Absent(IpAddr),
    /// A container has the address.
    #[error(
        "{address} is in use by {} on {}", holder.attachment, holder.host
    )]
    InUse {
        /// The address.
        address: IpAddr,
        /// Who has it.
        holder: ReservationHolder,
    },
    /// Others change it all the time.
    #[error("others change the reservation of {0} all the time")]
    Contended(IpAddr),
    /// A record cannot be read or written.
    #[error("cannot change the reservation of {address}")]
    Record {
        /// The address.
        address: IpAddr,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// The store did not answer as it should.
    #[error("cannot change the reservation of {address}")]
    Store {
        /// The address.
        address: IpAddr,
        /// What it answered.
        #[source]
        source: StoreError,
    },
}

/// A reservation as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What it says.
    pub reservation: Reservation,
    /// When it was last written.
    pub modified: Revision,
}

/// The reservations of a name at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfName {
    /// The moment.
    pub revision: Revision,
    /// Those that can be read.
    pub kept: Vec<Kept>,
}

/// Who asks for the addresses of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// The name.
    pub name: String,
    /// The team of the container, as a class.
    pub team: ClassId,
    /// The container.
    pub holder: ReservationHolder,
}

/// Keeps an address, for a name or from everybody.
pub async fn reserve(
    store: &Store,
    address: IpAddr,
    name: Option<String>,
) -> Result<Grant, ReservationError> {
    let key = keys::reservation(address);
    let fail = |source| ReservationError::Store { address, source };
    let mut lost = false;
    for _ in 0..MOST_ATTEMPTS {
        let block = block_around(store, address).await.map_err(fail)?;
        let grant = match &block.found {
            Some(_) => Grant::Requested,
            None => Grant::Granted,
        };
        let reservation = Reservation {
            v: Reservation::VERSION,
            address,
            name: name.clone(),
            grant,
            holder: None,
            team: None,
        };
        if let Some(found) = get(store, address).await? {
            let is_ours = lost
                && found.reservation.name == name
                && found.reservation.holder.is_none();
            return match is_ours {
                true => Ok(found.reservation.grant),
                false => Err(ReservationError::Exists(address)),
            };
        }
        let value = encoded(&key, &reservation)?;
        let around = keys::blocks_within(claim::widest_around(host(address)));
        let change = Transaction::new()
            .when(Compare::Absent(key.clone()))
            .when(Compare::Unchanged(around, block.revision))
            .put(key.clone(), value);
        match store.commit(change).await {
            Ok(Outcome::Committed(_)) => return Ok(grant),
            Ok(Outcome::Refused) => {}
            Err(error) if error.may_have_been_done() => lost = true,
            Err(source) => return Err(fail(source)),
        }
    }
    Err(ReservationError::Contended(address))
}

/// Lets a requested reservation be used: said by the owner of the block, who
/// gives the address to nobody else from now on.
pub async fn grant(
    store: &Store,
    address: IpAddr,
    block: (Prefix, Revision),
) -> Result<(), ReservationError> {
    let owned = Compare::Modified(keys::block(block.0), block.1);
    change(store, address, owned, |reservation| {
        reservation.grant = Grant::Granted;
    })
    .await
}

/// Notes that a container no longer has an address. One that another has by
/// now is left alone.
pub async fn leave(
    store: &Store,
    address: IpAddr,
    holder: &ReservationHolder,
) -> Result<(), ReservationError> {
    let any = Compare::Absent(Key::new(&["never"]));
    change(store, address, any, |reservation| {
        if reservation.holder.as_ref() == Some(holder) {
            reservation.holder = None;
        }
    })
    .await
}

/// Changes a reservation as it is now; none is no failure.
async fn change(
    store: &Store,
    address: IpAddr,
    also: Compare,
    change: impl Fn(&mut Reservation),
) -> Result<(), ReservationError> {
    let key = keys::reservation(address);
    for _ in 0..MOST_ATTEMPTS {
        let Some(kept) = get(store, address).await? else { return Ok(()) };
        let mut after = kept.reservation.clone();
        change(&mut after);
        if after == kept.reservation {
            return Ok(());
        }
        let written = Transaction::new()
            .when(Compare::Modified(key.clone(), kept.modified))
            .when(also.clone())
            .put(key.clone(), encoded(&key, &after)?);
        match store.commit(written).await {
            Ok(Outcome::Committed(_)) => return Ok(()),
            Ok(Outcome::Refused) => {}
            Err(error) if error.may_have_been_done() => {}
            Err(source) => {
                return Err(ReservationError::Store { address, source });
            }
        }
    }
    Err(ReservationError::Contended(address))
}

/// Gives a reservation up that no container has; `is_gone` tells of a holder
/// whether it is known to have ended.
pub async fn remove(
    store: &Store,
    address: IpAddr,
    is_gone: impl Fn(&ReservationHolder) -> bool,
) -> Result<(), ReservationError> {
    let key = keys::reservation(address);
    let mut lost = false;
    for _ in 0..MOST_ATTEMPTS {
        let Some(kept) = get(store, address).await? else {
            return match lost {
                true => Ok(()),
                false => Err(ReservationError::Absent(address)),
            };
        };
        if let Some(holder) = kept.reservation.holder.filter(|h| !is_gone(h)) {
            return Err(ReservationError::InUse { address, holder });
        }
        let change = Transaction::new()
            .when(Compare::Modified(key.clone(), kept.modified))
            .delete(key.clone());
        match store.commit(change).await {
            Ok(Outcome::Committed(_)) => return Ok(()),
            Ok(Outcome::Refused) => {}
            Err(error) if error.may_have_been_done() => lost = true,
            Err(source) => {
                return Err(ReservationError::Store { address, source });
            }
        }
    }
    Err(ReservationError::Contended(address))
}

/// What is kept for a name.
pub async fn of_name(store: &Store, name: &str) -> Result<OfName, StoreError> {
    let listing = store.list(&keys::reservations(), None).await?;
    let kept = listing.entries.iter().filter_map(|entry| {
        let reservation: Reservation = records::decode(entry).ok()?;
        let is_meant = reservation.name.as_deref() == Some(name);
        let modified = entry.modified;
        is_meant.then_some(Kept { reservation, modified })
    });
    Ok(OfName { revision: listing.revision, kept: kept.collect() })
}

/// Notes in one transaction that a container has its addresses: those that
/// are kept for its name, and `new` ones that are from now on. False where
/// something of it changed since `found` was read, or nobody knows: then the
/// addresses are not the container's.
pub async fn take(
    store: &Store,
    asking: &Asking,
    found: &OfName,
    new: &[IpAddr],
) -> Result<bool, ReservationError> {
    let mut change = Transaction::new();
    for kept in &found.kept {
        let key = keys::reservation(kept.reservation.address);
        let holder = Some(asking.holder.clone());
        let taken = Reservation { holder, ..kept.reservation.clone() };
        change = change
            .when(Compare::Modified(key.clone(), kept.modified))
            .put(key.clone(), encoded(&key, &taken)?);
    }
    for address in new.iter().copied() {
        let key = keys::reservation(address);
        let made = Reservation {
            v: Reservation::VERSION,
            address,
            name: Some(asking.name.clone()),
            grant: Grant::Granted,
            holder: Some(asking.holder.clone()),
            team: Some(asking.team),
        };
        change = change
            .when(Compare::Absent(key.clone()))
            .put(key.clone(), encoded(&key, &made)?);
    }
    if !new.is_empty() {
        // Nobody else may begin to keep addresses for the name meanwhile.
        let all = keys::reservations();
        change = change.when(Compare::Unchanged(all, found.revision));
    }
    match store.commit(change).await {
        Ok(Outcome::Committed(_)) => Ok(true),
        Ok(Outcome::Refused) => Ok(false),
        Err(error) if error.may_have_been_done() => Ok(false),
        Err(source) => {
            let known = found.kept.first().map(|k| k.reservation.address);
            let address = known.or(new.first().copied());
            let address =
                address.unwrap_or(std::net::Ipv4Addr::UNSPECIFIED.into());
            Err(ReservationError::Store { address, source })
        }
    }
}

/// The block around an address, and the moment at which it was looked for.
#[derive(Clone, Debug)]
pub struct Around {
    /// The moment.
    pub revision: Revision,
    /// The block; none where nobody owns one.
    pub found: Option<Claimed>,
}

/// Looks for the block around an address.
pub async fn block_around(
    store: &Store,
    address: IpAddr,
) -> Result<Around, StoreError> {
    let widest = claim::widest_around(host(address));
    let listing = store.list(&keys::blocks_within(widest), None).await?;
    let blocks = listing.entries.iter().map(records::decode_block);
    let mut blocks = blocks.filter_map(Result::ok);
    let found = blocks.find(|block| block.prefix.contains(address));
    Ok(Around { revision: listing.revision, found })
}

/// True where a container has the address, by the record of its block.
pub fn is_held(block: &Claimed, address: IpAddr) -> bool {
    let offset = block.prefix.offset_of(address);
    let slot = offset
        .and_then(|offset| u32::try_from(offset).ok())
        .and_then(|offset| block.record.slots.get(&offset));
    slot.is_some_and(|s| !matches!(s.state, SlotState::Resting { .. }))
}

/// The reservations that containers of a host have.
pub async fn held_on(
    store: &Store,
    name: &HostName,
) -> Result<Vec<(Entry, Reservation)>, StoreError> {
    let listing = store.list(&keys::reservations(), None).await?;
    let all = listing.entries.into_iter().filter_map(|entry| {
        let reservation: Reservation = records::decode(&entry).ok()?;
        let on = reservation.holder.as_ref().map(|holder| &holder.host);
        (on == Some(name)).then_some((entry, reservation))
    });
    Ok(all.collect())
}

async fn get(
    store: &Store,
    address: IpAddr,
) -> Result<Option<Kept>, ReservationError> {
    let found = store.get(&keys::reservation(address)).await;
    let found =
        found.map_err(|source| ReservationError::Store { address, source })?;
    let Some(entry) = found else { return Ok(None) };
    let reservation = records::decode(&entry)
        .map_err(|source| ReservationError::Record { address, source })?;
    Ok(Some(Kept { reservation, modified: entry.modified }))
}

fn encoded(
    key: &Key,
    reservation: &Reservation,
) -> Result<Vec<u8>, ReservationError> {
    let address = reservation.address;
    records::encode(key, reservation)
        .map_err(|source| ReservationError::Record { address, source })
}

fn host(address: IpAddr) -> Prefix {
    Prefix::host(address)
}
