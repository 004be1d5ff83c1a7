//! What the watching thread makes of what it hears: which attachment, or
//! which thing of the host, is worth a look. Acts, by reading its sockets.

use std::time::Instant;

use tartan_agent_api::record::RecordState;
use tartan_hostnet::{Change, Happening, Received, happenings, is_sent_by};

use super::host_wide::Thing;
use super::kind::{Difference, Kind, Subject};
use super::patience::Cause;
use super::suspect;
use super::watch::{LONGEST_REST, REST, Target, Watch};
use crate::attach::wire;
use crate::dataplane;

/// A look at all of translation is followed by so many times the time that
/// it took: somebody may change rules in a loop.
const TRANSLATION_REST: u32 = 100;
/// Datagrams that are read before anything else has its turn.
const MOST_DATAGRAMS: usize = 4096;

impl Watch {
    pub(super) fn hear_own(&mut self) {
        for _ in 0..MOST_DATAGRAMS {
            let all: Vec<_> = match self.own.receive() {
                Ok(Received::Messages { datagram, .. }) => {
                    happenings(datagram).collect()
                }
                Ok(Received::Nothing) | Err(_) => return,
                Ok(Received::Lost) => {
                    self.is_round_due = true;
                    continue;
                }
            };
            all.into_iter().for_each(|happening| self.here(happening));
        }
    }

    pub(super) fn hear_others(&mut self) {
        let began = Instant::now();
        if began < self.deaf_until {
            return;
        }
        for _ in 0..MOST_DATAGRAMS {
            let (netns, all): (_, Vec<_>) = match self.others.receive() {
                // What happens here is heard by the other socket.
                Ok(Received::Messages { netns_id: None, .. }) => continue,
                Ok(Received::Messages { netns_id: Some(id), datagram }) => {
                    (id, happenings(datagram).collect())
                }
                Ok(Received::Nothing) | Err(_) => break,
                // No more than what happens in containers is heard here: one
                // of them must not have the whole host looked at.
                Ok(Received::Lost) => {
                    self.is_inside_round_due = true;
                    continue;
                }
            };
            all.into_iter().for_each(|it| self.in_container(netns, it));
        }
        let rest = (began.elapsed() * REST).min(LONGEST_REST);
        self.deaf_until = Instant::now() + rest;
    }

    /// Somebody changed rules of netfilter: theirs may have been ours. What
    /// this agent changed itself is passed over.
    pub(super) fn hear_nftables(&mut self) {
        let mut own = None;
        for _ in 0..MOST_DATAGRAMS {
            let is_of_others = match self.nftables.receive() {
                Ok(Received::Nothing) | Err(_) => break,
                Ok(Received::Lost) => true,
                Ok(Received::Messages { datagram, .. }) => {
                    let nat = &self.looker.host.nat;
                    let own = own.get_or_insert_with(|| nat.port());
                    !own.is_some_and(|port| is_sent_by(datagram, port))
                }
            };
            self.is_translation_due |= is_of_others;
        }
        if self.is_translation_due && Instant::now() >= self.translation_from {
            self.is_translation_due = false;
            self.mark(Target::Thing(Thing::Translation));
        }
    }

    /// Looks at a thing of the host.
    pub(super) fn look_at(&mut self, thing: Thing, cause: Cause) {
        let began = Instant::now();
        self.looker.thing(thing, cause);
        if thing == Thing::Translation {
            let rest = began.elapsed() * TRANSLATION_REST;
            self.translation_from = Instant::now() + rest;
        }
    }

    /// Something happened in this namespace.
    fn here(&mut self, happening: Happening) {
        match &happening {
            Happening::Link { change, link, .. } => {
                match change {
                    Change::Is => self.namespaces.is(link),
                    Change::Gone => self.namespaces.gone(link.index),
                }
                if dataplane::is_keeper(link) {
                    self.mark(Target::Thing(Thing::Keeper));
                    self.mark(Target::Thing(Thing::Filter));
                }
                let key = (None, link.index);
                self.links.insert(key, happening);
            }
            Happening::Route { to_address: Some(address), .. } => {
                self.suspect_address(*address, &happening);
            }
            Happening::Neighbour { neighbour, .. } => {
                self.suspect_link(neighbour.link, &happening);
            }
            Happening::Qdisc { link, is_clsact: true, .. } => {
                if !self.suspect_link(*link, &happening) {
                    self.mark(Target::Thing(Thing::Keeper));
                }
            }
            Happening::Filter { block } => {
                let blocks = [wire::BLOCKS.ingress, wire::BLOCKS.egress];
                if blocks.contains(block) {
                    self.mark(Target::Thing(Thing::Filter));
                }
            }
            Happening::Setting => self.mark(Target::Thing(Thing::Forwarding)),
            Happening::Address { .. } => self.mark(Target::Addresses),
            Happening::Route { .. }
            | Happening::Rule { .. }
            | Happening::Qdisc { .. } => {}
        }
    }

    /// Something happened in the namespace of that number.
    fn in_container(&mut self, netns: u32, happening: Happening) {
        if let Happening::Link { link, .. } = &happening {
            let key = (Some(netns), link.index);
            self.links.insert(key, happening);
            return;
        }
        self.suspect_inside(netns, &happening);
    }

    /// Holds the last that was told of each link against the records.
    pub(super) fn suspect_links(&mut self) {
        for ((netns, index), happening) in std::mem::take(&mut self.links) {
            match netns {
                Some(netns) => self.suspect_inside(netns, &happening),
                None => {
                    self.suspect_link(index, &happening);
                    if let Happening::Link { has_moved: true, .. } = happening {
                        self.tell_of_move(index);
                    }
                }
            }
        }
    }

    /// Answers whether the link is an attachment's.
    fn suspect_link(&mut self, index: u32, happening: &Happening) -> bool {
        let attachments = &self.looker.host.attachments;
        let found = attachments.look_at_link(index, |record| {
            suspect::at_host(happening, record)
                .then(|| record.attachment.clone())
        });
        if let Some(Some(attachment)) = found.clone() {
            self.mark(Target::End(attachment));
        }
        found.is_some()
    }

    fn suspect_address(
        &mut self,
        address: std::net::IpAddr,
        happening: &Happening,
    ) {
        let attachments = &self.looker.host.attachments;
        let found = attachments.look_at_address(address, |record| {
            suspect::at_host(happening, record)
                .then(|| record.attachment.clone())
        });
        if let Some(Some(attachment)) = found {
            self.mark(Target::End(attachment));
        }
    }

    fn suspect_inside(&mut self, netns: u32, happening: &Happening) {
        let now = Instant::now();
        for link in self.namespaces.links_into(netns) {
            let attachments = &self.looker.host.attachments;
            let found = attachments.look_at_link(link, |record| {
                suspect::inside(happening, record)
                    .then(|| record.attachment.clone())
            });
            if let Some(Some(attachment)) = found {
                self.inside.mark(attachment, Cause::Change, now);
            }
        }
    }

    fn tell_of_move(&mut self, index: u32) {
        let attachments = &self.looker.host.attachments;
        let found = attachments.look_at_link(index, |record| {
            (record.state == RecordState::Ready).then(|| {
                (record.attachment.clone(), record.attached.host_link.clone())
            })
        });
        if let Some(Some((attachment, name))) = found {
            let said = format!("link {name} moved to another namespace");
            let what = Difference::new(Kind::HostLinkMoved, said);
            let subject = Subject::Attachment(attachment);
            self.looker.tell(&subject, what, Cause::Change);
        }
    }

    pub(super) fn mark(&mut self, target: Target) {
        self.outside.mark(target, Cause::Change, Instant::now());
    }
}
