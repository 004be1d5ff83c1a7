//! Who has which host port, and for whom is translated. Pure.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tartan_agent_api::record::Record;
use tartan_hostnet::nft::Element;
use tartan_model::{
    Attachment, Door, Family, Generation, HostPort, Masquerade, Translation,
    Transport,
};
use thiserror::Error;

use crate::nat::elements;

/// A host port that an attachment cannot have.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum PortError {
    #[error("host port {port} is taken by {holder}")]
    Taken { port: HostPort, holder: Attachment },
    #[error(
        "host port {port} leads to an address of its own family, and the \
         attachment has none"
    )]
    Family { port: HostPort },
}

/// What is translated for one attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) generation: Generation,
    pub(crate) addresses: Vec<IpAddr>,
    /// The host's end.
    pub(crate) link: String,
    pub(crate) translation: Translation,
}

impl Held {
    pub(crate) fn of(record: &Record) -> Self {
        Self {
            generation: record.generation(),
            addresses: record.addresses().collect(),
            link: record.attached.host_link.clone(),
            translation: record.translation.clone(),
        }
    }

    /// What it puts into the table.
    pub(crate) fn elements(&self) -> Vec<Element> {
        elements::of_attachment(&self.translation, &self.addresses)
    }

    /// True where the host may reach it by 127.0.0.1.
    pub(crate) fn is_at_loopback(&self) -> bool {
        let is_loopback = |door: Door| match door {
            Door::Every(family) => family == Family::V4,
            Door::One(address) => address.is_ipv4() && address.is_loopback(),
        };
        let has_address = self.addresses.iter().any(IpAddr::is_ipv4);
        let ports = self.translation.ports.iter();
        has_address && ports.flat_map(HostPort::doors).any(is_loopback)
    }
}

/// Every attachment that asks for something.
#[derive(Debug, Default)]
pub(super) struct Holders {
    all: BTreeMap<Attachment, Holder>,
    ports: BTreeMap<(Transport, u16), Vec<(HostPort, Attachment)>>,
}

#[derive(Debug)]
struct Holder {
    held: Held,
    /// False while only its ports are taken.
    is_made: bool,
}

impl Holders {
    /// Takes the ports of an attachment to be.
    pub(super) fn take(&mut self, record: &Record) -> Result<(), PortError> {
        if record.translation.is_nothing() {
            return Ok(());
        }
        for port in &record.translation.ports {
            self.may_have(record, port)?;
        }
        self.enter(record, false);
        Ok(())
    }

    fn may_have(
        &self,
        record: &Record,
        port: &HostPort,
    ) -> Result<(), PortError> {
        let families: Vec<_> = record.addresses().map(Family::of).collect();
        if !port.doors().any(|door| families.contains(&door.family())) {
            return Err(PortError::Family { port: *port });
        }
        let others = self.ports.get(&(port.transport, port.port));
        let taken = others.into_iter().flatten().find(|(other, holder)| {
            other.meets(port) && *holder != record.attachment
        });
        taken.map_or(Ok(()), |(port, holder)| {
            Err(PortError::Taken { port: *port, holder: holder.clone() })
        })
    }

    /// Takes in an attachment that lives: what it has, it has.
    pub(super) fn restore(&mut self, record: &Record) {
        self.enter(record, true);
    }

    /// From now on it is translated for.
    pub(super) fn make(&mut self, record: &Record) {
        self.enter(record, true);
    }

    fn enter(&mut self, record: &Record, is_made: bool) {
        if record.translation.is_nothing() {
            return;
        }
        self.forget(&record.attachment);
        let held = Held::of(record);
        for port in &held.translation.ports {
            let holders = self.ports.entry((port.transport, port.port));
            holders.or_default().push((*port, record.attachment.clone()));
        }
        let holder = Holder { held, is_made };
        self.all.insert(record.attachment.clone(), holder);
    }

    /// Gives back what a life of an attachment has; false where it has
    /// nothing, or a newer one has it.
    pub(super) fn give_back(&mut self, record: &Record) -> bool {
        let holder = self.all.get(&record.attachment);
        let is_same =
            holder.is_some_and(|h| h.held.generation == record.generation());
        if is_same {
            self.forget(&record.attachment);
        }
        is_same
    }

    fn forget(&mut self, attachment: &Attachment) {
        let Some(holder) = self.all.remove(attachment) else { return };
        for port in holder.held.translation.ports {
            let key = (port.transport, port.port);
            if let Some(holders) = self.ports.get_mut(&key) {
                holders.retain(|(_, holder)| holder != attachment);
                if holders.is_empty() {
                    self.ports.remove(&key);
                }
            }
        }
    }

    /// What is translated now.
    pub(super) fn made(&self) -> Vec<Held> {
        let made = self.all.values().filter(|holder| holder.is_made);
        made.map(|holder| holder.held.clone()).collect()
    }

    /// Every host port with its holder, and how many masquerade.
    pub(super) fn summary(&self) -> (Vec<(HostPort, Attachment)>, usize) {
        let leaves = |holder: &&Holder| {
            holder.held.translation.masquerade == Masquerade::Yes
        };
        let leaving = self.all.values().filter(leaves).count();
        let ports = self.ports.values().flatten().cloned().collect();
        (ports, leaving)
    }
}

#[cfg(test)]
mod tests;
