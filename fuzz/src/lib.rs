//! Fuzz targets: one function from bytes to nothing for everything that reads
//! bytes which came from outside. Each asserts more than the absence of a
//! panic: what was accepted is what its type promises, and reads back as it
//! was when it is written again.
//!
//! `cargo test -p tartan-fuzz` runs the saved inputs through them, `fuzz/run`
//! looks for new ones. See `fuzz/README.md`.

#![forbid(unsafe_code)]

mod alt_names;
mod arguments;
mod call;
mod configuration;
mod document;
mod envelope;
mod netfilter;
mod netlink;
mod people;
mod plugin_socket;
mod promise;
mod records;
mod settings;
mod state;
mod store;
mod words;

/// A target: what it is called, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them, by the names of their folders in `corpus/`. `packets` is C,
/// and beside them (`packets/`).
pub const TARGETS: &[Target] = &[
    ("alt_names", alt_names::run),
    ("arguments", arguments::run),
    ("call", call::run),
    ("configuration", configuration::run),
    ("document", document::run),
    ("netfilter", netfilter::run),
    ("netlink", netlink::run),
    ("people", people::run),
    ("plugin_socket", plugin_socket::run),
    ("records", records::run),
    ("settings", settings::run),
    ("state", state::run),
    ("store", store::run),
    ("words", words::run),
];

/// The target of a name.
pub fn target(name: &str) -> Option<fn(&[u8])> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, run)| *run)
}
