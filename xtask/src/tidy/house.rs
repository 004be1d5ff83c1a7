//! Rules about the crates together: an arrow goes to a lower floor only, and
//! what we build on stays little enough to be read and is told with its reason. Decides, does nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::manifest::{self, Manifest};
use crate::tree::File;

/// Packages that the lockfile may name.
const MOST_LOCKED: usize = 224;
/// Packages of others that `tartan-model` may use.
const MOST_IN_MODEL: usize = 4;
/// Packages of others that any other crate may use.
const MOST_DIRECT: usize = 14;

/// What is wrong with the crates among `files`.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    let crates = crates(files, &mut found);
    let floors: BTreeMap<&str, u8> = crates
        .iter()
        .filter_map(|(_, m)| Some((m.name.as_str(), m.floor?)))
        .collect();
    let ours: Vec<&str> = crates.iter().map(|(_, m)| m.name.as_str()).collect();
    for (path, manifest) in &crates {
        found.extend(floor_of(path, manifest));
        found.extend(edges(path, manifest, &floors));
        found.extend(too_many(path, manifest, &ours));
    }
    found.extend(files.iter().filter_map(lockfile));
    found.extend(untold(files, &crates, &ours));
    found
}

/// Where it is said what each package of others is for.
const REASONS: &str = "docs/decisions/0002-dependencies.md";

/// Packages of others that are used without a word why.
fn untold(
    files: &[File],
    crates: &[(&str, Manifest)],
    ours: &[&str],
) -> Vec<Finding> {
    let Some(page) = files.iter().find(|file| file.path == REASONS) else {
        return Vec::new();
    };
    let told: BTreeSet<&str> = page
        .text
        .split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
        .collect();
    let is_untold = |name: &&String| {
        !ours.contains(&name.as_str()) && !told.contains(name.as_str())
    };
    crates
        .iter()
        .flat_map(|(path, manifest)| {
            let used =
                manifest.dependencies.iter().chain(&manifest.dev_dependencies);
            used.filter(is_untold).map(|name| {
                let what = format!("{name} has no line in {REASONS}");
                Finding::error(path, what)
            })
        })
        .collect()
}

fn crates<'a>(
    files: &'a [File],
    found: &mut Vec<Finding>,
) -> Vec<(&'a str, Manifest)> {
    let is_crate = |file: &&File| file.path.ends_with("/Cargo.toml");
    let mut read = Vec::new();
    for file in files.iter().filter(is_crate) {
        match Manifest::parse(&file.text) {
            Ok(manifest) => read.push((file.path.as_str(), manifest)),
            Err(error) => {
                let what = format!("cannot be read: {}", error.message());
                found.push(Finding::error(&file.path, what));
            }
        }
    }
    read
}

fn floor_of(path: &str, manifest: &Manifest) -> Option<Finding> {
    let what = "names no floor in [package.metadata.tartan]";
    manifest.floor.is_none().then(|| Finding::error(path, what))
}

fn edges(
    path: &str,
    manifest: &Manifest,
    floors: &BTreeMap<&str, u8>,
) -> Vec<Finding> {
    let Some(own) = manifest.floor else { return Vec::new() };
    let used = manifest.dependencies.iter().chain(&manifest.dev_dependencies);
    used.filter_map(|name| Some((name, *floors.get(name.as_str())?)))
        .filter(|(_, floor)| *floor >= own)
        .map(|(name, floor)| {
            let what = format!(
                "floor {own} uses {name} of floor {floor}; \
                 an arrow goes to a lower floor only"
            );
            Finding::error(path, what)
        })
        .collect()
}

fn too_many(path: &str, manifest: &Manifest, ours: &[&str]) -> Option<Finding> {
    let is_foreign = |name: &&String| !ours.contains(&name.as_str());
    let count = manifest.dependencies.iter().filter(is_foreign).count();
    let most = match manifest.name.as_str() {
        "tartan-model" => MOST_IN_MODEL,
        _ => MOST_DIRECT,
    };
    let what = format!("uses {count} packages of others; {most} are allowed");
    (count > most).then(|| Finding::error(path, what))
}

fn lockfile(file: &File) -> Option<Finding> {
    if file.path != "Cargo.lock" {
        return None;
    }
    let count = manifest::locked_packages(&file.text);
    let what = format!("names {count} packages; {MOST_LOCKED} are allowed");
    (count > MOST_LOCKED).then(|| Finding::error(&file.path, what))
}

#[cfg(test)]
mod tests;
