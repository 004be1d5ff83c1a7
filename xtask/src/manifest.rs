//! What a crate's `Cargo.toml` says about its place in the house, and how
//! many packages `Cargo.lock` names. Decides, does nothing.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::{Table, Value};

/// A crate of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Name of the package.
    pub(crate) name: String,
    /// `[package.metadata.tartan] floor`.
    pub(crate) floor: Option<u8>,
    /// Names in `[dependencies]`, `[build-dependencies]` and their forms for
    /// one target.
    pub(crate) dependencies: BTreeSet<String>,
    /// Names in `[dev-dependencies]`.
    pub(crate) dev_dependencies: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Written {
    package: Package,
    #[serde(flatten)]
    rest: Table,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    tartan: Ours,
}

#[derive(Default, Deserialize)]
struct Ours {
    floor: Option<u8>,
}

impl Manifest {
    /// Reads a crate's manifest.
    pub(crate) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let written: Written = toml::from_str(text)?;
        Ok(Self {
            name: written.package.name,
            floor: written.package.metadata.tartan.floor,
            dependencies: names(&written.rest, |section| {
                matches!(section, "dependencies" | "build-dependencies")
            }),
            dev_dependencies: names(&written.rest, |section| {
                section == "dev-dependencies"
            }),
        })
    }
}

/// Keys of the wanted sections, also those under `[target.'...']`.
fn names(table: &Table, is_wanted: fn(&str) -> bool) -> BTreeSet<String> {
    let targets = table.get("target").and_then(Value::as_table);
    let tables = targets
        .into_iter()
        .flat_map(|targets| targets.values().filter_map(Value::as_table))
        .chain([table]);
    tables
        .flat_map(|table| table.iter().filter(move |(k, _)| is_wanted(k)))
        .filter_map(|(_, section)| section.as_table())
        .flat_map(|section| section.keys().cloned())
        .collect()
}

/// How many packages a `Cargo.lock` names.
pub(crate) fn locked_packages(lockfile: &str) -> usize {
    lockfile.lines().filter(|line| line.trim() == "[[package]]").count()
}

#[cfg(test)]
mod tests;
