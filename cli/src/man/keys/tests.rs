//! The table of keys, as a page tells it.

use super::*;

#[test]
fn a_row_becomes_a_paragraph() {
    let text = "# A\n\n| key | default | what it is |\n|---|---|---|\n\
                | `a.b` | `1` | a *thing* |\n| `c` | | d-e |\n\nrest | x |";

    assert_eq!(
        of(text),
        ".TP\n.B a.b\na *thing* (default: 1).\n.TP\n.B c\nd\\-e."
    );
}
