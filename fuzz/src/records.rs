//! Records and tombstones of the run directory.

use tartan_agent_api::fuzzing::{record, tombstone};

use crate::promise;

pub(crate) fn run(bytes: &[u8]) {
    if let Ok(record) = record(bytes) {
        promise::is_attachment(&record.attachment);
        promise::reads_back(&record);
        let link = record.generation().host_link_name();
        assert!(link.len() <= 15, "the kernel takes no link called {link}");
    }
    if let Ok(tombstone) = tombstone(bytes) {
        promise::is_attachment(&tombstone.attachment);
        promise::reads_back(&tombstone);
    }
}
