//! What every reader promises of what it accepts, as assertions: names that
//! are no paths, one address per family, a form that reads back as it was.

use std::fmt::Debug;
use std::net::IpAddr;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tartan_model::{Attachment, Family};

/// Written as JSON and read again, a value is what it was.
pub(crate) fn reads_back<T>(value: &T) -> Vec<u8>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let written = serde_json::to_vec(value).unwrap_or_default();
    let read: Option<T> = serde_json::from_slice(&written).ok();
    assert_eq!(read.as_ref(), Some(value), "it does not read back");
    written
}

/// Where bytes are accepted as a `T`, it reads back.
pub(crate) fn json<T>(bytes: &[u8]) -> Option<T>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let value: T = serde_json::from_slice(bytes).ok()?;
    reads_back(&value);
    Some(value)
}

/// A name that can be a component of a path, a line of a log, an argument.
pub(crate) fn is_component(name: &str) {
    assert!(!name.is_empty() && name != "." && name != "..", "{name:?}");
    let is_bad = |c: char| c == '/' || c.is_control();
    assert!(!name.contains(is_bad), "{name:?} is no component of a path");
    assert!(name.len() <= 200, "{name:?} is too long for a file name");
}

/// An attachment whose record has a file name.
pub(crate) fn is_attachment(attachment: &Attachment) {
    is_component(attachment.network().as_str());
    is_component(attachment.container().as_str());
    is_component(attachment.interface().as_str());
    assert!(attachment.interface().as_str().len() <= 15, "{attachment}");
    let text = attachment.to_string();
    assert!(text.len() + ".json".len() <= 255, "{attachment} is too long");
    assert_eq!(text.parse().as_ref(), Ok(attachment), "another attachment");
}

/// At most one address of each family.
pub(crate) fn are_one_per_family(addresses: &[IpAddr]) {
    for family in Family::ALL {
        let of_family = addresses.iter().filter(|a| Family::of(**a) == family);
        assert!(of_family.count() <= 1, "{addresses:?}");
    }
}

/// What is said about an input is not much longer than the input.
pub(crate) fn is_bounded(said: usize, input: usize) {
    assert!(said <= 4096 + 16 * input, "{said} bytes about {input}");
}
