//! What the fuzz targets may reach of the agent: everything that reads bytes
//! which came from outside of it. No promise to anybody else. Pure.

use std::net::IpAddr;
use std::path::Path;

use tartan_ipam::Claimed;
use tartan_model::{
    App, Attachment, ClassId, ClassName, Generation, Pool, Settings, Team,
};
use tartan_store::{Entry, Event};

use crate::attach::wire;
use crate::config::Config;
use crate::registry::{Setting, Snapshot};
use crate::{addresses, chain, registry, seen};

/// A host's configuration in our words, or what is wrong with it.
pub fn configuration(text: &str) -> Result<String, String> {
    Config::parse(Path::new("tartan.toml"), text)
        .map(|config| format!("{config:?}"))
        .map_err(|error| chain(&error))
}

/// `seen.json`, as it is written again.
pub fn memory(bytes: &[u8]) -> Option<Vec<u8>> {
    seen::reprinted(bytes)
}

/// The mirror of the registry, as it is written again.
pub fn mirrored_registry(bytes: &[u8]) -> Option<Vec<u8>> {
    registry::reprinted(bytes)
}

/// A mirrored claim.
pub fn mirrored_claim(bytes: &[u8]) -> Option<Claimed> {
    addresses::parse_mirrored(bytes)
}

/// An alternative name of a link, read.
pub fn read_alt_name(text: &str) -> Option<(Generation, Option<Attachment>)> {
    wire::read_alt_name(text)
}

/// An alternative name of a link, written.
pub fn alt_name(attachment: &Attachment, life: Generation) -> String {
    wire::alt_name(attachment, life)
}

/// Sets what people typed; the settings then, and the value as it is shown.
pub fn set(key: &str, value: &str) -> Result<(Settings, String), String> {
    let mut settings = Settings::default();
    let mut set = || {
        let setting: Setting = key.parse()?;
        setting.set(&mut settings, value).map(|()| setting)
    };
    let setting = set().map_err(|error| chain(&error))?;
    let shown = setting.get(&settings);
    Ok((settings, shown))
}

/// The registry as the store's entries and events make it.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    snapshot: Snapshot,
}

impl Registry {
    /// Takes in what a listing found; how many entries were damaged.
    pub fn read(&mut self, entries: &[Entry]) -> usize {
        self.snapshot.read(entries).len()
    }

    /// Takes in changes; how many of them were damaged.
    pub fn apply(&mut self, events: &[Event]) -> usize {
        self.snapshot.apply(events).len()
    }

    /// All pools.
    pub fn pools(&self) -> Vec<Pool> {
        self.snapshot.pools.values().cloned().collect()
    }

    /// All teams.
    pub fn teams(&self) -> Vec<Team> {
        self.snapshot.teams.values().cloned().collect()
    }

    /// All apps.
    pub fn apps(&self) -> Vec<App> {
        self.snapshot.apps.values().cloned().collect()
    }

    /// All reserved addresses.
    pub fn reserved(&self) -> Vec<IpAddr> {
        self.snapshot.reservations.keys().copied().collect()
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.snapshot.settings
    }

    /// The class of a name, and the text that is shown for that class.
    pub fn class_of(&self, name: &ClassName) -> Option<(ClassId, String)> {
        let class = self.snapshot.class_of(&name.team, name.app.as_ref())?;
        Some((class, self.snapshot.label(class)))
    }
}
