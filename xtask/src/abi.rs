//! The mark of the layouts that are shared with the kernel's programs.
//! Decides, does nothing.
//!
//! Pinned maps outlive the agent that made them, so a build that reads them
//! differently must say so by another `ABI_VERSION`. `ebpf/bpf/abi.digest`
//! holds the version and a digest of everything else in `abi.h` but comments
//! and white space; when the header no longer has that digest, its version
//! must have grown.

use crate::source;

/// What a header says, or what was noted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Abi {
    /// `ABI_VERSION`.
    pub(crate) version: u32,
    /// Digest of the layouts.
    pub(crate) digest: u64,
}

impl Abi {
    /// Reads `abi.h`; none when it defines no `ABI_VERSION`.
    pub(crate) fn of_header(text: &str) -> Option<Self> {
        let code: Vec<String> =
            source::lines(text).into_iter().map(|line| line.code).collect();
        let version = code.iter().find_map(|line| defined_version(line))?;
        let layouts = code
            .iter()
            .filter(|line| defined_version(line).is_none())
            .flat_map(|line| line.split_whitespace());
        Some(Self { version, digest: digest(layouts) })
    }

    /// Reads what [`Self::note`] wrote.
    pub(crate) fn of_note(text: &str) -> Option<Self> {
        let field =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let version = field("version ")?.trim().parse().ok()?;
        let digest = field("digest ")?.trim();
        let digest = u64::from_str_radix(digest, 16).ok()?;
        Some(Self { version, digest })
    }

    /// What is kept in `abi.digest`.
    pub(crate) fn note(self) -> String {
        format!(
            "# Written by `cargo xtask abi`; see xtask/src/abi.rs.\n\
             version {}\ndigest {:016x}\n",
            self.version, self.digest
        )
    }

    /// Whether `self`, the header, may stand beside `noted`.
    pub(crate) fn compared_with(self, noted: Self) -> Comparison {
        match (self.digest == noted.digest, self.version.cmp(&noted.version)) {
            (true, std::cmp::Ordering::Equal) => Comparison::Same,
            (_, std::cmp::Ordering::Greater) => Comparison::Raised,
            _ => Comparison::ChangedSilently,
        }
    }
}

/// A header against what was noted of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Nothing changed.
    Same,
    /// The version has grown: the note is to be written anew.
    Raised,
    /// Layouts changed and the version did not grow.
    ChangedSilently,
}

fn defined_version(line: &str) -> Option<u32> {
    let mut words = line.split_whitespace();
    let is_define = words.next() == Some("#define");
    let is_ours = is_define && words.next() == Some("ABI_VERSION");
    let number = words.next()?.trim_end_matches(['u', 'U']);
    is_ours.then(|| number.parse().ok()).flatten()
}

/// FNV-1a, 64 bits (RFC 9923): small, and the same in every build, which the
/// standard library's hasher does not promise.
fn digest<'a>(words: impl Iterator<Item = &'a str>) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    words
        .flat_map(|word| word.bytes().chain([b' ']))
        .fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests;
