//! Takes other hosts out of the cluster, and says that this one is there. Acts.
//!
//! Tasks: [`keep`] goes on with removals that somebody began, here or on
//! another host; [`keep_saying`] notes in the store when this host spoke.
//! Aborted, any other host's go on: each step is one transaction.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tartan_ipam::hosts::{self, ContactError};
use tartan_ipam::removal::{self, Death, Progress, RemovalError};
use tartan_ipam::{AgentState, Removal};
use tartan_model::HostName;

use crate::addresses::Standing;
use crate::chain;
use crate::host::Host;

/// How often a removal that was begun is looked at.
const LOOK: Duration = Duration::from_secs(60);
/// How often this host says that it is there.
pub(crate) const SAY: Duration = Duration::from_secs(60);
/// Looks in a row that others may spoil, and the wait between.
const MOST_SPOILED: usize = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// What became of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Removed {
    /// Blocks freed now.
    pub(crate) freed: usize,
    /// Until when the others rest; none where nothing is left.
    pub(crate) resting: Option<Removal>,
}

/// Removes a host as far as can be done now.
pub(crate) async fn remove(
    host: &Host,
    name: &HostName,
    death: Death,
) -> Result<Removed, RemovalError> {
    let rest = host.registry.snapshot().settings.max_offline();
    removal::begin(&host.store, name, death, (unix_now(), rest)).await?;
    host.crash.before("remove:begun");
    finish(host, name).await
}

async fn finish(host: &Host, name: &HostName) -> Result<Removed, RemovalError> {
    let (mut freed, mut spoiled) = (0, 0);
    loop {
        let resting = match removal::go_on(&host.store, name).await? {
            Progress::Freed(0) if spoiled < MOST_SPOILED => {
                spoiled += 1;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Progress::Freed(0) => {
                return Err(RemovalError::Contended(name.clone()));
            }
            Progress::Freed(count) => {
                freed += count;
                host.crash.before("remove:freed");
                continue;
            }
            Progress::Resting(removal) => Some(removal),
            Progress::Done => None,
        };
        return Ok(Removed { freed, resting });
    }
}

/// Goes on with removals until it is aborted.
pub(crate) async fn keep(host: Arc<Host>) {
    loop {
        if let Err(error) = go_on(&host).await {
            tracing::warn!("{}", chain(&*error));
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn go_on(
    host: &Host,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    for name in hosts::being_removed(&host.store).await? {
        let removed = finish(host, &name).await?;
        if removed.resting.is_none() {
            tracing::info!(host = %name, freed = removed.freed, "removed");
        }
    }
    Ok(())
}

/// Says that this host is there until it is aborted.
pub(crate) async fn keep_saying(host: Arc<Host>) {
    loop {
        say(&host, AgentState::Running).await;
        tokio::time::sleep(SAY).await;
    }
}

/// Notes in the store what this host does now.
pub(crate) async fn say(host: &Host, agent: AgentState) {
    let Standing::Confirmed(claimant) = host.addresses.standing() else {
        return;
    };
    let now = (unix_now(), agent);
    match hosts::note_contact(&host.store, &claimant, now).await {
        Ok(()) => {}
        Err(error @ ContactError::Outdated(_)) => {
            tracing::warn!("{error}");
            host.seen.suspect();
        }
        Err(error) => tracing::debug!("{}", chain(&error)),
    }
}

/// Seconds since 1970, for people.
pub(crate) fn unix_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
