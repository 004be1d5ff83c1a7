//! What this host owns, confirmed with the store; and what is done where the
//! store is not the one it was. Acts.
//!
//! ```text
//!   memory + store --judge--> same: a claim that the store lacks is made again
//!                  `--------> restored: all hosts are called; each makes its
//!                             claims again, puts the counters of numbers up,
//!                             signs; claiming goes on when all have signed
//! ```
//!
//! Tasks: [`keep`], which asks the store again when somebody suspects it and
//! every [`LOOK`]. Aborted, the next agent does it all again.

mod forgotten;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tartan_ipam::claimer::own_blocks;
use tartan_ipam::host::{Presence, RegisterError, register};
use tartan_ipam::reassert::{self, ReassertError, Reasserted, reassert};
use tartan_ipam::{Claimant, Claimed, Instance};
use tartan_model::HostName;
use tartan_store::{Revision, StoreError, StoreId};
use thiserror::Error;

use crate::addresses::Standing;
use crate::host::Host;
use crate::instance::random_id;
use crate::registry::RegistryError;
use crate::seen::{Memory, Verdict};
use crate::{chain, follow, isolate};
use forgotten::{Forgotten, forgotten};

/// First wait after the store did not answer, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// How often the store is looked at without a cause: the time within which
/// hosts learn of anything in the cluster.
const LOOK: Duration = Duration::from_secs(15);

