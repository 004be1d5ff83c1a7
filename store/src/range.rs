//! A run of neighbouring keys (pure): what a listing shows, what a watch
//! follows, what a comparison looks at.

use std::fmt;

use crate::key::Key;

/// Sorts behind every character a key may have.
pub(crate) const BEHIND_ALL: char = '~';

/// The keys from `start` up to, but without, `end`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    start: String,
    end: String,
}

impl Range {
    /// Every key.
    pub fn all() -> Self {
        Self::prefix("")
    }

    /// The keys that begin with this text, such as `blocks/4/`.
    pub fn prefix(prefix: &str) -> Self {
        Self { start: prefix.to_owned(), end: format!("{prefix}{BEHIND_ALL}") }
    }

    /// The keys from `start` up to, but without, `end`. Neither needs to be a
    /// key: `blocks/4/0a4d0000` is in front of `blocks/4/0a4d0000-28`.
    pub fn between(start: &str, end: &str) -> Self {
        Self { start: start.to_owned(), end: end.to_owned() }
    }

    /// This key alone.
    pub fn one(key: &Key) -> Self {
        Self { start: key.as_str().to_owned(), end: format!("{key}\0") }
    }

    /// The first text of the range.
    pub fn start(&self) -> &str {
        &self.start
    }

    /// The first text behind the range.
    pub fn end(&self) -> &str {
        &self.end
    }

    /// Whether a key lies in it.
    pub fn contains(&self, key: &Key) -> bool {
        (self.start.as_str()..self.end.as_str()).contains(&key.as_str())
    }

    /// Whether no key can lie in it. The store refuses such a range: whoever
    /// asks for it has confused its ends.
    pub fn is_void(&self) -> bool {
        self.start >= self.end
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = self.end.strip_suffix(BEHIND_ALL);
        let key = self.end.strip_suffix('\0');
        if prefix == Some(&self.start) {
            write!(f, "{}*", self.start)
        } else if key == Some(&self.start) {
            f.write_str(&self.start)
        } else {
            write!(f, "{}..{}", self.start, self.end)
        }
    }
}

#[cfg(test)]
mod tests;
