//! Ends what nobody ended: attachments whose container died without a DEL,
//! and those that a runtime says it no longer has. Acts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tartan_agent_api::plugin::{CollectGarbage, Fault, ValidAttachment, code};
use tartan_agent_api::record::{Record, RecordState};
use tartan_agent_api::run_dir::RunDirError;
use tartan_hostnet::{OpenError, Rtnl};
use tartan_model::Attachment;

use crate::adopt;
use crate::attach::delete;
use crate::chain;
use crate::dataplane::{self, KnowError};
use crate::endpoints::{self, Mode, ObserveError, Report};
use crate::foreign;
use crate::host::Host;
use crate::nat::{self, NatError};

/// How often every attachment is held against the kernel.
const EVERY: Duration = Duration::from_secs(60);

/// A sweep that could not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SweepError {
    #[error("cannot open a netlink socket")]
    Netlink(#[from] OpenError),
    #[error("cannot read tombstones")]
    Tombstones(#[from] RunDirError),
    #[error("cannot see what the kernel has")]
    Observe(#[from] ObserveError),
    #[error("cannot tell the programs of this host")]
    Know(#[from] KnowError),
    #[error("cannot reconcile translation")]
    Translate(#[from] NatError),
}

/// What a sweep came to: of endpoints, and of translation.
pub(crate) struct Swept {
    pub(crate) endpoints: Report,
    pub(crate) translation: nat::Report,
}

/// Sweeps once, as `tartan gc` asks. Blocks.
pub(crate) fn sweep(host: &Host, mode: Mode) -> Result<Swept, SweepError> {
    let mut rtnl = Rtnl::open()?;
    if mode == Mode::Apply {
        adopt::bury(host, &mut rtnl)?;
    }
    let mut endpoints = endpoints::reconcile(host, &mut rtnl, mode)?;
    endpoints.absorb(foreign::reconcile(host, &mut rtnl, mode));
    let translation = nat::reconcile(host, mode)?;
    Ok(Swept { endpoints, translation })
}

/// Starts the thread that sweeps every minute until the process ends.
pub(crate) fn start(host: &Arc<Host>) -> std::io::Result<()> {
    let host = Arc::clone(host);
    let run = move || {
        loop {
            thread::park_timeout(EVERY);
            if let Err(error) = once(&host) {
                tracing::warn!("{}", chain(&error));
            }
        }
    };
    thread::Builder::new().name("sweep".to_owned()).spawn(run)?;
    Ok(())
}

/// Holds every attachment against the kernel, and the host's addresses, of
/// which nobody tells, against what the programs know.
fn once(host: &Host) -> Result<(), SweepError> {
    let mut rtnl = Rtnl::open()?;
    endpoints::reconcile(host, &mut rtnl, Mode::Apply)?;
    foreign::reconcile(host, &mut rtnl, Mode::Apply);
    if let Err(error) = nat::reconcile(host, Mode::Apply) {
        tracing::warn!("{}", chain(&error));
    }
    Ok(dataplane::know_host(&mut rtnl, &host.dataplane)?)
}

/// Detaches what `wish` does not list of its network. Goes on after a
/// failure and tells of all at the end.
pub(crate) fn collect(
    host: &Host,
    rtnl: &mut Rtnl,
    wish: &CollectGarbage,
) -> Result<(), Fault> {
    let mut failed = Vec::new();
    let unconfirmed = foreign::unconfirmed(host);
    let stale = stale(&host.attachments.all(), wish).into_iter();
    for attachment in stale.chain(unlisted(unconfirmed.iter(), wish)) {
        tracing::info!(%attachment, "no longer known to its runtime");
        if let Err(error) = delete::delete(host, rtnl, &attachment, None, None)
        {
            failed.push(chain(&error));
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Fault {
        code: code::IO,
        msg: format!("{} attachments stay", failed.len()),
        details: failed.join("; "),
    })
}

/// The attachments of the network that are not listed. One whose ADD has not
/// ended is never among them: its runtime cannot know of it yet.
fn stale(records: &[Record], wish: &CollectGarbage) -> Vec<Attachment> {
    let ready = records.iter().filter(|r| r.state == RecordState::Ready);
    unlisted(ready.map(|record| &record.attachment), wish)
}

fn unlisted<'a>(
    attachments: impl Iterator<Item = &'a Attachment>,
    wish: &CollectGarbage,
) -> Vec<Attachment> {
    let valid: BTreeSet<&ValidAttachment> = wish.valid.iter().collect();
    attachments
        .filter(|attachment| *attachment.network() == wish.network)
        .filter(|attachment| {
            !valid.contains(&ValidAttachment {
                container: attachment.container().clone(),
                interface: attachment.interface().clone(),
            })
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests;
