//! Files that break a rule, and files that do not.

use super::super::Weight;
use super::*;

fn rust(path: &str, body: &str) -> Vec<Finding> {
    let text = format!("//! What it is.\n{body}");
    check(&File { path: path.to_owned(), text })
}

fn only(found: Vec<Finding>) -> Finding {
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

#[test]
fn a_long_file_warns_and_a_longer_one_fails() {
    let lines = |count: usize| "\n".repeat(count - 1);
    assert_eq!(rust("a/src/b.rs", &lines(400)), []);
    let warning = only(rust("a/src/b.rs", &lines(401)));
    assert_eq!(warning.weight, Weight::Warning);
    assert_eq!(rust("a/src/b.rs", &lines(600))[0].weight, Weight::Warning);
    assert_eq!(rust("a/src/b.rs", &lines(601))[0].weight, Weight::Error);
    assert_eq!(rust("a/src/b/tests.rs", &lines(900)), []);
    assert_eq!(rust("a/tests/b.rs", &lines(900)), []);
}

#[test]
fn names_that_say_nothing_are_refused() {
    for name in ["mod", "utils", "common", "types", "helpers"] {
        let found = only(rust(&format!("a/src/{name}.rs"), ""));
        assert!(found.what.contains(name));
    }
    assert_eq!(rust("a/src/commoner.rs", ""), []);
}

#[test]
fn a_rust_file_starts_with_what_it_is() {
    let bare = |text: &str| {
        let text = text.to_owned();
        check(&File { path: "a.rs".to_owned(), text })
    };
    assert_eq!(only(bare("fn main() {}")).weight, Weight::Error);
    assert_eq!(only(bare("")).weight, Weight::Error);
    assert_eq!(bare("//! A thing."), []);
}

#[test]
fn unsafe_is_seen_in_code_alone_and_outside_its_files_alone() {
    let body = "fn f() { unsafe { g() } }\n";
    let found = only(rust("store/src/a.rs", body));
    assert_eq!(found.line, Some(2));
    assert_eq!(rust("hostnet/src/sys.rs", body), []);
    assert_eq!(rust("a.rs", "#![forbid(unsafe_code)]\n// unsafe\n"), []);
    assert_eq!(rust("a.rs", "let a = \"unsafe\";\n"), []);
}

#[test]
fn a_task_says_why_it_waits() {
    assert_eq!(only(rust("a.rs", "// TODO\n")).line, Some(2));
    assert_eq!(only(rust("a.rs", "// TODO: later\n")).line, Some(2));
    assert_eq!(rust("a.rs", "// TODO: needs kernel 6.20's flag\n"), []);
    assert_eq!(rust("a.rs", "let a = \"TODO\";\n"), []);
    let c = File { path: "a.c".to_owned(), text: "/* TODO */".to_owned() };
    assert_eq!(only(check(&c)).line, Some(1));
}
