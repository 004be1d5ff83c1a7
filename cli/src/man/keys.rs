//! The keys of the configuration as a manual page tells them: read from the
//! first table of `docs/configuration.md`, so that they are written once.
//! Decides.

/// The first table of `markdown`, as paragraphs of man(7).
pub(crate) fn of(markdown: &str) -> String {
    let rows = markdown
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    // After the names of the columns, and the line below them.
    rows.skip(2).map(paragraph).collect::<Vec<_>>().join("\n")
}

fn paragraph(row: &str) -> String {
    let mut cells = row.trim_matches('|').splitn(3, '|').map(str::trim);
    let mut next = || plain(cells.next().unwrap_or_default());
    let (key, default, what) = (next(), next(), next());
    let default = match default.as_str() {
        "" => String::new(),
        default => format!(" (default: {default})"),
    };
    format!(".TP\n.B {key}\n{what}{default}.")
}

/// Without the marks of Markdown; what roff would read is escaped.
fn plain(text: &str) -> String {
    text.replace('`', "").replace('\\', "\\e").replace('-', "\\-")
}

#[cfg(test)]
mod tests;
