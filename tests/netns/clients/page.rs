//! Sessions in the pages of the manual: what a reader types, and what the
//! page says that he sees. Decides.
//!
//! A session is an indented block. A line of it that begins with `$ ` is a
//! command, the lines up to the next one are what it says. `...` is any number
//! of lines, or the rest of a line; numbers and addresses may be others, for
//! they are each host's.

/// A command of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// What is typed, in one or more lines.
    pub(crate) command: String,
    /// The lines that the page shows.
    pub(crate) shown: Vec<String>,
}

/// What begins a command.
const PROMPT: &str = "$ ";

/// The commands of all sessions of a page.
pub(crate) fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut is_session = false;
    for line in page.lines() {
        let Some(line) = line.strip_prefix("    ") else {
            is_session = is_session && line.is_empty();
            continue;
        };
        if let Some(command) = line.strip_prefix(PROMPT) {
            is_session = true;
            let step = Step { command: command.into(), shown: Vec::new() };
            steps.push(step);
        } else if is_session && let Some(step) = steps.last_mut() {
            step.adds(line);
        }
    }
    steps
}

impl Step {
    /// A line goes on with a command that ends in a backslash.
    fn adds(&mut self, line: &str) {
        if self.command.ends_with('\\') && self.shown.is_empty() {
            self.command.push('\n');
            self.command.push_str(line);
        } else {
            self.shown.push(line.into());
        }
    }

    /// Whether the page shows a failure.
    pub(crate) fn shows_failure(&self) -> bool {
        self.shown.iter().any(|line| line.to_lowercase().contains("error"))
    }

    /// Whether what was said is what the page shows.
    pub(crate) fn is_shown(&self, said: &str) -> bool {
        let said: Vec<_> = said.lines().map(masked).collect();
        let shown: Vec<_> =
            self.shown.iter().map(|line| masked(line)).collect();
        are_alike(&said, &shown)
    }
}

fn are_alike(said: &[String], shown: &[String]) -> bool {
    match shown.split_first() {
        None => said.is_empty(),
        Some((line, rest)) if line == "..." => {
            (0..=said.len()).any(|skipped| are_alike(&said[skipped..], rest))
        }
        Some((line, rest)) => {
            said.first().is_some_and(|own| is_alike(own, line))
                && are_alike(&said[1..], rest)
        }
    }
}

fn is_alike(said: &str, shown: &str) -> bool {
    match shown.strip_suffix("...") {
        Some(beginning) => said.starts_with(beginning.trim_end()),
        None => said == shown,
    }
}

/// A line without what differs from host to host: each run of hexadecimal
/// digits and colons that has a digit is one sign, each run of blanks
/// one blank.
fn masked(line: &str) -> String {
    let words: Vec<_> = line.split_whitespace().map(masked_word).collect();
    words.join(" ")
}

fn masked_word(word: &str) -> String {
    let mut masked = String::new();
    let mut left = word;
    while let Some(sign) = left.chars().next() {
        let end = left.find(|c| is_number_like(c) != is_number_like(sign));
        let (run, rest) = left.split_at(end.unwrap_or(left.len()));
        let is_number =
            is_number_like(sign) && run.contains(|c: char| c.is_ascii_digit());
        masked.push_str(if is_number { "#" } else { run });
        left = rest;
    }
    masked
}

fn is_number_like(sign: char) -> bool {
    sign.is_ascii_hexdigit() || sign == ':'
}

#[cfg(test)]
mod tests;
