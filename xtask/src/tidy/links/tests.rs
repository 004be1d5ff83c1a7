//! Links that lead somewhere, and links that do not.

use super::*;

fn page(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

fn broken_in(text: &str) -> usize {
    let other = page("docs/decisions/0001-a.md", "");
    check(&[page("docs/a.md", text), other, page("README.md", "")]).len()
}

#[test]
fn links_are_followed_from_where_they_stand() {
    let good = [
        "[a](decisions/0001-a.md)",
        "[a](decisions/)",
        "[a](../README.md#part)",
        "[a](#below)",
        "[a](https://example.org/x)",
        "[a](a.md) and [b](decisions/0001-a.md)",
        "```\n[a](nowhere.md)\n```",
    ];
    for text in good {
        assert_eq!(broken_in(text), 0, "{text}");
    }
    let bad = ["[a](b.md)", "[a](../../x.md)", "see [a](a.md), [b](b.md)"];
    for text in bad {
        assert_eq!(broken_in(text), 1, "{text}");
    }
}
