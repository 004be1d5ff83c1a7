//! A setting as people type it: `KEY=VALUE`.

use tartan_agent::fuzzing::set;

use crate::promise;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((key, value)) = text.split_once('=') else { return };
    match set(key, value) {
        Ok((settings, shown)) => {
            promise::reads_back(&settings);
            // What is shown can be typed again, and means the same.
            assert_eq!(set(key, &shown), Ok((settings, shown.clone())));
        }
        Err(why) => promise::is_bounded(why.len(), bytes.len()),
    }
}
