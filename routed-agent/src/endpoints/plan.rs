//! From what is and what should be to the steps between. Pure.
//!
//! The order, and why:
//!
//! 1. entries of the maps without a link go first: they only take room; then
//!    ADDs that were cut off, for nobody was told that they succeeded;
//! 2. classes before routes before links up: no packet finds a way before its
//!    class is in the kernel;
//! 3. links without a record are adopted where the kernel still knows whose
//!    they are, and retired otherwise, before
//! 4. attachments without a link are forgotten: what was adopted is not
//!    missed; likewise at last the classes of the limiter that are nobody's.
//!
//! Limits come right after classes: a moment without a limit harms less than
//! one without a class, and more than one without a route.

use std::num::NonZeroU16;

use tartan_ebpf::EndpointEntry;
use tartan_model::{Attachment, Generation};

use crate::attach::shaping::Paces;
use crate::endpoints::{Endpoint, Endpoints};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Remove a map entry whose link is gone.
    Declassify(u32),
    /// Undo an ADD that was cut off.
    Undo(Attachment, Generation),
    /// Write the class of a link that lacks it, or has another.
    Classify {
        /// Index of the host's end.
        index: u32,
        /// What it should be.
        entry: Box<EndpointEntry>,
    },
    /// Attach the programs to a link that lacks them, or has those of another
    /// build.
    Attach(Attachment, Generation),
    /// Remove pins of programs that are nobody's.
    Unpin(Generation),
    /// Make the limiter, or what of it is missing.
    Limiter,
    /// Limit an attachment as its record says.
    Limit(Attachment, Generation, Paces),
    /// Delete a class of the limiter that is nobody's.
    DropClass(NonZeroU16),
    /// Wire the host's end anew: routes, neighbours, up.
    Rewire(Attachment, Generation),
    /// Write the record of a link that outlived it.
    Adopt(Generation, Box<Endpoint>),
    /// Take down a link that is nobody's.
    Retire {
        /// Index of the host's end.
        index: u32,
        /// Which life it was.
        generation: Generation,
        /// Whose, where it is known.
        attachment: Option<Attachment>,
    },
    /// Forget an attachment whose link is gone: its container died.
    Forget(Attachment, Generation),
}

/// The steps from `observed` to `desired`, in order.
pub(crate) fn between(observed: &Endpoints, desired: &Endpoints) -> Vec<Step> {
    let strays = observed.stray_entries.iter().copied().map(Step::Declassify);
    let mut steps: Vec<Step> = strays.collect();
    for (generation, attachment) in &desired.unfinished {
        steps.push(Step::Undo(attachment.clone(), *generation));
    }
    if desired.limiter.is_whole && !observed.limiter.is_whole {
        steps.push(Step::Limiter);
    }
    for (generation, wanted) in &desired.wired {
        if let Some(found) = observed.wired.get(generation) {
            repair(*generation, found, wanted, &mut steps);
        }
    }
    for (generation, found) in &observed.wired {
        let is_known = desired.wired.contains_key(generation)
            || desired.unfinished.contains_key(generation);
        if !is_known {
            steps.push(adopt_or_retire(*generation, found));
        }
    }
    for (generation, wanted) in &desired.wired {
        if observed.wired.contains_key(generation) {
            continue;
        }
        if let Some(attachment) = wanted.attachment.clone() {
            steps.push(Step::Forget(attachment, *generation));
        }
    }
    let pins = observed.pins.difference(&desired.pins);
    steps.extend(pins.copied().map(Step::Unpin));
    let classes = &observed.limiter.classes;
    let strays = classes.difference(&desired.limiter.classes);
    steps.extend(strays.copied().map(Step::DropClass));
    steps
}

fn repair(
    generation: Generation,
    found: &Endpoint,
    wanted: &Endpoint,
    steps: &mut Vec<Step>,
) {
    if let (true, Some(entry)) = (found.entry != wanted.entry, &wanted.entry) {
        let entry = Box::new(*entry);
        steps.push(Step::Classify { index: found.index, entry });
    }
    if let (true, Some(attachment)) =
        (found.attach != wanted.attach, &wanted.attachment)
    {
        steps.push(Step::Attach(attachment.clone(), generation));
    }
    if let (true, Some(attachment)) =
        (found.paces != wanted.paces, &wanted.attachment)
    {
        let attachment = attachment.clone();
        steps.push(Step::Limit(attachment, generation, found.paces));
    }
    let is_wired = found.is_up && found.routes == wanted.routes;
    if let (false, Some(attachment)) = (is_wired, &wanted.attachment) {
        steps.push(Step::Rewire(attachment.clone(), generation));
    }
}

/// A link without a record is adopted where it is up and the maps know its
/// class under the same generation: then its container lives, and only the
/// run directory was lost. One that is down was never finished.
fn adopt_or_retire(generation: Generation, found: &Endpoint) -> Step {
    let is_whole = found.is_up
        && found.attachment.is_some()
        && found.entry.as_ref().is_some_and(|e| e.generation == generation);
    if is_whole {
        return Step::Adopt(generation, Box::new(found.clone()));
    }
    Step::Retire {
        index: found.index,
        generation,
        attachment: found.attachment.clone(),
    }
}

#[cfg(test)]
mod tests;
