//! `fuzz`: libFuzzer around one target, which `TARTAN_FUZZ_TARGET` names. One
//! program for all of them: linked once, and small on the disk.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(init: choose(), |bytes: &[u8]| {
    if let Some(run) = TARGET.get() {
        run(bytes);
    }
});

fn choose() {
    let name = std::env::var("TARTAN_FUZZ_TARGET").unwrap_or_default();
    let target = tartan_fuzz::target(&name);
    assert!(target.is_some(), "TARTAN_FUZZ_TARGET='{name}' names no target");
    target.map(|run| TARGET.set(run));
}
