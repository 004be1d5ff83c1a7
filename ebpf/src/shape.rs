//! What a key or a value looks like in memory, and how one build's becomes
//! another's: by the names of fields. Pure.
//!
//! Order, offsets and widths may differ. What the other build does not know
//! is left out, what it alone knows is zero. A number that does not fit, and a
//! name that means another kind of thing, is an error: a class cut short would
//! be another's.

use std::fmt::Write;

use thiserror::Error;

/// A type in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// So many bytes: 1, 2, 4 or 8.
    Number(usize),
    /// The same, several times.
    Array {
        /// What there is several times.
        each: Box<Shape>,
        /// How often.
        length: usize,
    },
    /// Named fields.
    Struct {
        /// In bytes, with what is between and behind the fields.
        size: usize,
        /// In the order of memory.
        fields: Vec<Field>,
    },
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// From the beginning of the struct, in bytes.
    pub(crate) offset: usize,
    pub(crate) shape: Shape,
}

/// What cannot be brought into another layout.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ShapeError {
    /// One layout has a number where the other has a list or a struct.
    #[error("{field} is of another kind in the other layout")]
    Kind {
        /// Names from the outside in.
        field: String,
    },
    /// The number is larger than the other layout's field.
    #[error("{field} has no room for {number}")]
    Large {
        /// Names from the outside in.
        field: String,
        /// What was to be written.
        number: u64,
    },
    /// The value has fewer bytes than its description says.
    #[error("{field} ends too early")]
    Short {
        /// Names from the outside in.
        field: String,
    },
}

impl Shape {
    /// Size in bytes.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Number(size) | Self::Struct { size, .. } => *size,
            Self::Array { each, length } => each.size().saturating_mul(*length),
        }
    }

    /// `value`, which has this shape, in the shape of `other`.
    pub(crate) fn rewrite(
        &self,
        value: &[u8],
        other: &Self,
    ) -> Result<Vec<u8>, ShapeError> {
        let mut written = vec![0; other.size()];
        rewrite((self, value), (other, &mut written), &mut Vec::new())?;
        Ok(written)
    }

    /// Adds each number of `value` to that of `sum`; both have this shape.
    pub(crate) fn add(&self, sum: &mut [u8], value: &[u8]) {
        match self {
            Self::Number(size) => {
                let total = number(sum).wrapping_add(number(value));
                let bytes = bytes_of(total, *size);
                sum[..bytes.len()].copy_from_slice(&bytes);
            }
            Self::Array { each, length } => {
                let one = each.size();
                for at in (0..*length).map(|index| index * one) {
                    each.add(&mut sum[at..at + one], &value[at..at + one]);
                }
            }
            Self::Struct { fields, .. } => {
                for Field { offset, shape, .. } in fields {
                    let end = offset + shape.size();
                    shape.add(&mut sum[*offset..end], &value[*offset..end]);
                }
            }
        }
    }

    /// Writes all that tells this layout from another.
    pub(crate) fn describe(&self, into: &mut String) {
        // Writing to a String does not fail.
        let _ = match self {
            Self::Number(size) => write!(into, "{size}"),
            Self::Array { each, length } => {
                each.describe(into);
                write!(into, "[{length}]")
            }
            Self::Struct { size, fields } => {
                let _ = write!(into, "{size}{{");
                for Field { name, offset, shape } in fields {
                    let _ = write!(into, "{name}@{offset}:");
                    shape.describe(into);
                    into.push(';');
                }
                write!(into, "}}")
            }
        };
    }
}

fn rewrite<'a>(
    (shape, value): (&'a Shape, &[u8]),
    (other, into): (&Shape, &mut [u8]),
    path: &mut Vec<&'a str>,
) -> Result<(), ShapeError> {
    let value = value
        .get(..shape.size())
        .ok_or_else(|| ShapeError::Short { field: path.join(".") })?;
    match (shape, other) {
        (Shape::Number(_), Shape::Number(size)) => {
            let bytes = bytes_of(number(value), *size);
            if number(&bytes) != number(value) {
                let (field, number) = (path.join("."), number(value));
                return Err(ShapeError::Large { field, number });
            }
            into.copy_from_slice(&bytes);
            Ok(())
        }
        (
            Shape::Array { each, length },
            Shape::Array { each: other, length: room },
        ) => {
            let (from, to) = (each.size().max(1), other.size().max(1));
            let both = value.chunks_exact(from).zip(into.chunks_exact_mut(to));
            for (value, into) in both.take(*length.min(room)) {
                rewrite((each, value), (other, into), path)?;
            }
            Ok(())
        }
        (
            Shape::Struct { fields, .. },
            Shape::Struct { fields: others, .. },
        ) => {
            for field in fields {
                let found = others.iter().find(|it| it.name == field.name);
                let Some(other) = found else { continue };
                let into = into
                    .get_mut(other.offset..other.offset + other.shape.size());
                let parts = value.get(field.offset..).zip(into);
                path.push(&field.name);
                let (value, into) = parts.ok_or_else(|| ShapeError::Short {
                    field: path.join("."),
                })?;
                rewrite((&field.shape, value), (&other.shape, into), path)?;
                path.pop();
            }
            Ok(())
        }
        (Shape::Number(_) | Shape::Array { .. } | Shape::Struct { .. }, _) => {
            Err(ShapeError::Kind { field: path.join(".") })
        }
    }
}

/// A number of at most 8 bytes, in this machine's order.
fn number(bytes: &[u8]) -> u64 {
    let mut wide = [0; 8];
    let length = bytes.len().min(8);
    if cfg!(target_endian = "big") {
        wide[8 - length..].copy_from_slice(&bytes[..length]);
    } else {
        wide[..length].copy_from_slice(&bytes[..length]);
    }
    u64::from_ne_bytes(wide)
}

/// The lowest `size` bytes of a number, in this machine's order.
fn bytes_of(number: u64, size: usize) -> Vec<u8> {
    let wide = number.to_ne_bytes();
    let length = size.min(8);
    if cfg!(target_endian = "big") {
        wide[8 - length..].to_vec()
    } else {
        wide[..length].to_vec()
    }
}

#[cfg(test)]
mod tests;