/// What this host owns could not be confirmed.
#[derive(Debug, Error)]
pub(crate) enum ConfirmError {
    #[error("cannot see which store this is")]
    Look(#[source] StoreError),
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error("cannot read the blocks of this host")]
    Blocks(#[source] StoreError),
    #[error(transparent)]
    Reassert(#[from] ReassertError),
    #[error("cannot put up the counters of numbers")]
    Numbers(#[from] RegistryError),
}

/// How it stands with what this host owns.
#[derive(Debug, Default)]
pub(crate) struct Claims(Mutex<ClaimsReport>);

/// The same, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClaimsReport {
    /// Why the store is not the one it was, where that was found since the
    /// agent started.
    pub(crate) alarm: Option<String>,
    /// Claims made again since then.
    pub(crate) again: usize,
    /// Claims that others had by then.
    pub(crate) lost: usize,
    /// Why the store has not confirmed them.
    pub(crate) failing: Option<String>,
}

impl Claims {
    /// For people.
    pub(crate) fn report(&self) -> ClaimsReport {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, note: impl FnOnce(&mut ClaimsReport)) {
        note(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Confirms with the store what this host owns until it has answered, and
/// again whenever it may have become another, until this is aborted.
pub(crate) async fn keep(host: Arc<Host>) {
    let mut wait = FIRST_WAIT;
    loop {
        let is_confirmed =
            matches!(host.addresses.standing(), Standing::Confirmed(_));
        if is_confirmed && host.claims.report().failing.is_none() {
            wait = FIRST_WAIT;
            cause_to_ask(&host).await;
        } else {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        if let Err(error) = confirm(&host).await {
            let why = chain(&error);
            tracing::warn!("blocks of this host are not confirmed: {why}");
        }
    }
}

/// Waits for a reason to ask the store again what this host owns.
async fn cause_to_ask(host: &Host) {
    loop {
        let suspicion = host.seen.suspicion();
        if tokio::time::timeout(LOOK, suspicion).await.is_ok() {
            return;
        }
        // A store that is away is no other: nothing is claimed meanwhile.
        if !is_as_expected(host).await.unwrap_or(true) {
            return;
        }
    }
}

async fn is_as_expected(host: &Host) -> Result<bool, ConfirmError> {
    let memory = host.seen.memory();
    let (_, at, verdict) = look(host, &memory).await?;
    let call = reassert::current_call(&host.store).await?;
    host.seen.saw(at);
    let is_expected = !verdict.is_restored() && call == memory.call;
    if is_expected {
        host.addresses.made_contact();
    }
    Ok(is_expected)
}

async fn look(
    host: &Host,
    memory: &Memory,
) -> Result<(StoreId, Revision, Verdict), ConfirmError> {
    let id = host.store.identity().await.map_err(ConfirmError::Look)?;
    let at = host.store.revision().await.map_err(ConfirmError::Look)?;
    let verdict = memory.judge(&id, at);
    Ok((id, at, verdict))
}

/// Confirms with the store what this host owns, once.
pub(crate) async fn confirm(host: &Host) -> Result<(), ConfirmError> {
    let done = try_confirm(host).await;
    let failing = done.as_ref().err().map(|error| chain(error));
    host.claims.note(|report| report.failing = failing);
    done
}

async fn try_confirm(host: &Host) -> Result<(), ConfirmError> {
    let memory = host.seen.memory();
    let (id, at, verdict) = look(host, &memory).await?;
    announce(host, &verdict);
    let call = call(host, &memory, &verdict).await?;
    let has_to_follow = verdict.is_restored() || call != memory.call;
    if has_to_follow {
        // Until it is known what is whose there, nothing is claimed in it.
        host.addresses.stand(Standing::Unconfirmed);
    }
    let claimant = entered(host).await?;
    claims(host, &memory, &claimant, has_to_follow).await?;
    if let Some(call) = call.as_deref().filter(|_| has_to_follow) {
        host.registry.raise_numbers().await?;
        reassert::sign(&host.store, &host.name, call).await?;
        host.registry.read_again();
    }
    if verdict == Verdict::Same {
        host.seen.saw(at);
    } else {
        host.seen.accept(id, at);
    }
    host.seen.followed(call.clone());
    host.addresses.made_contact();
    agree(host, claimant, call).await
}

/// The call to make claims again that is out, made now where need be.
async fn call(
    host: &Host,
    memory: &Memory,
    verdict: &Verdict,
) -> Result<Option<String>, ConfirmError> {
    if !verdict.is_restored() {
        return Ok(reassert::current_call(&host.store).await?);
    }
    let known = memory.call.as_deref();
    let name = random_id().map_err(|source| {
        // Only a missing /proc can be the cause; the host's name will do.
        tracing::warn!(%source, "no random id");
    });
    let name = name.unwrap_or_else(|()| host.name.to_string());
    Ok(Some(reassert::call(&host.store, known, &name).await?))
}

async fn entered(host: &Host) -> Result<Claimant, ConfirmError> {
    let presence = Presence {
        host: host.name.clone(),
        instance: Instance(host.instance.clone()),
        boot: host.boot.clone(),
        address: None,
    };
    let registered = register(&host.store, &presence).await;
    if let Err(
        RegisterError::Removed { .. } | RegisterError::AnotherInstance { .. },
    ) = &registered
    {
        host.addresses.stand(Standing::Removed);
    }
    Ok(registered?.claimant(host.name.clone()))
}

/// Takes in the blocks of this host, those too that the store has forgotten.
async fn claims(
    host: &Host,
    memory: &Memory,
    claimant: &Claimant,
    is_restored: bool,
) -> Result<(), ConfirmError> {
    // A block that is given back after it was read would be taken in again.
    let _held_off = host.addresses.hold_claims().await;
    let own = own_blocks(&host.store, claimant).await;
    let own = own.map_err(ConfirmError::Blocks)?;
    for error in &own.unreadable {
        tracing::error!("{}", chain(error));
    }
    let mut all = own.valid;
    let held = host.addresses.look(tartan_ipam::Ledger::claims);
    let remembered = if is_restored { &memory.claims[..] } else { &[] };
    for found in forgotten(&held, remembered, &all, claimant.epoch) {
        match found {
            Forgotten::Void(prefix) => {
                tracing::error!(block = %prefix, "void: of an earlier epoch");
                host.claims.note(|report| report.lost += 1);
                host.addresses.lose_to_others(prefix);
            }
            Forgotten::Ours(claimed) => {
                all.extend(make_again(host, claimant, &claimed).await?);
            }
        }
    }
    host.addresses.confirm_claims(&all);
    follow::release_orphans(host);
    isolate::isolate(host);
    Ok(())
}

async fn make_again(
    host: &Host,
    claimant: &Claimant,
    claimed: &Claimed,
) -> Result<Option<Claimed>, ConfirmError> {
    let block = claimed.prefix;
    match reassert(&host.store, claimant, claimed).await? {
        Reasserted::Holds(holds) => {
            tracing::warn!(%block, "the store had no such claim: made again");
            host.claims.note(|report| report.again += 1);
            Ok(Some(holds))
        }
        Reasserted::Lost { by } => {
            let by = by.map_or_else(|| "?".to_owned(), |by| by.to_string());
            tracing::error!(
                %block,
                %by,
                "the claim is lost; containers with addresses of it are \
                 isolated, and nothing is given until they have ended"
            );
            host.claims.note(|report| report.lost += 1);
            host.addresses.lose_to_others(block);
            Ok(None)
        }
    }
}

/// Goes on claiming, or waits for hosts that have not followed a call.
async fn agree(
    host: &Host,
    claimant: Claimant,
    call: Option<String>,
) -> Result<(), ConfirmError> {
    let is_agreed = host.seen.memory().agreed == call;
    let missing: BTreeSet<HostName> = match call.as_deref() {
        Some(call) if !is_agreed => {
            reassert::missing(&host.store, call).await?
        }
        _ => BTreeSet::new(),
    };
    if missing.is_empty() {
        host.seen.agreed(call);
        host.addresses.stand(Standing::Confirmed(claimant));
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(HostName::as_str).collect();
    tracing::warn!(
        hosts = names.join(", "),
        "no new blocks and no new numbers until these have made their claims \
         again"
    );
    host.addresses.stand(Standing::Waiting(missing));
    Ok(())
}

fn announce(host: &Host, verdict: &Verdict) {
    let alarm = match verdict {
        Verdict::First | Verdict::Same => return,
        Verdict::Restored { seen, found } => format!(
            "the store was restored from a copy: this host has seen its \
             revision {seen}, it is at {found}"
        ),
        Verdict::Another { seen, found } => format!(
            "the store is another one: this host knew {seen}, it is {found}"
        ),
    };
    tracing::error!(
        "{alarm}; what it forgot of this host's blocks is said again"
    );
    host.claims.note(|report| report.alarm = Some(alarm));
}
