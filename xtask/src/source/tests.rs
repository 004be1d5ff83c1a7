//! What is code and what is comment.

use super::*;

fn code(text: &str) -> String {
    let all: Vec<String> = lines(text).into_iter().map(|l| l.code).collect();
    all.join("\n")
}

fn comments(text: &str) -> String {
    let all: Vec<String> = lines(text).into_iter().map(|l| l.comment).collect();
    all.join("\n")
}

#[test]
fn code_and_comments_come_apart() {
    let cases = [
        ("a // b", "a ", " b"),
        ("a /* b */ c", "a  c", " b "),
        ("a /* b\nc */ d", "a \n d", " b\nc "),
        ("/* a /* b */ c */ d", " d", " a  b  c "),
        ("f(\"// no\") // yes", "f() ", " yes"),
        ("\"a\\\"b\" c", " c", ""),
        ("r#\"x \" // y\"# z", " z", ""),
        ("'\"' + 1 // n", " + 1 ", " n"),
        ("'\\'' + 1", " + 1", ""),
        ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)", ""),
        ("var\"s\"", "var", ""),
    ];
    for (text, expected_code, expected_comment) in cases {
        assert_eq!(code(text), expected_code, "code of {text:?}");
        assert_eq!(comments(text), expected_comment, "comment of {text:?}");
    }
}

#[test]
fn a_string_over_two_lines_stays_a_string() {
    assert_eq!(code("a(\"x\n// y\") b"), "a(\n) b");
}
