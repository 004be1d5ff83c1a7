//! Names of things in the store (pure): how a key is built from names that
//! nobody vouches for, and read back.
//!
//! A key is components joined by `/`. Each component is escaped, so that a
//! team called `a/b` or `..` cannot reach another key: what is not a letter,
//! a digit, `.`, `_` or `-` is written as `%` and two hexadecimal digits.
//! The store's own prefix (`/tartan`) is no part of a key.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A key without the store's prefix, for example `blocks/4/0a4d0000-28`.
///
/// Keys are plain ASCII; their order is the order of their bytes.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

/// A text that is not a key.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("'{0}' is not a key such as hosts/node-1")]
pub struct ParseKeyError(String);

impl Key {
    /// Builds a key from components, which are escaped and never trusted.
    pub fn new(components: &[&str]) -> Self {
        let escaped: Vec<String> =
            components.iter().map(|text| escape(text)).collect();
        if escaped.is_empty() {
            Self(escape(""))
        } else {
            Self(escaped.join("/"))
        }
    }

    /// Reads a key that is already escaped.
    pub fn parse(text: &str) -> Result<Self, ParseKeyError> {
        let is_key = text
            .split('/')
            .all(|part| unescape(part).is_some_and(|raw| escape(&raw) == part));
        if is_key {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseKeyError(text.to_owned()))
        }
    }

    /// The key as text, escaped.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The components as they were before they were escaped.
    pub fn components(&self) -> Vec<String> {
        self.0.split('/').filter_map(unescape).collect()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Key {
    type Error = ParseKeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0
    }
}

/// Escapes one component. An empty one becomes a lone `%`, so that `a` + `` +
/// `b` is not `a//b`, which a reader would take for a typing error.
fn escape(component: &str) -> String {
    if component.is_empty() {
        return "%".to_owned();
    }
    component.bytes().map(escape_byte).collect()
}

fn escape_byte(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// The component before it was escaped; `None` where it is no escaped text.
fn unescape(part: &str) -> Option<String> {
    if part == "%" {
        return Some(String::new());
    }
    let mut raw = Vec::new();
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        raw.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    // What does not escape back to the same text is refused by `parse`.
    String::from_utf8(raw).ok().filter(|text| !text.is_empty())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests;
