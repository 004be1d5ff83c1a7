//! The manual of findings is what the code says.

use std::fmt::Write;

use super::finding::Finding;
use super::{agent, directories, kernel, networks, remains, told, traffic};

const MANUAL: &str = include_str!("../../../docs/doctor.md");

fn all() -> Vec<(&'static str, Vec<Finding>)> {
    vec![
        ("This host's kernel", told(&kernel::examples())),
        ("Configuration and directories", told(&directories::examples())),
        ("The agent and its store", told(&agent::examples())),
        ("Plugins and networks", told(&networks::examples())),
        ("What stands in the way of packets", told(&traffic::examples())),
        ("Leftovers, clock, limits", told(&remains::examples())),
    ]
}

fn tables() -> String {
    let mut text = String::new();
    for (subject, findings) in all() {
        let _ = writeln!(text, "\n## {subject}\n");
        text.push_str("| finding | how bad | of | why | what to do |\n");
        text.push_str("|---|---|---|---|---|\n");
        for f in findings {
            let cell = |words: &str| words.replace('|', "\\|");
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} | {} |",
                f.id,
                f.severity.as_str(),
                cell(&f.object),
                cell(&f.why),
                cell(&f.remedy)
            );
        }
    }
    text
}

#[test]
fn the_manual_lists_every_finding_as_the_code_tells_it() {
    let text = tables();
    if std::env::var_os("TARTAN_WRITE_MANUAL").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/doctor.md");
        let (head, _) = MANUAL.split_once("\n## ").unwrap_or((MANUAL, ""));
        std::fs::write(path, format!("{}\n{text}", head.trim_end())).unwrap();
        return;
    }
    assert!(
        MANUAL.ends_with(&text),
        "docs/doctor.md is old; TARTAN_WRITE_MANUAL=1 cargo test -p tartan \
         doctor writes it anew"
    );
}

#[test]
fn every_finding_says_whose_why_and_what_to_do() {
    for (subject, findings) in all() {
        for f in findings {
            let parts = [f.id, &f.object, &f.why, &f.remedy];
            assert!(parts.iter().all(|p| !p.is_empty()), "{subject}: {f:?}");
            assert!(!f.why.ends_with('.'), "{f:?}");
        }
    }
}
