//! The same addresses each time for a workload that a request names. Acts,
//! and waits for the store: the one ADD that does so with room in own blocks.
//!
//! What is kept for the name is asked of the ledger and then taken by one
//! transaction on `reservations/IP`; a name that nobody has used gets what the
//! ledger chooses, and that is kept for it from then on. Of two containers of
//! one name the second is refused.

use std::net::IpAddr;

use tartan_ipam::reservations::{self, Asking, OfName, ReservationError};
use tartan_ipam::{AssignRequest, GrantedPlace};
use tartan_model::{
    ClassId, Family, Grant, Reservation, ReservationHolder, WorkloadName,
};
use tartan_store::StoreError;
use thiserror::Error;

use crate::addresses::AddressError;
use crate::host::Host;
use crate::wait::Wait;
use crate::{follow, fullness};

/// How often it is begun anew where others change the same.
const TRIES: usize = 8;

/// Why a workload did not get its addresses.
#[derive(Debug, Error)]
pub(crate) enum StickyError {
    #[error(
        "{address} of workload '{name}' is in use by {} on host {}",
        holder.attachment, holder.host
    )]
    InUse { name: String, address: IpAddr, holder: Box<ReservationHolder> },
    #[error("workload '{name}' is of team {team}, which the container is not")]
    OtherTeam { name: String, team: ClassId },
    #[error(
        "{address} of workload '{name}' is not granted yet by the host that \
         owns its block"
    )]
    NotGranted { name: String, address: IpAddr },
    #[error(
        "{asked} is requested, but workload '{name}' has the address {address}"
    )]
    OtherRequested { name: String, asked: IpAddr, address: IpAddr },
    #[error(
        "{address} of workload '{name}' is in a block of host {host} that \
         serves others, or has another holder"
    )]
    BlockOfOthers { name: String, address: IpAddr, host: String },
    #[error("cannot see what is kept for workload '{name}'")]
    Store {
        name: String,
        #[source]
        source: StoreError,
    },
    #[error(transparent)]
    Reservation(#[from] ReservationError),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error("the addresses of workload '{0}' change all the time")]
    Contended(String),
    #[error("the store did not answer in time about workload '{0}'")]
    TooLong(String),
}

impl StickyError {
    /// What to do about it.
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::InUse { .. } => "end that container first, or name another \
                                   workload"
                .to_owned(),
            Self::OtherTeam { .. } => "workloads of two teams have two names; \
                                       tartan ip release frees an address"
                .to_owned(),
            Self::NotGranted { .. } => {
                "start the agent of that host".to_owned()
            }
            Self::OtherRequested { .. } => {
                "leave the address out, or the name".to_owned()
            }
            Self::BlockOfOthers { address, .. } => {
                format!("give it up: tartan ip release {address}")
            }
            Self::Address(error) => error.remedy(),
            Self::Store { .. }
            | Self::Reservation(_)
            | Self::Contended(_)
            | Self::TooLong(_) => {
                "a name needs the store; look at: tartan status".to_owned()
            }
        }
    }
}

/// Gives the container the addresses of the workload.
pub(crate) fn assign(
    host: &Host,
    asked: &AssignRequest,
    name: &WorkloadName,
    wait: Wait,
) -> Result<Vec<IpAddr>, StickyError> {
    let holder = ReservationHolder {
        attachment: asked.attachment.clone(),
        generation: asked.generation,
        host: host.name.clone(),
    };
    let team = asked.class.team_class();
    let asking = Asking { name: name.to_string(), team, holder };
    for _ in 0..TRIES {
        let found = look_up(host, &asking.name)?;
        let places = places(host, &asking, &found, asked.class)?;
        let given = give(host, asked, &asking, (&places, wait))?;
        let is_new = |ip: &&IpAddr| !places.iter().any(|(kept, _)| kept == *ip);
        let new: Vec<IpAddr> = given.iter().filter(is_new).copied().collect();
        let taking = reservations::take(&host.store, &asking, &found, &new);
        match host.addresses.wait_for(taking) {
            Some(Ok(true)) => {
                settle(host, &new);
                return Ok(given);
            }
            Some(Ok(false)) => release(host, asked),
            Some(Err(error)) => {
                release(host, asked);
                return Err(error.into());
            }
            None => {
                release(host, asked);
                return Err(StickyError::TooLong(asking.name));
            }
        }
    }
    Err(StickyError::Contended(asking.name))
}

fn release(host: &Host, asked: &AssignRequest) {
    host.addresses.release(&asked.attachment, asked.generation);
}

