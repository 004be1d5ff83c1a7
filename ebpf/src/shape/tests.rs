//! One layout written as another, by names.

use proptest::prelude::*;

use super::{Field, Shape, ShapeError};

fn field(name: &str, offset: usize, shape: Shape) -> Field {
    Field { name: name.to_owned(), offset, shape }
}

fn structure(size: usize, fields: Vec<Field>) -> Shape {
    Shape::Struct { size, fields }
}

fn list(each: Shape, length: usize) -> Shape {
    Shape::Array { each: Box::new(each), length }
}

/// class, pad, generation.
fn here() -> Shape {
    structure(
        16,
        vec![
            field("class", 0, Shape::Number(4)),
            field("mac", 4, list(Shape::Number(1), 2)),
            field("generation", 8, Shape::Number(8)),
        ],
    )
}

/// generation, something new, class, one more octet.
fn there() -> Shape {
    structure(
        32,
        vec![
            field("generation", 0, Shape::Number(8)),
            field("since", 8, Shape::Number(8)),
            field("class", 16, Shape::Number(8)),
            field("mac", 24, list(Shape::Number(1), 3)),
        ],
    )
}

fn value(class: u32, generation: u64) -> Vec<u8> {
    let mut bytes = class.to_ne_bytes().to_vec();
    bytes.extend([7, 9, 0, 0]);
    bytes.extend(generation.to_ne_bytes());
    bytes
}

proptest! {
    #[test]
    fn what_both_know_survives_the_way_there_and_back(
        class: u32,
        generation: u64,
    ) {
        let bytes = value(class, generation);
        let moved = here().rewrite(&bytes, &there()).unwrap();
        prop_assert_eq!(&moved[..8], &generation.to_ne_bytes());
        prop_assert_eq!(&moved[8..16], &[0; 8], "new fields are zero");
        prop_assert_eq!(&moved[16..24], &u64::from(class).to_ne_bytes());
        prop_assert_eq!(&moved[24..27], &[7, 9, 0]);
        prop_assert_eq!(there().rewrite(&moved, &here()).unwrap(), bytes);
    }

    #[test]
    fn sums_are_by_field(one: [u32; 3], other: [u32; 3]) {
        let shape = structure(12, vec![
            field("a", 0, Shape::Number(4)),
            field("b", 4, list(Shape::Number(4), 2)),
        ]);
        let bytes = |it: [u32; 3]| it.map(u32::to_ne_bytes).concat();
        let mut sum = bytes(one);
        shape.add(&mut sum, &bytes(other));
        let wanted = [0, 1, 2].map(|at| one[at].wrapping_add(other[at]));
        prop_assert_eq!(sum, bytes(wanted));
    }
}

#[test]
fn a_number_that_does_not_fit_is_an_error_with_its_name() {
    let mut moved = here().rewrite(&value(1, 2), &there()).unwrap();
    moved[16..24].copy_from_slice(&(1_u64 << 32).to_ne_bytes());
    let error = there().rewrite(&moved, &here()).unwrap_err();
    let (field, number) = ("class".to_owned(), 1 << 32);
    assert_eq!(error, ShapeError::Large { field, number });
}

#[test]
fn a_name_that_means_another_kind_of_thing_is_an_error() {
    let other =
        structure(8, vec![field("class", 0, list(Shape::Number(4), 2))]);
    let error = here().rewrite(&value(1, 2), &other).unwrap_err();
    assert_eq!(error, ShapeError::Kind { field: "class".to_owned() });
    let short = here().rewrite(&[0; 15], &there()).unwrap_err();
    assert!(matches!(short, ShapeError::Short { .. }), "{short:?}");
}

#[test]
fn descriptions_tell_layouts_apart() {
    let text = |shape: &Shape| {
        let mut text = String::new();
        shape.describe(&mut text);
        text
    };
    assert_eq!(text(&here()), text(&here()));
    assert_ne!(text(&here()), text(&there()));
    assert_eq!(text(&here()), "16{class@0:4;mac@4:1[2];generation@8:8;}");
}
