//! Adoption: what a starting agent makes of what is there. Acts.
//!
//! Everything that lives stays. What another boot left is void; an ADD that
//! was cut off is undone; a DEL that found no agent is done now.

use tartan_agent_api::plugin::Link;
use tartan_agent_api::record::Record;
use tartan_agent_api::run_dir::{RunDir, RunDirError};
use tartan_ebpf::MapError;
use tartan_hostnet::{OpenError, Rtnl};
use tartan_model::BootId;
use thiserror::Error;

use crate::attach::{delete, host_end};
use crate::doubles::{self, Double, Evidence};
use crate::endpoints::{self, Mode, ObserveError};
use crate::host::Host;
use crate::{chain, follow, foreign, nat};

/// Adoption could not be carried through.
#[derive(Debug, Error)]
pub(crate) enum AdoptError {
    #[error("cannot open a netlink socket")]
    Netlink(#[from] OpenError),
    #[error("cannot see what the kernel has")]
    Observe(#[from] ObserveError),
    #[error("cannot read tombstones")]
    Tombstones(#[from] RunDirError),
    #[error("cannot clean the kernel's maps")]
    Maps(#[from] MapError),
}

/// The records of this boot. Damaged ones are set aside, those of another
/// boot removed: the host's links are gone with it.
pub(crate) fn records(
    run: &RunDir,
    boot: &BootId,
) -> Result<Vec<Record>, RunDirError> {
    let mut living = Vec::new();
    for found in run.records()? {
        match found {
            Ok(record) if record.boot == *boot => living.push(record),
            Ok(record) => {
                tracing::info!(
                    attachment = %record.attachment,
                    "void: of another boot"
                );
                run.remove_record(&record.attachment)?;
            }
            Err(error) => set_aside(run, &error)?,
        }
    }
    Ok(living)
}

fn set_aside(run: &RunDir, error: &RunDirError) -> Result<(), RunDirError> {
    tracing::warn!("{}; set aside, rebuilt from the kernel", chain(error));
    match error {
        RunDirError::Damaged { path, .. } => run.set_aside(path),
        // What cannot be read is left where it is.
        RunDirError::Io { .. } => Ok(()),
    }
}

/// Makes memory, records and kernel agree, before any plugin is heard.
pub(crate) fn adopt(host: &Host) -> Result<(), AdoptError> {
    let mut rtnl = Rtnl::open()?;
    let strays = host.dataplane.remove_stray_addresses()?;
    tracing::debug!(strays, "addresses without an endpoint removed");
    set_doubles_aside(host, &mut rtnl)?;
    restore(host);
    host.nat.restore(&host.attachments.all());
    let report = endpoints::reconcile(host, &mut rtnl, Mode::Apply)?;
    tracing::info!(
        attachments = host.attachments.count(),
        done = report.done.len(),
        failed = report.failed.len(),
        "adopted"
    );
    bury(host, &mut rtnl)?;
    if let Err(error) = nat::reconcile(host, Mode::Apply) {
        // Those who ask for nothing are served all the same.
        tracing::warn!("{}", chain(&error));
    }
    follow::release_orphans(host);
    Ok(())
}

/// Of records that claim one address, puts all but the true one out of the
/// way, for people to look at.
fn set_doubles_aside(host: &Host, rtnl: &mut Rtnl) -> Result<(), RunDirError> {
    let doubles =
        doubles::doubles(&host.attachments.all(), |record| Evidence {
            is_real: match record.link() {
                Link::Ours => host_end::is_named(rtnl, record),
                Link::Foreign => foreign::exists(record),
            },
            is_held: host.addresses.look(|ledger| {
                let held = ledger.by_attachment(&record.attachment);
                held.is_some_and(|h| h.generation == record.generation())
            }),
        });
    for Double { attachment, address, owner } in doubles {
        tracing::error!(
            "the record of {attachment} claims {address}, which {owner} has; \
             set aside"
        );
        host.attachments.set_aside(&attachment)?;
    }
    Ok(())
}

/// Tells the ledger what living attachments have.
fn restore(host: &Host) {
    for record in host.attachments.all() {
        if let Err(error) = host.addresses.restore(&record) {
            tracing::error!("{}", chain(&error));
        }
    }
}

/// Does what tombstones ask for.
pub(crate) fn bury(host: &Host, rtnl: &mut Rtnl) -> Result<(), RunDirError> {
    for found in host.run.tombstones()? {
        let stone = match found {
            Ok(stone) => stone,
            Err(error) => {
                set_aside(&host.run, &error)?;
                continue;
            }
        };
        tracing::info!(attachment = %stone.attachment, "replaying a DEL");
        let deleted = delete::delete_generation(
            host,
            rtnl,
            &stone.attachment,
            stone.generation,
        );
        match deleted {
            Ok(()) => host.run.remove_tombstone(&stone.attachment)?,
            Err(error) => tracing::warn!("{}", chain(&error)),
        }
    }
    Ok(())
}
