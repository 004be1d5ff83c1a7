//! Our rules in tables of others. Pure.
//!
//! Docker sets the policy of chain FORWARD of `ip filter` to drop, and so do
//! others; an accept in our table cannot overrule a drop in another. So where
//! FORWARD drops, two rules of ours stand in it, or in DOCKER-USER, which
//! Docker leaves to rules of others: what comes by our links is accepted, and
//! what goes by them. They have the form that `iptables` (nf_tables) writes,
//! so that it lists them, and the comment "tartan", by which we know them
//! again.

use tartan_hostnet::nft::{
    Chain, Comparison, Expression as E, Hook, Meta, Policy, Register, Rule,
    Table, TableFamily, Verdict,
};
use tartan_model::Family;

use crate::nat::skeleton::LINKS;

/// The comment of a rule of ours.
pub(super) const MARK: &str = "tartan";
/// The chain whose policy counts.
pub(super) const FORWARD: &str = "FORWARD";
/// Docker's chain for rules of others (docs.docker.com, "Docker and
/// iptables"): asked before Docker's own.
pub(super) const DOCKER_USER: &str = "DOCKER-USER";

/// What of one family's `filter` table concerns us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// The chain in which rules of ours belong; none where nothing is
    /// dropped.
    pub(crate) place: Option<&'static str>,
    /// Rules of ours, in the order in which they are found.
    pub(crate) rules: Vec<Placed>,
    /// True where iptables-legacy has a filter table, which cannot be looked
    /// at.
    pub(crate) is_legacy: bool,
}

/// A rule of ours in a chain of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) chain: String,
    /// The number by which it is deleted; 0 in what should be.
    pub(crate) handle: u64,
    /// Which of ours it is; none where it was altered.
    pub(crate) way: Option<Way>,
}

/// Which way packets go that a rule accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// They come by a link of ours.
    From,
    /// They go by one.
    To,
}

impl Way {
    pub(super) const ALL: [Self; 2] = [Self::From, Self::To];

    /// What its rule does.
    pub(super) fn expressions(self) -> Vec<E> {
        let link = match self {
            Self::From => Meta::InName,
            Self::To => Meta::OutName,
        };
        vec![
            E::Meta(link, Register(0)),
            E::Compare(Comparison::Equal, Register(0), LINKS.to_vec()),
            E::IptablesComment(MARK.to_owned()),
            E::Count,
            E::Verdict(Verdict::Accept),
        ]
    }

    /// Its rule.
    pub(super) fn rule(self, chain: &str) -> Rule {
        let expressions = self.expressions();
        Rule { chain: chain.to_owned(), comment: None, expressions }
    }
}

impl Foreign {
    /// What should be: both rules where they belong.
    pub(super) fn wanted(&self) -> Self {
        let rules = self.place.into_iter().flat_map(|place| {
            Way::ALL.map(|way| Placed {
                chain: place.to_owned(),
                handle: 0,
                way: Some(way),
            })
        });
        Self { rules: rules.collect(), ..self.clone() }
    }
}

/// The table of a family that iptables writes.
pub(super) fn filter(family: Family) -> Table {
    let name = "filter".to_owned();
    Table { family: TableFamily::Of(family), name }
}

/// Where rules of ours belong among these chains.
pub(super) fn place(chains: &[Chain]) -> Option<&'static str> {
    let named = |name: &str| chains.iter().find(|chain| chain.name == name);
    let base = named(FORWARD)?.base?;
    if base.hook != Hook::Forward || base.policy != Policy::Drop {
        return None;
    }
    let has_docker_user = named(DOCKER_USER).is_some();
    Some(if has_docker_user { DOCKER_USER } else { FORWARD })
}

#[cfg(test)]
mod tests;
