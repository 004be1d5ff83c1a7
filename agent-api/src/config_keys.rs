//! Which keys the configuration of a host may have: one list for the agent,
//! which reads it, and the command, which reads where the agent is. Pure.

use crate::nearest::distance;

/// A key that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKey {
    /// The key, behind its section.
    pub key: String,
    /// What may have been meant.
    pub nearest: &'static str,
}

/// Every key that a configuration may have.
pub const KNOWN: &[&str] = &[
    "host",
    "run_dir",
    "state_dir",
    "bpf_dir",
    "store.etcd",
    "store.prefix",
    "store.ca",
    "store.cert",
    "store.key",
    "store.username",
    "store.password_file",
    "network.mtu",
    "network.mark",
    "network.attach",
    "network.foreign_forward",
    "metrics.listen",
];

/// The first key that is not known.
pub fn unknown(table: &toml::Table) -> Option<UnknownKey> {
    let key = unknown_key(table)?;
    let nearest = nearest(&key);
    Some(UnknownKey { key, nearest })
}

fn unknown_key(table: &toml::Table) -> Option<String> {
    table.iter().find_map(|(name, value)| {
        let toml::Value::Table(inner) = value else {
            return (!KNOWN.contains(&name.as_str())).then(|| name.clone());
        };
        let section = format!("{name}.");
        if !KNOWN.iter().any(|key| key.starts_with(&section)) {
            return Some(name.clone());
        }
        inner
            .keys()
            .map(|key| format!("{section}{key}"))
            .find(|key| !KNOWN.contains(&key.as_str()))
    })
}

/// The known key nearest to `key`: a section's name is compared with those of
/// sections, a key with keys.
fn nearest(key: &str) -> &'static str {
    let comparable = |known: &'static str| match known.split_once('.') {
        Some((section, _)) if !key.contains('.') => section,
        _ => known,
    };
    KNOWN
        .iter()
        .copied()
        .min_by_key(|known| distance(key, comparable(known)))
        .unwrap_or_default()
}
