//! An error as one line for people: what failed, and why, and why that.

use std::error::Error;

/// The error and its sources, joined by colons.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line = format!("{line}: {cause}");
        source = cause.source();
    }
    line
}
