//! Rules about one file: its length, its name, its first line, what its code
//! and its comments may not have. Decides, does nothing.

use super::Finding;
use crate::source;
use crate::tree::File;

/// Lines from which a file is looked at again.
const LONG: usize = 400;
/// Lines from which a file is refused: nobody holds more in the head.
const TOO_LONG: usize = 600;

/// The only files in which the compiler is told to believe us.
const UNSAFE_FILES: &[&str] = &["hostnet/src/sys.rs", "ebpf/src/abi.rs"];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["mod", "utils", "common", "types", "helpers"];

/// What is wrong with `file`.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let Some(kind) = Kind::of(&file.path) else { return Vec::new() };
    let mut found = Vec::new();
    found.extend(length(file));
    found.extend(name(file));
    if kind == Kind::Rust {
        found.extend(first_line(file));
        found.extend(unsafe_code(file));
    }
    found.extend(tasks(file));
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rust,
    C,
}

impl Kind {
    fn of(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "rs" => Some(Self::Rust),
            "c" | "h" => Some(Self::C),
            _ => None,
        }
    }
}

/// Tests are as long as their tables are.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs")
        || path.split('/').any(|folder| folder == "tests")
}

fn length(file: &File) -> Option<Finding> {
    if is_test(&file.path) {
        return None;
    }
    let lines = file.text.lines().count();
    let what = format!("{lines} lines; split it by what it decides or does");
    if lines > TOO_LONG {
        Some(Finding::error(&file.path, what))
    } else {
        (lines > LONG).then(|| Finding::warning(&file.path, what))
    }
}

fn name(file: &File) -> Option<Finding> {
    let last = file.path.rsplit('/').next()?;
    let stem = last.rsplit_once('.')?.0;
    EMPTY_NAMES.contains(&stem).then(|| {
        let what = format!("'{stem}' says nothing about what is inside");
        Finding::error(&file.path, what)
    })
}

fn first_line(file: &File) -> Option<Finding> {
    let starts_well =
        file.text.lines().next().is_some_and(|line| line.starts_with("//! "));
    (!starts_well).then(|| {
        let what = "does not start with `//!`: what does it answer, and why";
        Finding::error(&file.path, what)
    })
}

fn unsafe_code(file: &File) -> Vec<Finding> {
    if UNSAFE_FILES.contains(&file.path.as_str()) {
        return Vec::new();
    }
    let what = format!("`unsafe` lives in {} alone", UNSAFE_FILES.join(", "));
    source::lines(&file.text)
        .iter()
        .enumerate()
        .filter(|(_, line)| has_word(&line.code, "unsafe"))
        .map(|(index, _)| Finding::error(&file.path, &*what).at(index))
        .collect()
}

fn tasks(file: &File) -> Vec<Finding> {
    let what = "a task says why it waits, as `TODO: the reason` does; \
                a known gap is a `GAP:`";
    source::lines(&file.text)
        .iter()
        .enumerate()
        .filter(|(_, line)| is_bare_task(&line.comment))
        .map(|(index, _)| Finding::error(&file.path, what).at(index))
        .collect()
}

/// Shortest text that can be a reason.
const SHORTEST_REASON: usize = 10;

fn is_bare_task(comment: &str) -> bool {
    let Some(at) = word_at(comment, "TODO") else { return false };
    let after = &comment[at + "TODO".len()..];
    let reason = after.split_once(':').map(|(_, reason)| reason.trim());
    reason.is_none_or(|reason| reason.len() < SHORTEST_REASON)
}

fn has_word(text: &str, word: &str) -> bool {
    word_at(text, word).is_some()
}

/// Where `word` stands by itself in `text`.
fn word_at(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(at, _)| at).find(|&at| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests;
