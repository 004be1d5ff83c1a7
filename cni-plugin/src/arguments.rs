//! `CNI_ARGS`: `KEY=VALUE;KEY=VALUE`. Decides.
//!
//! Looser than the reference in two ways, both for Nomad's sake, which puts
//! JSON into a value: a pair is split at its first `=` only, and keys that
//! nobody here knows are left alone even without `IgnoreUnknown`.

use thiserror::Error;

/// The pairs, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments(Vec<(String, String)>);

/// A text that is not a list of pairs.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ArgumentsError {
    /// A part has no `=`.
    #[error("CNI_ARGS has an invalid pair \"{0}\"")]
    Pair(String),
    /// Two parts give one key different values.
    #[error("CNI_ARGS gives {key} two values, \"{first}\" and \"{second}\"")]
    Contradiction {
        /// Which key.
        key: String,
        /// What it is first.
        first: String,
        /// What it is then.
        second: String,
    },
}

impl Arguments {
    /// Reads the pairs. An empty part, as a last `;` leaves it, says nothing.
    pub fn parse(text: &str) -> Result<Self, ArgumentsError> {
        let mut pairs = Self::default();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (key, value) = (part.split_once('='))
                .ok_or_else(|| ArgumentsError::Pair(part.into()))?;
            pairs.add(key, value)?;
        }
        Ok(pairs)
    }

    fn add(&mut self, key: &str, value: &str) -> Result<(), ArgumentsError> {
        let known = self.0.iter().find(|(known, _)| known == key);
        match known {
            Some((_, first)) if first != value => {
                Err(ArgumentsError::Contradiction {
                    key: key.into(),
                    first: first.clone(),
                    second: value.into(),
                })
            }
            Some(_) => Ok(()),
            None => {
                self.0.push((key.into(), value.into()));
                Ok(())
            }
        }
    }

    /// The value of `key`; none where it is absent or empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        (self.0.iter())
            .find(|(known, value)| known == key && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests;
