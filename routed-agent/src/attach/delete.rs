//! DEL: detaches a container. Acts, and goes on after a failed step: a
//! container can always be deleted, and what remains is swept later.

use tartan_agent_api::record::Record;
use tartan_agent_api::run_dir::RunDirError;
use tartan_agent_api::seqpacket::Connection;
use tartan_hostnet::Rtnl;
use tartan_model::{Attachment, Generation};
use thiserror::Error;

use crate::attach::inside::Inside;
use crate::attach::steps::{DELETE_ANSWER, DeleteStep};
use crate::attach::{host_end, wire};
use crate::attachments::Claim;
use crate::host::Host;

/// Why an attachment still counts as one. Nothing in the kernel can bring
/// this about: only a record that cannot be removed.
#[derive(Debug, Error)]
#[error("cannot forget attachment {attachment}")]
pub(crate) struct DeleteError {
    attachment: Attachment,
    #[source]
    source: RunDirError,
}

/// Detaches `attachment`. What is not attached is detached already. A caller
/// that has gone is not served: it left a tombstone, or its runtime asks again,
/// and what is attached by now may be newer than its wish.
pub(crate) fn delete(
    host: &Host,
    rtnl: &mut Rtnl,
    attachment: &Attachment,
    inside: Option<&mut Inside>,
    caller: Option<&Connection>,
) -> Result<(), DeleteError> {
    let claim = host.attachments.claim(attachment);
    if caller.is_some_and(Connection::is_abandoned) {
        return Ok(());
    }
    match claim.record() {
        Some(record) => {
            remove(host, rtnl, &claim, &record)?;
            vacate(&record, inside);
        }
        // An assignment without a record has no container behind it.
        None => host.addresses.release_any(attachment),
    }
    host.crash.before(DELETE_ANSWER);
    Ok(())
}

/// Frees what the container's end has. Only inside the netns that the
/// attachment was made in: the path may lead to another container's by now.
pub(crate) fn vacate(record: &Record, inside: Option<&mut Inside>) {
    let is_known = record.container_index != 0;
    let ours = inside.filter(|i| is_known && i.cookie == record.netns_cookie);
    let Some(inside) = ours else { return };
    if let Err(error) = inside.rtnl.apply(wire::vacate(record))
        && !error.is_absent()
    {
        let attachment = &record.attachment;
        tracing::debug!(%attachment, %error, "the container's end waits for the reaper");
    }
}

/// Detaches the life that `generation` names, and nothing newer.
pub(crate) fn delete_generation(
    host: &Host,
    rtnl: &mut Rtnl,
    attachment: &Attachment,
    generation: Generation,
) -> Result<(), DeleteError> {
    let claim = host.attachments.claim(attachment);
    match claim.record() {
        Some(record) if record.generation() <= generation => {
            remove(host, rtnl, &claim, &record)
        }
        _ => Ok(()),
    }
}

/// Takes the attachment of `record` out of the kernel and out of memory.
pub(crate) fn remove(
    host: &Host,
    rtnl: &mut Rtnl,
    claim: &Claim<'_>,
    record: &Record,
) -> Result<(), DeleteError> {
    for step in DeleteStep::of(record.link()).iter().copied() {
        host.crash.before(step);
        take(step, host, rtnl, claim, record)?;
    }
    Ok(())
}

fn take(
    step: DeleteStep,
    host: &Host,
    rtnl: &mut Rtnl,
    claim: &Claim<'_>,
    record: &Record,
) -> Result<(), DeleteError> {
    let attachment = &record.attachment;
    match step {
        DeleteStep::Untranslate => {
            host.nat.remove(&host.registry.snapshot(), record);
        }
        DeleteStep::Declassify => host_end::declassify(host, record),
        DeleteStep::Detach => host_end::detach(host, record),
        DeleteStep::Unwire => host_end::retire(host, rtnl, record),
        DeleteStep::Unlimit => host_end::unlimit(host, rtnl, record),
        DeleteStep::RemoveRecord => {
            claim.remove().map_err(|source| DeleteError {
                attachment: attachment.clone(),
                source,
            })?;
        }
        DeleteStep::Release => {
            host.addresses.release(attachment, record.generation());
            if let Some(number) = record.limit_class {
                host.limiter.give_back(number);
            }
        }
    }
    Ok(())
}
