//! `tartan.toml`, a host's configuration.

use tartan_agent::fuzzing::configuration;

use crate::promise;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match configuration(text) {
        Ok(said) => promise::is_bounded(said.len(), bytes.len()),
        Err(why) => {
            assert!(!why.is_empty());
            promise::is_bounded(why.len(), bytes.len());
        }
    }
}
