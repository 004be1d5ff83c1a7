//! Headers against their notes.

use super::*;

const HEADER: &str = "#define ABI_VERSION 1\nstruct a { int b; };\n";

fn with_note(header: &str, note: Option<String>) -> Option<String> {
    let file = |path: &str, text: String| File { path: path.to_owned(), text };
    let mut files = vec![file(ABI_HEADER, header.to_owned())];
    files.extend(note.map(|note| file(ABI_NOTE, note)));
    check(&files).map(|finding| finding.what)
}

#[test]
fn a_header_stands_with_its_note() {
    let note = Abi::of_header(HEADER).unwrap().note();
    assert_eq!(with_note(HEADER, Some(note.clone())), None);
    let changed = HEADER.replace("int", "long");
    let silent = with_note(&changed, Some(note.clone())).unwrap();
    assert!(silent.contains("without ABI_VERSION"));
    let raised = changed.replace("VERSION 1", "VERSION 2");
    let raised = with_note(&raised, Some(note)).unwrap();
    assert!(raised.contains("cargo xtask abi"));
}

#[test]
fn a_note_that_is_absent_or_garbage_is_asked_for() {
    assert!(with_note(HEADER, None).unwrap().contains("not noted"));
    let garbage = with_note(HEADER, Some("x".to_owned()));
    assert!(garbage.unwrap().contains("not noted"));
}

#[test]
fn a_tree_without_header_has_nothing_to_compare() {
    assert_eq!(check(&[]), None);
}
