//! The kernel's description of types (BTF), as a map carries it: which fields
//! its keys and values have, where, and how wide. Pure.
//!
//! The kernel has checked what it gives out; what does not fit together is an
//! error all the same, and never more than one pass over the bytes.

use thiserror::Error;

use crate::shape::{Field, Shape};

const MAGIC: u16 = 0xeb9f;
/// Kinds of include/uapi/linux/btf.h.
const INT: u32 = 1;
const POINTER: u32 = 2;
const ARRAY: u32 = 3;
const STRUCT: u32 = 4;
const UNION: u32 = 5;
const ENUM: u32 = 6;
const FORWARD: u32 = 7;
const TYPEDEF: u32 = 8;
const VOLATILE: u32 = 9;
const CONST: u32 = 10;
const RESTRICT: u32 = 11;
const FUNCTION: u32 = 12;
const PROTOTYPE: u32 = 13;
const VARIABLE: u32 = 14;
const SECTION: u32 = 15;
const FLOAT: u32 = 16;
const TAG: u32 = 17;
const TYPE_TAG: u32 = 18;
const ENUM64: u32 = 19;

/// Types within types; ours have five.
const DEPTH: usize = 16;

/// A description that cannot be followed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BtfError {
    /// It ends too early, or does not begin as one.
    #[error("the description of types is damaged")]
    Damaged,
    /// A type is none that is kept in maps.
    #[error("type {id} is of a kind that maps are not migrated with")]
    Kind {
        /// Number of the type.
        id: u32,
    },
}

/// Descriptions of types, by number.
pub(crate) struct Btf<'a> {
    types: Vec<Type<'a>>,
    strings: &'a [u8],
}

#[derive(Clone, Copy)]
struct Type<'a> {
    kind: u32,
    /// Size or the number of another type, by kind.
    size_or_type: u32,
    has_bitfields: bool,
    rest: &'a [u8],
}

impl<'a> Btf<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, BtfError> {
        let magic = bytes.first_chunk().ok_or(BtfError::Damaged)?;
        if u16::from_ne_bytes(*magic) != MAGIC {
            return Err(BtfError::Damaged);
        }
        let header = word(bytes, 4)? as usize;
        let part = |at: usize| -> Result<&'a [u8], BtfError> {
            let offset = header.checked_add(word(bytes, at)? as usize);
            let start = offset.ok_or(BtfError::Damaged)?;
            let length = word(bytes, at + 4)? as usize;
            let end = start.checked_add(length).ok_or(BtfError::Damaged)?;
            bytes.get(start..end).ok_or(BtfError::Damaged)
        };
        Ok(Self { types: types(part(8)?)?, strings: part(16)? })
    }

    /// What a type looks like in memory.
    pub(crate) fn shape(&self, id: u32) -> Result<Shape, BtfError> {
        self.shape_within(id, DEPTH)
    }

    fn shape_within(&self, id: u32, depth: usize) -> Result<Shape, BtfError> {
        let deeper = depth.checked_sub(1).ok_or(BtfError::Kind { id })?;
        let index = (id as usize).checked_sub(1);
        let found = index.and_then(|index| self.types.get(index));
        let it = *found.ok_or(BtfError::Kind { id })?;
        match it.kind {
            INT | ENUM | ENUM64 => Ok(Shape::Number(it.size_or_type as usize)),
            TYPEDEF | VOLATILE | CONST | RESTRICT | TYPE_TAG => {
                self.shape_within(it.size_or_type, deeper)
            }
            ARRAY => {
                let each = self.shape_within(word(it.rest, 0)?, deeper)?;
                let length = word(it.rest, 8)? as usize;
                Ok(Shape::Array { each: Box::new(each), length })
            }
            STRUCT if !it.has_bitfields => self.structure(it, deeper),
            _ => Err(BtfError::Kind { id }),
        }
    }

    fn structure(&self, it: Type<'_>, depth: usize) -> Result<Shape, BtfError> {
        let field = |member: &[u8]| {
            Ok(Field {
                name: self.name(word(member, 0)?)?,
                offset: word(member, 8)? as usize / 8,
                shape: self.shape_within(word(member, 4)?, depth)?,
            })
        };
        let fields = it.rest.chunks_exact(12).map(field);
        let fields = fields.collect::<Result<_, BtfError>>()?;
        Ok(Shape::Struct { size: it.size_or_type as usize, fields })
    }

    fn name(&self, at: u32) -> Result<String, BtfError> {
        let from = self.strings.get(at as usize..).ok_or(BtfError::Damaged)?;
        let length = from.iter().position(|byte| *byte == 0);
        let name = &from[..length.ok_or(BtfError::Damaged)?];
        Ok(String::from_utf8_lossy(name).into_owned())
    }
}

fn types(mut ahead: &[u8]) -> Result<Vec<Type<'_>>, BtfError> {
    let mut all = Vec::new();
    while !ahead.is_empty() {
        let info = word(ahead, 4)?;
        let kind = (info >> 24) & 0x1f;
        let length = rest(kind, info & 0xffff)?;
        let end = 12 + length;
        all.push(Type {
            kind,
            size_or_type: word(ahead, 8)?,
            has_bitfields: info >> 31 != 0,
            rest: ahead.get(12..end).ok_or(BtfError::Damaged)?,
        });
        ahead = &ahead[end..];
    }
    Ok(all)
}

/// Bytes that follow the head of a type.
fn rest(kind: u32, members: u32) -> Result<usize, BtfError> {
    let members = members as usize;
    match kind {
        POINTER | FORWARD | TYPEDEF | VOLATILE | CONST | RESTRICT
        | FUNCTION | FLOAT | TYPE_TAG => Ok(0),
        INT | VARIABLE | TAG => Ok(4),
        ARRAY => Ok(12),
        STRUCT | UNION | SECTION | ENUM64 => Ok(12 * members),
        ENUM | PROTOTYPE => Ok(8 * members),
        _ => Err(BtfError::Damaged),
    }
}

fn word(bytes: &[u8], at: usize) -> Result<u32, BtfError> {
    let found = bytes.get(at..).and_then(|from| from.first_chunk());
    found.map(|word| u32::from_ne_bytes(*word)).ok_or(BtfError::Damaged)
}

#[cfg(test)]
mod tests;
