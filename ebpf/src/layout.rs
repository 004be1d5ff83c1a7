//! The layout of this build's maps, as one number: what tells their pins from
//! another build's. Pure; it reads the compiled object, which is ours.

use std::fmt::Write;

use aya_obj::maps::PinningType;
use aya_obj::{Map, Object};
use thiserror::Error;

use crate::abi::ABI_VERSION;
use crate::btf::Btf;

/// The object cannot be understood: it was compiled by something else.
#[derive(Debug, Error)]
pub enum LayoutError {
    /// It is no object with programs, or has no description of types.
    #[error("the compiled object cannot be read")]
    Object,
}

/// Digest of all that two builds must agree in to use the same maps: names,
/// kinds and capacities, layouts of keys and values, and the meaning of the
/// numbers in them, which has a version.
pub(crate) fn of_object(object: &[u8]) -> Result<u64, LayoutError> {
    let object = Object::parse(object).map_err(|_| LayoutError::Object)?;
    let types = object.btf.as_ref().ok_or(LayoutError::Object)?.to_bytes();
    let types = Btf::parse(&types).map_err(|_| LayoutError::Object)?;
    let mut pinned: Vec<_> = object
        .maps
        .iter()
        .filter(|(_, map)| map.pinning() == PinningType::ByName)
        .collect();
    pinned.sort_unstable_by_key(|(name, _)| *name);
    let mut text = format!("{ABI_VERSION}\n");
    for (name, map) in pinned {
        describe(name, map, &types, &mut text);
    }
    Ok(digest(text.as_bytes()))
}

fn describe(name: &str, map: &Map, types: &Btf<'_>, text: &mut String) {
    let (kind, room, flags) =
        (map.map_type(), map.max_entries(), map.map_flags());
    let (key, value) = (map.key_size(), map.value_size());
    // Writing to a String does not fail.
    let _ = write!(text, "{name} {kind} {room} {flags} {key} {value} ");
    if let Map::Btf(typed) = map {
        for id in [typed.def.btf_key_type_id, typed.def.btf_value_type_id] {
            // What has no fields of its own (a ring) is told by its sizes.
            if let Ok(shape) = types.shape(id) {
                shape.describe(text);
            }
            text.push(' ');
        }
    }
    text.push('\n');
}

/// FNV-1a, 64 bits (RFC 9923): the same in every build, which the standard
/// library's hasher does not promise.
fn digest(bytes: &[u8]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let step =
        |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    bytes.iter().fold(OFFSET, step)
}
