//! What the agent keeps for its own next life: the mirrors of the registry
//! and of claims, and `seen.json`.

use tartan_agent::fuzzing::{memory, mirrored_claim, mirrored_registry};

use crate::promise;

pub(crate) fn run(bytes: &[u8]) {
    if let Some(claim) = mirrored_claim(bytes) {
        promise::reads_back(&claim);
    }
    for rewrite in [memory, mirrored_registry] {
        let Some(first) = rewrite(bytes) else { continue };
        promise::is_bounded(first.len(), bytes.len());
        assert_eq!(rewrite(&first).as_ref(), Some(&first), "it changed");
    }
}
