//! How one input holds a call's environment and its standard input: lines
//! `NAME=VALUE`, an empty line, the rest. People can read and write it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// A call's environment.
pub(crate) struct Environment<'a>(Vec<(&'a [u8], &'a [u8])>);

/// Splits an input.
pub(crate) fn open(input: &[u8]) -> (Environment<'_>, &[u8]) {
    let mut variables = Vec::new();
    let mut rest = input;
    loop {
        let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        let (line, behind) = rest.split_at(end);
        rest = behind.get(1..).unwrap_or_default();
        let Some(at) = line.iter().position(|b| *b == b'=') else {
            return (Environment(variables), rest);
        };
        let (name, value) = line.split_at(at);
        variables.push((name, value.get(1..).unwrap_or_default()));
    }
}

impl Environment<'_> {
    /// The first value of a name; the kernel passes no zero byte on.
    pub(crate) fn get(&self, name: &str) -> Option<OsString> {
        let found = self.0.iter().find(|(known, _)| *known == name.as_bytes());
        let value = found.map(|(_, value)| value.to_vec())?;
        (!value.contains(&0)).then(|| OsString::from_vec(value))
    }
}
