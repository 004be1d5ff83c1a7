//! Code and comments of a Rust or C file apart, line by line, so that a rule
//! about one is not broken by the other. Decides, does nothing.
//!
//! It knows line and block comments (nested, as Rust has them), strings with
//! escapes, raw strings and character literals; what is inside a literal is
//! neither code nor comment.

/// One line of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// What a compiler reads, literals emptied.
    pub(crate) code: String,
    /// What a person reads.
    pub(crate) comment: String,
}

/// Where the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Code,
    LineComment,
    /// So many block comments deep.
    Block(u32),
    String,
    /// A raw string that ends with so many `#`.
    Raw(usize),
}

/// Splits `text`.
pub(crate) fn lines(text: &str) -> Vec<Line> {
    let mut state = State::Code;
    let mut found = Vec::new();
    for line in text.lines() {
        let mut out = Line::default();
        state = one_line(line, state, &mut out);
        found.push(out);
    }
    found
}

fn one_line(line: &str, mut state: State, out: &mut Line) -> State {
    let mut rest = line;
    while !rest.is_empty() {
        let (next, taken) = step(rest, state, out);
        state = next;
        rest = &rest[taken.min(rest.len())..];
    }
    if state == State::LineComment { State::Code } else { state }
}

/// Reads the start of `rest`: the state after it and how many bytes it took.
fn step(rest: &str, state: State, out: &mut Line) -> (State, usize) {
    match state {
        State::Code => in_code(rest, out),
        State::LineComment => {
            out.comment.push_str(rest);
            (State::LineComment, rest.len())
        }
        State::Block(depth) => in_block(rest, depth, out),
        State::String => in_string(rest),
        State::Raw(hashes) => in_raw(rest, hashes),
    }
}

fn in_code(rest: &str, out: &mut Line) -> (State, usize) {
    if rest.starts_with("//") {
        return (State::LineComment, 2);
    }
    if rest.starts_with("/*") {
        return (State::Block(1), 2);
    }
    if rest.starts_with('"') {
        return (State::String, 1);
    }
    if let Some((hashes, taken)) = raw_start(rest, &out.code) {
        return (State::Raw(hashes), taken);
    }
    if let Some(taken) = character(rest) {
        return (State::Code, taken);
    }
    (State::Code, push_first(rest, &mut out.code))
}

fn in_block(rest: &str, depth: u32, out: &mut Line) -> (State, usize) {
    if rest.starts_with("/*") {
        return (State::Block(depth + 1), 2);
    }
    if rest.starts_with("*/") {
        let outer = match depth {
            0 | 1 => State::Code,
            more => State::Block(more - 1),
        };
        return (outer, 2);
    }
    (State::Block(depth), push_first(rest, &mut out.comment))
}

fn in_string(rest: &str) -> (State, usize) {
    match rest.chars().next() {
        Some('"') => (State::Code, 1),
        Some('\\') => {
            let escaped = rest.chars().nth(1).map_or(0, char::len_utf8);
            (State::String, 1 + escaped)
        }
        Some(other) => (State::String, other.len_utf8()),
        None => (State::String, 0),
    }
}

fn in_raw(rest: &str, hashes: usize) -> (State, usize) {
    let end = format!("\"{}", "#".repeat(hashes));
    match rest.find(&end) {
        Some(at) => (State::Code, at + end.len()),
        None => (State::Raw(hashes), rest.len()),
    }
}

/// `r"`, `r#"`, `br##"` ...: how many `#`, and the length of the opening.
fn raw_start(rest: &str, before: &str) -> Option<(usize, usize)> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let is_name = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let hashes = after.chars().take_while(|c| *c == '#').count();
    let opens = after[hashes..].starts_with('"');
    let prefix = rest.len() - after.len();
    (opens && !is_name).then_some((hashes, prefix + hashes + 1))
}

/// Length of a character literal at the start of `rest`; none for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    if let Some(escape) = inner.strip_prefix('\\') {
        // The escaped character itself may be a quote.
        let first = escape.chars().next()?.len_utf8();
        return escape[first..].find('\'').map(|at| at + first + 3);
    }
    let width = inner.chars().next()?.len_utf8();
    inner[width..].starts_with('\'').then_some(width + 2)
}

fn push_first(rest: &str, to: &mut String) -> usize {
    let Some(first) = rest.chars().next() else { return 0 };
    to.push(first);
    first.len_utf8()
}

#[cfg(test)]
mod tests;
