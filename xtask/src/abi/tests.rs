//! What counts as a change of layouts.

use super::*;

const HEADER: &str = "\
/* what crosses */
#define ABI_VERSION 3
struct a { __u32 b; /* why */ };
";

fn header(text: &str) -> Abi {
    Abi::of_header(text).unwrap()
}

#[test]
fn comments_and_white_space_change_nothing() {
    let other = "#define ABI_VERSION 3u\nstruct a {\n\t__u32 b; };\n// new\n";
    let same = header(other).compared_with(header(HEADER));
    assert_eq!(same, Comparison::Same);
}

#[test]
fn a_changed_field_needs_another_version() {
    let noted = header(HEADER);
    let wider = HEADER.replace("__u32", "__u64");
    let silent = header(&wider).compared_with(noted);
    assert_eq!(silent, Comparison::ChangedSilently);
    let raised = wider.replace("VERSION 3", "VERSION 4");
    assert_eq!(header(&raised).compared_with(noted), Comparison::Raised);
    let lowered = wider.replace("VERSION 3", "VERSION 2");
    let silent = header(&lowered).compared_with(noted);
    assert_eq!(silent, Comparison::ChangedSilently);
}

#[test]
fn a_note_is_read_as_it_was_written() {
    let abi = header(HEADER);
    assert_eq!(Abi::of_note(&abi.note()), Some(abi));
}

#[test]
fn a_header_without_version_has_no_mark() {
    assert_eq!(Abi::of_header("struct a { int b; };"), None);
    assert_eq!(Abi::of_note("version x"), None);
}
