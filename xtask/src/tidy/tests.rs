//! How a finding reads.

use super::*;

#[test]
fn a_finding_says_where_and_what() {
    let finding = Finding::error("a/b.rs", "is wrong").at(6);
    assert_eq!(finding.to_string(), "error: a/b.rs:7: is wrong");
    let finding = Finding::warning("a", "is odd");
    assert_eq!(finding.to_string(), "warning: a: is odd");
}

#[test]
fn a_tidy_tree_has_no_findings() {
    let text = "//! What it is.\n".to_owned();
    let file = File { path: "model/src/lib.rs".to_owned(), text };
    assert_eq!(findings(&[file]), []);
}
