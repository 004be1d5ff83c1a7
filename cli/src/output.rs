//! Answers on stdout: tables for eyes, JSON and YAML for programs. Acts.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use crate::fault::Fault;

/// How to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// What fits on most screens
    #[default]
    Table,
    /// Everything there is, in columns
    Wide,
    /// As the agent says it
    Json,
    /// The same as YAML
    Yaml,
}

/// How much room eyes have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    Normal,
    Wide,
}

/// What can be shown to people.
pub(crate) trait Shown {
    /// As text with line ends; empty where there is nothing.
    fn text(&self, width: Width) -> String;

    /// What to say, on stderr, where there is nothing to show.
    fn nothing(&self) -> &'static str {
        ""
    }
}

/// Prints an answer.
pub(crate) fn print(
    value: &(impl Serialize + Shown),
    format: Format,
) -> Result<(), Fault> {
    let width = match format {
        Format::Table => Width::Normal,
        Format::Wide => Width::Wide,
        Format::Json | Format::Yaml => return data(value, format),
    };
    let text = value.text(width);
    if text.is_empty() && !value.nothing().is_empty() {
        let _ = writeln!(io::stderr(), "{}", value.nothing());
    }
    write(&text)
}

/// Prints a line for eyes, the value for programs.
pub(crate) fn report(
    value: &impl Serialize,
    line: &str,
    format: Format,
) -> Result<(), Fault> {
    match format {
        Format::Table | Format::Wide => write(&format!("{line}\n")),
        Format::Json | Format::Yaml => data(value, format),
    }
}

/// Prints text as it is.
pub(crate) fn write(text: &str) -> Result<(), Fault> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(Fault::Output)
}

pub(crate) fn data(
    value: &impl Serialize,
    format: Format,
) -> Result<(), Fault> {
    let text = match format {
        Format::Yaml => serde_yaml_ng::to_string(value).map_err(Fault::Yaml)?,
        Format::Json | Format::Table | Format::Wide => {
            serde_json::to_string_pretty(value).map_err(Fault::Json)? + "\n"
        }
    };
    write(&text)
}
