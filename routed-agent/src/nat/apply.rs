//! Changes translation in the kernel. Acts; a failed step does not keep the
//! next from being taken.

use tartan_hostnet::nft::{Nft, Transaction};
use tartan_hostnet::{Forwarding, NetfilterError, set_loopback_routing};

use crate::nat::skeleton::{chains, rules, sets, table};
use crate::nat::{Held, NatError, Report, Step, foreign};

/// Takes the steps in their order.
pub(super) fn apply(nft: &mut Nft, steps: Vec<Step>) -> Report {
    let mut report = Report::default();
    for step in steps {
        match take(nft, &step) {
            Ok(()) => {
                tracing::info!("translation reconciled: {step}");
                report.done.push(step);
            }
            Err(error) => {
                let why = crate::chain(&error);
                tracing::warn!(why, "translation not reconciled: {step}");
                report.failed.push((step, why));
            }
        }
    }
    report
}

fn take(nft: &mut Nft, step: &Step) -> Result<(), NatError> {
    match step {
        Step::Make(elements) => {
            let mut all = Transaction::of(&table());
            // Made before it is deleted: so it is there to be deleted.
            all.add_table().delete_table().add_table();
            for chain in &chains() {
                all.add_chain(chain);
            }
            for set in &sets() {
                all.add_set(set);
            }
            for rule in &rules() {
                all.append_rule(rule);
            }
            nft.apply(all.add_elements(elements))?;
        }
        Step::Unmake => {
            nft.apply(Transaction::of(&table()).delete_table())?;
        }
        Step::Change { remove, add } => {
            let mut all = Transaction::of(&table());
            nft.apply(all.delete_elements(remove).add_elements(add))?;
        }
        Step::Loopback(link) => set_loopback_routing(link, Forwarding::On)?,
        Step::Close { family, rule } => {
            let mut all = Transaction::of(&foreign::filter(*family));
            nft.apply(all.delete_rule(&rule.chain, rule.handle))?;
        }
        Step::Open { family, chain, way } => {
            let mut all = Transaction::of(&foreign::filter(*family));
            nft.apply(all.insert_rule(&way.rule(chain)))?;
        }
    }
    Ok(())
}

/// Puts what one attachment asks for into a table that is there. The table's
/// guard stands before the link lets packets of 127.0.0.0/8 pass.
pub(super) fn put(nft: &mut Nft, held: &Held) -> Result<(), NatError> {
    let mut all = Transaction::of(&table());
    nft.apply(all.add_elements(&held.elements()))?;
    if held.is_at_loopback() {
        set_loopback_routing(&held.link, Forwarding::On)?;
    }
    Ok(())
}

/// Takes it out. The link goes on its own.
pub(super) fn remove(nft: &mut Nft, held: &Held) -> Result<(), NetfilterError> {
    let mut all = Transaction::of(&table());
    nft.apply(all.delete_elements(&held.elements()))
}
