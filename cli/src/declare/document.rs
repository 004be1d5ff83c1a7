//! YAML documents of what is declared, read with care: an unknown kind or key
//! is an error that names the nearest one, and no input costs more memory than
//! a few times its length. Pure.

use serde::Deserialize;
use serde_json::Value;
use serde_yaml_ng::Mapping;
use tartan_agent_api::nearest::nearest;
use tartan_agent_api::people::declared::{Document, KINDS};
use thiserror::Error;

/// Documents that cannot be used.
#[derive(Debug, Error)]
pub(crate) enum DocumentError {
    #[error("document {number} is no YAML")]
    Yaml {
        number: usize,
        #[source]
        source: serde_yaml_ng::Error,
    },
    #[error("document {number} has no 'kind'")]
    NoKind { number: usize },
    #[error(
        "document {number} has the unknown kind '{found}'; did you mean \
         '{meant}'?"
    )]
    Kind { number: usize, found: String, meant: &'static str },
    #[error(
        "document {number} ({kind}) has the unknown key '{found}'; did you \
         mean '{meant}'?"
    )]
    Key {
        number: usize,
        kind: &'static str,
        found: String,
        meant: &'static str,
    },
    #[error("document {number} ({kind}) cannot be used")]
    Value {
        number: usize,
        kind: &'static str,
        #[source]
        source: serde_json::Error,
    },
}

/// Longest word of a stranger that is repeated to him.
const LONGEST_WORD: usize = 64;

/// All documents of a text; empty ones are none.
pub(crate) fn read(text: &str) -> Result<Vec<Document>, DocumentError> {
    let mut all = Vec::new();
    let parts = serde_yaml_ng::Deserializer::from_str(text);
    for (index, part) in parts.enumerate() {
        let number = index + 1;
        let value = Value::deserialize(part)
            .map_err(|source| DocumentError::Yaml { number, source })?;
        if !value.is_null() {
            all.push(one(number, value)?);
        }
    }
    Ok(all)
}

/// A document as it is printed: kind and name first, and plain values only,
/// where YAML would write tags.
pub(crate) fn write(document: &Document) -> Result<Mapping, serde_json::Error> {
    let Value::Object(mut fields) = serde_json::to_value(document)? else {
        return Ok(Mapping::new());
    };
    let first = ["kind", "name"];
    let first = first.map(|key| (key.to_owned(), fields.remove(key)));
    let first = first.into_iter().filter_map(|(key, it)| Some((key, it?)));
    let mut all = Mapping::new();
    for (key, value) in first.chain(fields) {
        let value = serde_yaml_ng::to_value(value).unwrap_or_default();
        all.insert(key.into(), value);
    }
    Ok(all)
}

fn one(number: usize, value: Value) -> Result<Document, DocumentError> {
    let found = value.get("kind").and_then(Value::as_str);
    let found = found.ok_or(DocumentError::NoKind { number })?;
    let known = KINDS.iter().find(|(kind, _)| *kind == found);
    let Some((kind, keys)) = known else {
        let kinds = KINDS.iter().map(|(kind, _)| *kind);
        let found = word(found);
        let meant = nearest(&found, kinds).unwrap_or_default();
        return Err(DocumentError::Kind { number, found, meant });
    };
    let written = value.as_object().into_iter().flat_map(|it| it.keys());
    let is_unknown =
        |key: &&String| *key != "kind" && !keys.contains(&key.as_str());
    if let Some(key) = written.into_iter().find(is_unknown) {
        let found = word(key);
        let meant = nearest(&found, keys.iter().copied()).unwrap_or_default();
        return Err(DocumentError::Key { number, kind, found, meant });
    }
    serde_json::from_value(value).map_err(|source| DocumentError::Value {
        number,
        kind,
        source,
    })
}

fn word(found: &str) -> String {
    found.chars().take(LONGEST_WORD).collect()
}

#[cfg(test)]
mod tests;
