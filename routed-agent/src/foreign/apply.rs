//! Takes back what the dead had. Acts; goes on after a failure, and looks
//! again before it takes anything: meanwhile the attachment may have begun
//! another life.

use tartan_hostnet::Rtnl;
use tartan_ipam::Proof;

use super::candidates::Candidate;
use crate::attach::delete;
use crate::endpoints::{Report, Step};
use crate::host::Host;

/// Ends each of the dead that nobody acts on now.
pub(super) fn apply(
    host: &Host,
    rtnl: &mut Rtnl,
    dead: impl Iterator<Item = Candidate>,
) -> Report {
    let mut report = Report::default();
    for one in dead {
        let ended = end(host, rtnl, &one);
        let attachment = &one.attachment;
        match ended {
            Some(Ok(())) => {
                tracing::info!(%attachment, "its network namespace is gone");
                report.done.push(Step::from(one));
            }
            Some(Err(error)) => {
                let why = crate::chain(&error);
                report.failed.push((Step::from(one), why));
            }
            None => report.needless += 1,
        }
    }
    report
}

fn end(
    host: &Host,
    rtnl: &mut Rtnl,
    dead: &Candidate,
) -> Option<Result<(), delete::DeleteError>> {
    let claim = host.attachments.try_claim(&dead.attachment)?;
    if let Some(record) = claim.record() {
        let is_meant = record.generation() == dead.generation
            && record.netns_cookie == dead.cookie;
        return is_meant.then(|| delete::remove(host, rtnl, &claim, &record));
    }
    let held = host.addresses.look(|l| l.by_attachment(&dead.attachment))?;
    let is_meant =
        held.generation == dead.generation && held.proof == Proof::Recorded;
    is_meant.then(|| {
        host.addresses.release(&dead.attachment, dead.generation);
        Ok(())
    })
}
