//! Which host's ends have their peer in which namespace, by the number that
//! this host's namespace gave it. Pure.
//!
//! Learnt from what is told of links: an event in a container comes with that
//! number alone.

use std::collections::{BTreeMap, BTreeSet};

use tartan_hostnet::Link;

use crate::attach::wire::GROUP_LIVE;

/// Namespaces of containers.
#[derive(Debug, Default)]
pub(crate) struct Namespaces {
    of_link: BTreeMap<u32, u32>,
    links: BTreeMap<u32, BTreeSet<u32>>,
}

impl Namespaces {
    /// A link is there, or has changed.
    pub(crate) fn is(&mut self, link: &Link) {
        if link.group != GROUP_LIVE {
            return self.gone(link.index);
        }
        let before = self.of_link.get(&link.index).copied();
        if before == link.peer_netns_id {
            return;
        }
        self.gone(link.index);
        if let Some(netns) = link.peer_netns_id {
            self.of_link.insert(link.index, netns);
            self.links.entry(netns).or_default().insert(link.index);
        }
    }

    /// A link has gone.
    pub(crate) fn gone(&mut self, link: u32) {
        let Some(netns) = self.of_link.remove(&link) else { return };
        if let Some(links) = self.links.get_mut(&netns) {
            links.remove(&link);
            if links.is_empty() {
                self.links.remove(&netns);
            }
        }
    }

    /// The host's ends whose peers are in a namespace.
    pub(crate) fn links_into(&self, netns: u32) -> impl Iterator<Item = u32> {
        self.links.get(&netns).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests;
