//! The rules of the house that no compiler knows, each a function from files
//! to findings. Decides, does nothing: reading and printing are `chore`'s.
//!
//! | rule | where |
//! |---|---|
//! | crates depend on lower floors only; few dependencies | `house` |
//! | files are short, named, start with `//!`; no bare `unsafe` or task | `files` |
//! | layouts change only with `ABI_VERSION` | `layouts` |
//! | links between pages lead somewhere | `links` |

mod files;
mod house;
mod layouts;
mod links;

use std::fmt;

use crate::tree::File;

pub(crate) use layouts::{ABI_HEADER, ABI_NOTE};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// Should be seen to.
    Warning,
    /// Fails the chore.
    Error,
}

/// Something that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// How bad it is.
    pub(crate) weight: Weight,
    /// Where.
    pub(crate) path: String,
    /// Which line, from 1; none for a whole file.
    pub(crate) line: Option<usize>,
    /// What is wrong and what to do.
    pub(crate) what: String,
}

impl Finding {
    fn error(path: &str, what: impl Into<String>) -> Self {
        let path = path.to_owned();
        Self { weight: Weight::Error, path, line: None, what: what.into() }
    }

    fn warning(path: &str, what: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, ..Self::error(path, what) }
    }

    fn at(self, index: usize) -> Self {
        Self { line: Some(index + 1), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Warning => "warning",
            Weight::Error => "error",
        };
        write!(f, "{weight}: {}", self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Everything that breaks a rule, warnings first.
pub(crate) fn findings(files: &[File]) -> Vec<Finding> {
    let mut found: Vec<Finding> = files.iter().flat_map(files::check).collect();
    found.extend(house::check(files));
    found.extend(layouts::check(files));
    found.extend(links::check(files));
    found.sort_by_key(|finding| finding.weight);
    found
}

/// The broken links alone, for `cargo xtask docs`.
pub(crate) fn broken_links(files: &[File]) -> Vec<Finding> {
    links::check(files)
}

#[cfg(test)]
mod tests;
