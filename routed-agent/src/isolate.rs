//! Keeps containers from speaking for addresses that this host no longer owns:
//! others may have been given them. Acts.
//!
//! Their entries are taken out of the kernel's maps, so that what they send and
//! what is sent to them is dropped (`no_endpoint`); the sweep leaves it so. The
//! containers themselves stay.

use std::collections::BTreeSet;

use tartan_model::Attachment;

use crate::attach::host_end;
use crate::endpoints::Endpoints;
use crate::host::Host;

/// Takes every container with such an address out of the kernel's maps.
pub(crate) fn isolate(host: &Host) {
    let lost = host.addresses.lost_holders();
    for record in host.attachments.all() {
        if lost.iter().any(|(_, who)| *who == record.attachment) {
            let attachment = &record.attachment;
            tracing::warn!(
                %attachment,
                "isolated: this host does not own its addresses any more"
            );
            host_end::declassify(host, &record);
        }
    }
}

/// The attachments that are kept out of the kernel's maps.
pub(crate) fn isolated(host: &Host) -> BTreeSet<Attachment> {
    let lost = host.addresses.lost_holders();
    lost.into_iter().map(|(_, who)| who).collect()
}

/// Lets the sweep not write them back.
pub(crate) fn spare(host: &Host, desired: &mut Endpoints) {
    let lost = host.addresses.lost_holders();
    for endpoint in desired.wired.values_mut() {
        let who = endpoint.attachment.as_ref();
        if lost.iter().any(|(_, lost)| Some(lost) == who) {
            endpoint.entry = None;
        }
    }
}