fn look_up(host: &Host, name: &str) -> Result<OfName, StickyError> {
    let found = reservations::of_name(&host.store, name);
    let found = host.addresses.wait_for(found);
    let found = found.ok_or_else(|| StickyError::TooLong(name.to_owned()))?;
    found.map_err(|source| failed(name, source))
}

fn failed(name: &str, source: StoreError) -> StickyError {
    StickyError::Store { name: name.to_owned(), source }
}

/// The addresses of the name, each with where it is from; not where the
/// container may not have one.
fn places(
    host: &Host,
    asking: &Asking,
    found: &OfName,
    class: ClassId,
) -> Result<Vec<(IpAddr, GrantedPlace)>, StickyError> {
    let mut places = Vec::new();
    for kept in &found.kept {
        let reservation = &kept.reservation;
        refuse(host, asking, reservation)?;
        let address = reservation.address;
        places.push((address, place(host, asking, address, class)?));
    }
    Ok(places)
}

fn refuse(
    host: &Host,
    asking: &Asking,
    kept: &Reservation,
) -> Result<(), StickyError> {
    let (name, address) = (asking.name.clone(), kept.address);
    if kept.grant == Grant::Requested {
        return Err(StickyError::NotGranted { name, address });
    }
    if let Some(team) = kept.team.filter(|team| *team != asking.team) {
        return Err(StickyError::OtherTeam { name, team });
    }
    match &kept.holder {
        Some(holder)
            if holder.attachment != asking.holder.attachment
                && !is_gone(host, holder) =>
        {
            let holder = Box::new(holder.clone());
            Err(StickyError::InUse { name, address, holder })
        }
        Some(_) | None => Ok(()),
    }
}

/// True of a holder of this host that has ended.
pub(crate) fn is_gone(host: &Host, holder: &ReservationHolder) -> bool {
    let attachment = &holder.attachment;
    if holder.host != host.name {
        return false;
    }
    // Somebody acts on it: it is about to be, or to be no more.
    let Some(claim) = host.attachments.try_claim(attachment) else {
        return false;
    };
    let life = claim.record().map(|record| record.generation());
    life != Some(holder.generation)
}

fn place(
    host: &Host,
    asking: &Asking,
    address: IpAddr,
    class: ClassId,
) -> Result<GrantedPlace, StickyError> {
    let is_own = host
        .addresses
        .look(|ledger| ledger.blocks().any(|block| block.contains(address)));
    if is_own {
        return Ok(GrantedPlace::Here);
    }
    let name = asking.name.clone();
    let around = reservations::block_around(&host.store, address);
    let around = host.addresses.wait_for(around);
    let around = around.ok_or_else(|| StickyError::TooLong(name.clone()))?;
    let around = around.map_err(|source| failed(&name, source))?;
    let Some(block) = around.found else { return Ok(GrantedPlace::Here) };
    let owner = &block.record.host;
    if *owner == host.name {
        return Ok(GrantedPlace::Here);
    }
    let may_have = block.record.affinity.serves(class)
        && !reservations::is_held(&block, address);
    match may_have {
        true => Ok(GrantedPlace::Elsewhere),
        false => {
            let host = owner.to_string();
            Err(StickyError::BlockOfOthers { name, address, host })
        }
    }
}

/// Asks the ledger for the addresses of the name, and for a free one of each
/// family that has none.
fn give(
    host: &Host,
    asked: &AssignRequest,
    asking: &Asking,
    (places, wait): (&[(IpAddr, GrantedPlace)], Wait),
) -> Result<Vec<IpAddr>, StickyError> {
    let mut request = asked.clone();
    for (address, _) in places.iter().copied() {
        let family = Family::of(address);
        let other = asked.requested.iter().copied();
        let mut other = other.filter(|ip| Family::of(*ip) == family);
        if let Some(asked) = other.find(|ip| *ip != address) {
            let name = asking.name.clone();
            return Err(StickyError::OtherRequested { name, asked, address });
        }
        request.requested.retain(|ip| *ip != address);
        request.requested.push(address);
    }
    let who = &asked.attachment;
    let granted = places.to_vec();
    host.addresses.with(|ledger| ledger.grant(who, granted));
    let given = host.addresses.assign(&request, wait);
    host.addresses.with(|ledger| ledger.revoke(who));
    given.map_err(|error| fullness::explained(host, error).into())
}

/// Waits until the ledger knows that new addresses are kept: released a moment
/// later they must not go to others.
fn settle(host: &Host, new: &[IpAddr]) {
    if new.is_empty() {
        return;
    }
    let is_kept = |now: &crate::registry::Snapshot| {
        new.iter().all(|ip| now.reservations.contains_key(ip))
    };
    host.addresses.wait_for(host.registry.heard(is_kept));
    follow::feed(host);
}
