//! Why an address was not given, and what to do about it. Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use tartan_ipam::AssignError;
use tartan_ipam::claimer::ClaimError;
use tartan_model::{Attachment, HostName, PoolName};
use tartan_store::StoreError;
use thiserror::Error;

use super::MirrorError;
use super::claiming::CLAIM_PATIENCE;
use crate::fullness::Fullness;

/// Why no address was given.
#[derive(Debug, Error)]
pub(crate) enum AddressError {
    #[error(transparent)]
    Assign(#[from] AssignError),
    #[error("{why}; {figures}")]
    Exhausted { why: AssignError, figures: Fullness },
    #[error("cannot claim a block of pool {pool}")]
    Claim {
        pool: PoolName,
        #[source]
        source: Box<ClaimError>,
    },
    #[error("cannot mirror a claimed block")]
    Mirror(#[from] MirrorError),
    #[error("the claims of this host are not confirmed by the store yet")]
    Unconfirmed,
    #[error(
        "the store was restored from a copy, and {} of its hosts have not \
         made their claims again yet", .0.len()
    )]
    Missing(BTreeSet<HostName>),
    #[error("this host is being removed from the cluster, or was")]
    Removed,
    #[error(
        "{} addresses that this host no longer owns are still had by its \
         containers: it was removed from the cluster, or another host has \
         their block", .holders.len()
    )]
    Lost { holders: Vec<(IpAddr, Attachment)> },
    #[error("the store is not the one it was")]
    Suspicious,
    #[error("cannot see whether the store is the one it was")]
    Store(#[source] Box<StoreError>),
    #[error("no block could be claimed within {CLAIM_PATIENCE:?}")]
    TooLong,
    #[error("a block must be claimed first, and the store does not answer")]
    NoAnswer,
    #[error(
        "the store has not answered for {} s, longer than max_offline \
         ({} s) allows", .since.as_secs(), .longest.as_secs()
    )]
    Offline { since: Duration, longest: Duration },
}

impl AddressError {
    /// What to do about it.
    #[expect(clippy::too_many_lines, reason = "a table: a row for each case")]
    pub(crate) fn remedy(&self) -> String {
        match self {
            Self::Assign(AssignError::UnknownPool(pool)) => format!(
                "make it: tartan pool create {pool} --cidr 10.77.0.0/16"
            ),
            Self::Assign(AssignError::PoolDraining(pool)) => format!(
                "name another pool, or let it give again: tartan pool undrain \
                 {pool}"
            ),
            Self::Exhausted { why, figures } => of_full(why, figures),
            Self::Assign(AssignError::RangeOutsidePools { subnet, .. }) => {
                format!(
                    "make one around it: tartan pool create NAME --cidr \
                     {subnet}; or choose a subnet of a pool: tartan pool list"
                )
            }
            Self::Assign(AssignError::GatewayInUse { .. }) => {
                "delete its holder, or name another \"gateway\"; a gateway \
                 that is reserved first is given to nobody: tartan ip reserve"
                    .to_owned()
            }
            Self::Assign(AssignError::RequestedInUse { .. }) => {
                "choose another address, or delete its holder".to_owned()
            }
            Self::Claim { source, .. }
                if matches!(**source, ClaimError::Store { .. }) =>
            {
                "a new block needs the store; look at: tartan status".to_owned()
            }
            Self::Missing(hosts) => {
                let names: Vec<_> =
                    hosts.iter().map(HostName::as_str).collect();
                format!(
                    "start the agents of {}; one that is gone for good: \
                     tartan host remove NAME, or go on without them: tartan \
                     host forget-missing",
                    names.join(", ")
                )
            }
            Self::Removed => "see tartan host list on another host; it enters \
                              anew when its blocks are freed"
                .to_owned(),
            Self::Lost { holders } => {
                let names: Vec<_> = holders
                    .iter()
                    .take(5)
                    .map(|(ip, who)| format!("{who} ({ip})"))
                    .collect();
                format!("end these containers first: {}", names.join(", "))
            }
            Self::Unconfirmed
            | Self::Suspicious
            | Self::Store(_)
            | Self::NoAnswer
            | Self::TooLong => {
                "a new block needs the store; look at: tartan status".to_owned()
            }
            Self::Offline { .. } => {
                "the store must be reached again; look at: tartan status"
                    .to_owned()
            }
            Self::Assign(_) | Self::Claim { .. } | Self::Mirror(_) => {
                String::new()
            }
        }
    }
}

/// What to do where nothing is left.
fn of_full(why: &AssignError, figures: &Fullness) -> String {
    let mut remedies = Vec::new();
    if let AssignError::Exhausted { soonest: Some(wait), .. } = why {
        let seconds = wait.as_secs() + 1;
        remedies.push(format!(
            "wait {seconds} s until the first released address has rested"
        ));
    }
    if let Some((pool, cidr)) = figures.first() {
        remedies.push(format!(
            "enlarge the pool: tartan pool enlarge {pool} --cidr, a prefix \
             around {cidr}"
        ));
        remedies.push(format!(
            "see who has its addresses: tartan ip list --pool {pool}"
        ));
    }
    remedies.push("look for leaks: tartan ip check".to_owned());
    remedies.join("; ")
}
