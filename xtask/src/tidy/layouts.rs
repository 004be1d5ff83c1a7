//! Layouts shared with the kernel's programs change only together with
//! `ABI_VERSION`. Decides, does nothing.

use super::Finding;
use crate::abi::{Abi, Comparison};
use crate::tree::File;

/// The header.
pub(crate) const ABI_HEADER: &str = "ebpf/bpf/abi.h";
/// What was noted of it.
pub(crate) const ABI_NOTE: &str = "ebpf/bpf/abi.digest";

/// What is wrong with the header among `files`.
pub(super) fn check(files: &[File]) -> Option<Finding> {
    let text = |path: &str| {
        files.iter().find(|file| file.path == path).map(|file| &*file.text)
    };
    let header = text(ABI_HEADER)?;
    let Some(abi) = Abi::of_header(header) else {
        return Some(Finding::error(ABI_HEADER, "defines no ABI_VERSION"));
    };
    let noted = text(ABI_NOTE).and_then(Abi::of_note);
    what_is_wrong(abi, noted).map(|what| Finding::error(ABI_HEADER, what))
}

fn what_is_wrong(abi: Abi, noted: Option<Abi>) -> Option<&'static str> {
    let Some(noted) = noted else {
        return Some("its layouts are not noted: run `cargo xtask abi`");
    };
    match abi.compared_with(noted) {
        Comparison::Same => None,
        Comparison::Raised => {
            Some("has another ABI_VERSION: run `cargo xtask abi`")
        }
        Comparison::ChangedSilently => Some(
            "its layouts changed without ABI_VERSION: maps that are pinned \
             on hosts would be read wrongly. Raise ABI_VERSION, then run \
             `cargo xtask abi`",
        ),
    }
}

#[cfg(test)]
mod tests;
