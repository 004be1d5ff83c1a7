//! The words of the model, as text: names, prefixes, classes, MAC addresses,
//! attachments, keys of blocks and of the store.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use tartan_model::{
    AppName, Attachment, BlockKey, ClassId, ClassName, ContainerId, HostName,
    InterfaceName, Mac, NetworkName, PoolName, Prefix, TeamName,
};
use tartan_store::Key;

use crate::promise;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    names(text);
    reads_back::<Mac>(text);
    reads_back::<ClassId>(text);
    if let Some(prefix) = reads_back::<Prefix>(text) {
        is_sound(prefix);
    }
    if let Some(key) = reads_back::<BlockKey>(text) {
        assert_eq!(key.to_string(), text, "a key has one form");
    }
    if let Some(class) = reads_back::<ClassName>(text) {
        assert_eq!(class.to_string(), text);
    }
    if let Some(attachment) = reads_back::<Attachment>(text) {
        promise::is_attachment(&attachment);
    }
    if let Ok(key) = Key::parse(text) {
        let names = key.components();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(Key::new(&names), key, "a key has one form");
    }
    let parts: Vec<&str> = text.split('\n').collect();
    assert_eq!(Key::new(&parts).components(), parts, "keys keep names apart");
}

fn names(text: &str) {
    let accepted = [
        text.parse::<TeamName>().is_ok(),
        text.parse::<AppName>().is_ok(),
        text.parse::<PoolName>().is_ok(),
        text.parse::<HostName>().is_ok(),
        text.parse::<NetworkName>().is_ok(),
        text.parse::<ContainerId>().is_ok(),
        text.parse::<InterfaceName>().is_ok(),
    ];
    if accepted.contains(&true) {
        promise::is_component(text);
    }
}

/// Printed and read again, a word is what it was.
fn reads_back<T>(text: &str) -> Option<T>
where
    T: FromStr + Display + Debug + PartialEq,
{
    let word: T = text.parse().ok()?;
    let again: Option<T> = word.to_string().parse().ok();
    assert_eq!(again.as_ref(), Some(&word), "{text:?}");
    Some(word)
}

fn is_sound(prefix: Prefix) {
    assert!(prefix.contains(prefix.first()) && prefix.contains(prefix.last()));
    assert_eq!(prefix.nth(0), Some(prefix.first()));
    assert!(prefix.size().is_none_or(|size| prefix.nth(size).is_none()));
    for half in prefix.halves().into_iter().flatten() {
        assert!(prefix.covers(half) && !half.covers(prefix), "{half}");
    }
}
