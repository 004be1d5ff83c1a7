//! A network configuration as JSON: one object, every key once. Decides.
//!
//! The usual reading of JSON keeps the last of two equal keys and says
//! nothing. A configuration that names two teams is refused here instead.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use thiserror::Error;

/// Longest configuration that is read, in bytes. The largest that a runtime
/// sends lists the attachments of a host for GC: a hundred bytes each.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The object that a runtime sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document(Map<String, Value>);

/// A text that is not a configuration.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// Longer than [`MAX_BYTES`].
    #[error("network config is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// Nothing was sent.
    #[error("network config is empty")]
    Empty,
    /// It begins with U+FEFF, which JSON excludes (RFC 8259, section 8.1).
    #[error("network config begins with a byte order mark")]
    ByteOrderMark,
    /// It is not JSON, or has a key twice.
    #[error("cannot read network config as JSON")]
    NotJson(#[source] serde_json::Error),
    /// It is JSON, but no object.
    #[error("network config is {found}, not an object")]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// A key has a value that is no object.
    #[error("\"{key}\" of network config is {found}, not an object")]
    NotAnObjectAt {
        /// Which key.
        key: &'static str,
        /// What it has.
        found: &'static str,
    },
    /// A key has a value of another type.
    #[error("cannot read \"{key}\" of network config")]
    Field {
        /// Which key.
        key: &'static str,
        /// What is wrong with its value.
        #[source]
        source: serde_json::Error,
    },
}

impl Document {
    /// Reads what came on standard input.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        if bytes.len() > MAX_BYTES {
            return Err(DocumentError::TooLong);
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(DocumentError::Empty);
        }
        if bytes.starts_with(b"\xef\xbb\xbf") {
            return Err(DocumentError::ByteOrderMark);
        }
        let Unique(value) =
            serde_json::from_slice(bytes).map_err(DocumentError::NotJson)?;
        let found = kind_of(&value);
        let Value::Object(map) = value else {
            return Err(DocumentError::NotAnObject { found });
        };
        Ok(Self(map))
    }

    /// The value of `key`; none where it is absent or `null`.
    pub fn field<T: DeserializeOwned>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, DocumentError> {
        self.written(key).map_or(Ok(None), |value| {
            Option::deserialize(value)
                .map_err(|source| DocumentError::Field { key, source })
        })
    }

    /// As [`Self::field`], where only an object will do: a list would be read
    /// as the values of a struct's fields in their order.
    pub fn object<T: DeserializeOwned>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, DocumentError> {
        match self.written(key) {
            None | Some(Value::Null | Value::Object(_)) => self.field(key),
            Some(
                other @ (Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)),
            ) => {
                let found = kind_of(other);
                Err(DocumentError::NotAnObjectAt { key, found })
            }
        }
    }

    /// The object at `key` for itself; an empty one where there is none.
    pub fn section(&self, key: &'static str) -> Result<Self, DocumentError> {
        self.object(key).map(|map| Self(map.unwrap_or_default()))
    }

    /// The value of `key` as it is written, `null` included.
    pub fn written(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Any JSON value in which no object has a key twice. The depth is bounded by
/// the parser beneath (128).
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: de::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(
        self,
        mut items: A,
    ) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(
        self,
        mut entries: A,
    ) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                let twice = format_args!("key \"{key}\" is there twice");
                return Err(de::Error::custom(twice));
            }
            let Unique(value) = entries.next_value()?;
            map.insert(key, value);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests;
